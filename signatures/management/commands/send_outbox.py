import logging
import signal
import time

from django.core.mail import get_connection
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from campaigns import lifecycle as campaigns
from signatures import emails, lifecycle, outbox, retention

BATCH = 10
IDLE = 1.0  # seconds between looks into an empty outbox
PAUSE = 15 * 60  # seconds of silence after the mail server refused our login or sender
CHORES_EVERY = 10 * 60  # seconds

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Hand the queued mails to the mail server, for ever; forget and remind in between."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="stop when nothing is due")

    def handle(self, *args, once, **options):
        self.stopped = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        chores_at = 0.0
        while not self.stopped:
            if time.monotonic() >= chores_at:
                do_chores()
                chores_at = time.monotonic() + CHORES_EVERY
            sent, answer = send_batch()
            paused = answer is outbox.Answer.PAUSE
            if paused:
                log.error("The mail server refuses our login or sender: sending pauses.")
            if sent and not paused:
                continue
            if once:
                return
            self.wait(PAUSE if paused else IDLE)

    def stop(self, number, frame):
        self.stopped = True

    def wait(self, seconds):
        until = time.monotonic() + seconds
        while not self.stopped and time.monotonic() < until:
            time.sleep(min(IDLE, until - time.monotonic()))
        close_old_connections()


def send_batch() -> tuple[int, outbox.Answer | None]:
    """How many mails were tried, and the last answer."""
    mails = outbox.claim(BATCH)
    answer = None
    if not mails:
        return 0, answer
    server = get_connection()
    try:
        for done, mail in enumerate(mails, start=1):
            answer = outbox.deliver(mail, emails.render, server)
            if answer is outbox.Answer.PAUSE:
                outbox.release(mails[done:])
                break
    finally:
        server.close()
    return len(mails), answer


def do_chores() -> None:
    campaigns.close_overdue()
    lifecycle.remind()
    retention.forget()
