import logging
import signal
import subprocess
import sys
import time

from django.conf import settings
from django.core.mail import get_connection
from django.core.management.base import BaseCommand
from django.db import close_old_connections
from django.utils.timezone import now

from campaigns import lifecycle as campaigns
from signatures import emails, jobs, lifecycle, outbox, retention, smtp, statistics, throttle
from signatures.management.commands.serve import die_with_parent
from signatures.models import OutboxMail

BATCH = 10  # mails that one connection to the mail server carries
IDLE = 1.0  # seconds between looks into an empty outbox
CHORES_EVERY = 10 * 60  # seconds
JOBS_EVERY = 3.0  # seconds between looks for what organisers asked for
AFTER_A_CRASH = 60.0  # seconds until the background jobs are tried again
PATIENCE = 5  # seconds that they have to end

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
        background = Background()
        try:
            self.work(once, background)
        finally:
            background.stop()

    def work(self, once, background):
        chores_at = 0.0
        while not self.stopped:
            if time.monotonic() >= chores_at:
                do_chores()
                chores_at = time.monotonic() + CHORES_EVERY
            if not once:
                background.look_after()
            if send_batch(lambda: self.stopped):
                continue
            if once:
                return
            time.sleep(IDLE)
            close_old_connections()

    def stop(self, number, frame):
        self.stopped = True


class Background:
    """`do_jobs` in a process of its own while anything is due, so that no mail waits for it."""

    def __init__(self):
        self.process = None
        self.look_at = 0.0

    def look_after(self):
        """Start it, see that it has ended, or leave it alone; never waits."""
        if self.process is not None:
            self.see_whether_it_ended()
        elif time.monotonic() >= self.look_at:
            self.look_at = time.monotonic() + JOBS_EVERY
            if jobs.is_due():
                self.process = subprocess.Popen(
                    [sys.executable, settings.BASE_DIR / "manage.py", "do_jobs"],
                    cwd=settings.BASE_DIR,
                    stdin=subprocess.DEVNULL,
                    preexec_fn=die_with_parent,
                )

    def see_whether_it_ended(self):
        code = self.process.poll()
        if code is None:
            return
        self.process = None
        if code:
            log.error("The background jobs ended with code %s and are tried again later.", code)
            self.look_at = time.monotonic() + AFTER_A_CRASH

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


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
            while left and not stopped() and not outbox.is_overtaken(left[0]):
                if send(left.pop(0), server) is outbox.Answer.PAUSE:
                    break
            outbox.release(left)
    finally:
        smtp.hang_up(server)
    return len(mails)


def send(mail, server) -> outbox.Answer | None:
    """Hand a claimed mail over if it is its turn; otherwise it waits untried, and `None`."""
    if not mail.recipient:  # wants no news any more
        outbox.drop(mail)
        return None
    is_news = mail.kind == OutboxMail.Kind.UPDATE
    if seconds := throttle.seconds_to_turn_of_domain(mail.recipient, is_news):
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
    lifecycle.ask_all_again()
    retention.forget()
    retention.look()
    statistics.renew_all()
