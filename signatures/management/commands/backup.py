import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from signatures import backup


class Command(BaseCommand):
    help = "Write an encrypted backup of the database while the site runs; never over another file."

    def add_arguments(self, parser):
        parser.add_argument("file", help="where to; - is the standard output")
        parser.add_argument(
            "--recipient",
            action="append",
            help="public key (age1…) that can read it, instead of BACKUP_RECIPIENT; repeatable",
        )
        parser.add_argument(
            "--make-key",
            action="store_true",
            help="write a new secret key into FILE instead, and print its public half",
        )

    def handle(self, *args, file, recipient, make_key, **options):
        try:
            if make_key:
                self.stdout.write(backup.new_key(Path(file)))
                self.stderr.write(f"Keep {file} where no intruder on the server finds it.")
            elif file == "-":
                backup.write(sys.stdout.buffer, recipient or settings.BACKUP_RECIPIENT)
            else:
                backup.save(Path(file), recipient or settings.BACKUP_RECIPIENT)
                self.stdout.write(f"{file} is complete.")
        except (backup.Refused, OSError) as error:
            raise CommandError(str(error)) from error
