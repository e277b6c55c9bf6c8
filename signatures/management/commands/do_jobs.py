import logging
import signal
import sys
import time

from django.core.management.base import BaseCommand

from signatures import jobs

BREATH = 0.1  # seconds between two steps, in which others write: SQLite has one writer at a time

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Do what organisers have asked for until nothing is left; the mail sender calls this."

    def handle(self, *args, **options):
        self.stopped = False
        sys.excepthook = broke_down
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        while not self.stopped and jobs.work():
            time.sleep(BREATH)

    def stop(self, number, frame):
        self.stopped = True


def broke_down(*error):
    """Python itself would write the words of an error, and those of a database may quote a row."""
    log.critical("The background jobs broke down.", exc_info=error)
