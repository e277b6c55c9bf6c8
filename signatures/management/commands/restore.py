from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from signatures import backup, ledger


class Command(BaseCommand):
    help = (
        "Fill an empty database from a backup, and take back again what people took back since. "
        "Stop the site before, start it when this says that it is ready."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--identity", type=Path, required=True, help="file with the secret key (age-keygen)"
        )
        parser.add_argument(
            "--ledger", type=Path, help="what `manage.py erasures` printed last, kept apart"
        )
        parser.add_argument(
            "--replace", action="store_true", help="even if the database is not empty"
        )
        parser.add_argument(
            "--however-old", action="store_true", help="even if it may bring erased people back"
        )
        parser.add_argument(
            "--check", action="store_true", help="only read the backup and say what is in it"
        )

    def handle(self, *args, **options):
        try:
            self.read(**options)
        except (backup.Refused, ledger.BadLedger, OSError) as error:
            raise CommandError(str(error)) from error

    def read(self, file, identity, check, replace, however_old, **options):
        keyring = backup.identities(identity.read_text())
        if check:
            self.describe(backup.read(file, keyring))
            return
        path = options["ledger"]
        lines = path.read_text().splitlines() if path else []
        entries = list(ledger.from_lines(lines))
        done = backup.restore(file, keyring, replace, entries, however_old)
        self.stdout.write(
            f"{done.rows} rows; {done.taken_back} taken back since are taken back again."
        )
        if done.recounted:
            self.stdout.write(f"{done.recounted} counts differed from the rows and were put right.")
        self.stdout.write("Ready: the site can be started.")

    def describe(self, contents):
        self.stdout.write(f"Made {contents.heading['at']}, complete.")
        for slug, total in contents.end["totals"].items():
            self.stdout.write(f"{slug}: {total} signatures counted")
        for label, number in contents.counts.items():
            self.stdout.write(f"{label}: {number} rows")
