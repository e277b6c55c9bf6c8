from django.core.management.base import BaseCommand, CommandError

from signatures import retention


class Command(BaseCommand):
    help = "Remove what is kept no longer. The mail sender does this by itself every ten minutes."

    def add_arguments(self, parser):
        parser.add_argument(
            "--check",
            action="store_true",
            help="remove nothing; fail and say what is kept longer than the privacy page says",
        )

    def handle(self, *args, check, **options):
        if check:
            if overdue := retention.overdue():
                raise CommandError(", ".join(f"{number} {what}" for what, number in overdue))
            return
        counts = retention.forget()
        self.stdout.write(", ".join(f"{number} {what}" for what, number in counts.items()))
