from django.core.management.base import BaseCommand

from signatures import retention


class Command(BaseCommand):
    help = "Remove what is kept no longer. The mail sender does this by itself every ten minutes."

    def handle(self, *args, **options):
        counts = retention.forget()
        self.stdout.write(", ".join(f"{number} {what}" for what, number in counts.items()))
