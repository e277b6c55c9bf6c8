import logging
import signal
import sys
import time

from django.core.mail import get_connection
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.timezone import now

from campaigns import lifecycle as campaigns
from signatures import emails, lifecycle, outbox, retention, smtp, statistics, throttle

BATCH = 10  # mails that one connection to the mail server carries
IDLE = 1.0  # seconds between looks into an empty outbox
CHORES_EVERY = 10 * 60  # seconds

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Hand the queued mails to the mail server, for ever; forget and remind in between."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="stop when nothing is due")

    def handle(self, *args, once, **options):
        self.stopped = False
        sys.excepthook = broke_down
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        chores_at = 0.0
        while not self.stopped:
            if time.monotonic() >= chores_at:
                do_chores()
                chores_at = time.monotonic() + CHORES_EVERY
            if send_batch(lambda: self.stopped):
                continue
            if once:
                return
            time.sleep(IDLE)
            close_old_connections()

    def stop(self, number, frame):
        self.stopped = True


def broke_down(*error):
    """Python itself would write the words of an error, and those of a database may quote a row."""
    log.critical("The mail sender broke down.", exc_info=error)


def send_batch(stopped=lambda: False) -> int:
    """Take up some mails, and send them until `stopped`; the number of those taken up."""
    mails = outbox.claim(BATCH)
    if not mails:
        return 0
    left = list(mails)
    server = get_connection()
    try:
        with outbox.held(mails):
            while left and not stopped():
                if send(left.pop(0), server) is outbox.Answer.PAUSE:
                    break
            outbox.release(left)
    finally:
        smtp.hang_up(server)
    return len(mails)


def send(mail, server) -> outbox.Answer | None:
    """Hand a claimed mail over if it is its turn; otherwise it waits untried, and `None`."""
    if seconds := throttle.seconds_to_turn_of_domain(mail.recipient):
        outbox.postpone(mail, seconds)
        return None
    while seconds := throttle.seconds_to_next_mail():
        time.sleep(seconds)
    answer = outbox.deliver(mail, emails.render, server)
    if answer is outbox.Answer.BUSY:
        rest = (mail.next_try_at - now()).total_seconds()
        throttle.let_domain_rest(mail.recipient, rest)
    return answer


def do_chores() -> None:
    campaigns.close_overdue()
    lifecycle.remind()
    retention.forget()
    statistics.renew_all()
