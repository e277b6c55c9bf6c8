from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from petition_site.staff import accounts


class Command(BaseCommand):
    help = (
        "Forget the second factor of an account whose owner has lost it, and the codes on paper. "
        "The next login asks for a new one; until then the password alone protects the account."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", help="the name with which the owner logs in")

    def handle(self, *args, name, **options):
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no account “{name}”.")
        done = accounts.reset_second_factor(user)
        self.stdout.write("Done: the next login sets up a new one." if done else "There was none.")
