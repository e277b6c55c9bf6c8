"""Mails wait in the outbox and are handed over by the sender, whatever the mail server answers."""

import os
import smtplib
import socket
import subprocess
import sys
import threading
import time

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils.timezone import timedelta

from signatures import emails, lifecycle, outbox
from signatures.forms import sign_form
from signatures.management.commands.send_outbox import send_batch
from signatures.models import OutboxMail, Signature
from tests.factories import confirmed, make_campaign, person, read_mails, sign

Answer = outbox.Answer


class Server(BaseEmailBackend):
    """A mail server that answers each mail with the same exception."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def send_messages(self, messages):
        raise self.error


def refused_recipient(code):
    return smtplib.SMTPRecipientsRefused({"sam@example.org": (code, b"no")})


@pytest.fixture
def waiting(client, campaign):
    sign(client, campaign, email="sam@example.org")
    return outbox.claim(1)[0]


@pytest.mark.django_db
def test_a_mail_that_was_handed_over_forgets_its_recipient(client, campaign):
    sign(client, campaign)
    read_mails()

    row = OutboxMail.objects.get()
    assert row.sent_at is not None
    assert row.recipient == ""


@pytest.mark.django_db
def test_the_signature_and_its_mail_are_written_together_or_not_at_all(client, campaign):
    form = sign_form("individual")(person())
    assert form.is_valid()
    with transaction.atomic():
        lifecycle.sign(campaign, form.details)
        assert OutboxMail.objects.count() == 1
        transaction.set_rollback(True)

    assert not Signature.objects.exists()
    assert not OutboxMail.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (ConnectionRefusedError(), Answer.LATER),
        (TimeoutError(), Answer.LATER),
        (smtplib.SMTPServerDisconnected(), Answer.LATER),
        (smtplib.SMTPConnectError(421, b"busy"), Answer.LATER),
        (smtplib.SMTPDataError(451, b"later"), Answer.LATER),
        (refused_recipient(450), Answer.LATER),
        (refused_recipient(550), Answer.NEVER),
        (smtplib.SMTPDataError(554, b"spam"), Answer.NEVER),
        (smtplib.SMTPAuthenticationError(535, b"who"), Answer.PAUSE),
        (smtplib.SMTPSenderRefused(550, b"no", "us"), Answer.PAUSE),
        (smtplib.SMTPSenderRefused(451, b"no", "us"), Answer.LATER),
    ],
)
def test_the_answer_of_the_mail_server_decides(waiting, error, answer):
    assert outbox.deliver(waiting, emails.render, Server(error)) is answer

    row = OutboxMail.objects.get()
    assert (row.failed_at is not None) is (answer is Answer.NEVER)
    assert row.recipient == ("" if answer is Answer.NEVER else "sam@example.org")
    assert "sam" not in row.last_error


@pytest.mark.django_db
def test_the_waits_grow_and_end_after_three_days(client, campaign, clock):
    sign(client, campaign)
    waits = []
    while mails := outbox.claim(1):
        outbox.deliver(mails[0], emails.render, Server(TimeoutError()))
        row = OutboxMail.objects.get()
        if row.failed_at:
            break
        waits.append((row.next_try_at - row.created_at).total_seconds() / 60)
        clock.move_to(row.next_try_at, tick=False)

    steps = [b - a for a, b in zip([0, *waits], waits, strict=False)]
    expected = [1, 5, 15, 30, 60, 120, *[180] * (len(steps) - 6)]
    assert all(0.8 * e <= s <= 1.2 * e for s, e in zip(steps, expected, strict=True))
    assert 72 * 60 <= waits[-1] <= 76 * 60


@pytest.mark.django_db
def test_a_retry_carries_the_same_message_id_and_every_mail_works(client, campaign, clock):
    sign(client, campaign)
    first = OutboxMail.objects.get().message_id
    outbox.deliver(outbox.claim(1)[0], emails.render, Server(TimeoutError()))
    clock.shift(timedelta(minutes=2))
    (message,) = read_mails()

    assert message.extra_headers["Message-ID"] == first


@pytest.mark.django_db
def test_two_senders_never_hold_the_same_mail(client, campaign):
    for _ in range(3):
        sign(client, campaign)

    held = [mail.pk for mail in outbox.claim(2) + outbox.claim(2)]
    assert len(held) == len(set(held)) == 3


@pytest.mark.django_db
def test_the_mails_of_a_dead_sender_are_taken_up_when_its_lease_ends(client, campaign, clock):
    sign(client, campaign)
    (mail,) = outbox.claim(1)
    assert outbox.claim(1) == []
    clock.shift(timedelta(seconds=61))
    assert len(outbox.claim(1)) == 1

    # The first sender was only slow: it finds that the mail is no longer in its hands.
    assert outbox.deliver(mail, emails.render, get_connection()) is Answer.LATER


@pytest.mark.django_db
def test_a_mail_whose_cause_is_gone_is_not_sent(client, campaign):
    signature = sign(client, campaign)
    lifecycle.deny(signature)
    confirmed(client, campaign)
    OutboxMail.objects.update(sent_at=None)

    assert read_mails() == []
    assert not OutboxMail.objects.exists()


@pytest.mark.django_db
def test_a_refused_login_pauses_everything(client, campaign, monkeypatch, settings):
    settings.EMAIL_BACKEND = "tests.test_outbox.Locked"
    for _ in range(3):
        sign(client, campaign)

    assert send_batch() == (3, Answer.PAUSE)
    assert sorted(OutboxMail.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert OutboxMail.objects.filter(lease=None).count() == 3


class Locked(Server):
    def __init__(self, *args, **kwargs):
        super().__init__(smtplib.SMTPAuthenticationError(535, b"who"))


@pytest.mark.django_db
def test_what_was_sent_is_forgotten_after_a_week(client, campaign, clock):
    confirmed(client, campaign)
    clock.shift(timedelta(days=8))
    lifecycle.forget()

    assert not OutboxMail.objects.exists()


@pytest.mark.django_db
def test_mails_land_as_whole_files_in_a_folder(client, campaign, settings, tmp_path):
    settings.EMAIL_BACKEND = "petition_site.eml.EmlBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    sign(client, campaign, email="sam@example.org")
    send_batch()

    (path,) = tmp_path.iterdir()
    assert path.suffix == ".eml"
    assert "To: sam@example.org" in path.read_text()


class Sink:
    """A real SMTP server that takes its time and remembers what it has accepted."""

    def __init__(self):
        self.accepted = []
        self.seen = threading.Event()

    async def handle_DATA(self, server, session, envelope):
        self.seen.set()
        time.sleep(0.1)
        self.accepted.append(envelope.rcpt_tos[0])
        time.sleep(0.1)
        return "250 OK"


@pytest.fixture
def sink():
    handler = Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def start_sender(port):
    database = connection.settings_dict
    url = (
        f"sqlite:///{database['NAME']}"
        if connection.vendor == "sqlite"
        else f"postgres:///{database['NAME']}?user={database['USER'] or 'postgres'}"
        f"&host={database['HOST'] or database['OPTIONS'].get('host', '')}"
    )
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
    }
    command = [sys.executable, "manage.py", "send_outbox"]
    return subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_in_the_middle_loses_nothing(client, sink):
    handler, port = sink
    campaign = make_campaign()
    addresses = [sign(client, campaign).email for _ in range(12)]
    kills = 3
    for _ in range(kills):
        handler.seen.clear()
        sender = start_sender(port)
        assert handler.seen.wait(20)
        time.sleep(0.15)
        sender.kill()
        sender.wait()
        OutboxMail.objects.update(leased_until=None)  # as when a minute has passed
    sender = start_sender(port)
    deadline = time.monotonic() + 30
    while OutboxMail.objects.waiting().exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    sender.terminate()

    assert sender.wait(10) == 0
    assert set(handler.accepted) == set(addresses)
    assert len(handler.accepted) <= len(addresses) + kills
