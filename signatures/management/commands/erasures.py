from django.core.management.base import BaseCommand

from signatures import ledger


class Command(BaseCommand):
    help = (
        "Print what people took back, under keyed hashes, for `restore --ledger`: keep the newest "
        "output apart from the backups and from this server."
    )

    def handle(self, *args, **options):
        for entry in ledger.entries():
            self.stdout.write(ledger.to_line(entry))
