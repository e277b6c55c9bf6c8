from django.core.management.base import BaseCommand, CommandError

from signatures import hand_in
from signatures.models import HandIn


class Command(BaseCommand):
    help = "Compute the digest of a sealed list anew and say whether it is what was sealed."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("number", type=int)

    def handle(self, *args, slug, number, **options):
        lists = HandIn.objects.defer("receipt").filter(campaign__slug=slug, number=number)
        sealed = lists.exclude(sealed_at=None).first()
        if sealed is None:
            raise CommandError(f"There is no sealed list {number} of a campaign {slug}.")
        found = hand_in.check(sealed)
        self.stdout.write(
            f"{found.entries} entries; {found.without_line} of them have no line any more, since "
            f"they were taken back or their time was up: their digests are there."
        )
        if not found.is_sound:
            raise CommandError("This is not what was sealed: " + "; ".join(found.wrong[:10]) + ".")
        self.stdout.write(f"The list is what was sealed: {sealed.digest}")
