"""Whatever a real mail server does, no mail is lost, and none comes twice that need not."""

import ssl
import threading
import time
from collections import Counter
from datetime import timedelta

import environ
import pytest
from django.core.mail import get_connection
from django.db import connection
from django.utils.timezone import now

from signatures import outbox
from signatures.management.commands.send_outbox import send_batch
from signatures.models import OutboxMail
from tests import sink as sinks
from tests.factories import make_campaign, person, post, sign

# What the mail server does to the first try, and how often it has the mail in the end.
FIRST_TRIES = {
    "RCPT 421 too many": 1,
    "RCPT 450 greylisted": 1,
    "RCPT 451 local error": 1,
    "RCPT 452 full": 1,
    "RCPT 550 unknown": 0,
    "RCPT 552 over quota": 0,
    "RCPT 554 no": 0,
    "RCPT stall": 1,
    "RCPT drop": 1,
    "DATA 421 shutting down": 1,
    "DATA 451 local error": 1,
    "DATA 552 too big": 0,
    "DATA 554 spam": 0,
    "DATA stall": 1,
    "DATA drop": 1,
    # It was taken, and nobody said so: no sender can know.
    "DATA take, stall": 2,
    "DATA take, drop": 2,
}
AT_THE_DOOR = [
    ("connect", "421 too many"),
    ("connect", "450 try later"),
    ("EHLO", "421 too many"),
    ("AUTH", "454 temporary"),
    ("MAIL", "421 too many"),
    ("MAIL", "451 local error"),
    ("MAIL", "drop"),
    ("MAIL", "stall"),
]
SHUT = [("connect", "554 not you"), ("AUTH", "535 who"), ("MAIL", "550 not you")]


@pytest.fixture
def sink():
    with sinks.running() as sink:
        yield sink


@pytest.fixture
def patient(settings, sink):
    sinks.use(settings, sink)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "us", "secret"


@pytest.fixture
def hasty(settings, sink, patient):
    settings.EMAIL_TIMEOUT = 0.5


def send_until_done(clock) -> None:
    """As the sender does, and skip what it would wait."""
    while rows := OutboxMail.objects.waiting().order_by("next_try_at"):
        clock.move_to(max(rows[0].next_try_at, now()), tick=False)
        if not send_batch():
            clock.shift(outbox.PAUSE)


@pytest.mark.slow
@pytest.mark.django_db
def test_every_recipient_gets_one_mail_whatever_the_server_does_to_the_first_try(
    client, campaign, clock, sink, hasty
):
    wanted = {"calm@example.org": 1}
    sign(client, campaign, email="calm@example.org")
    for number, (line, times) in enumerate(FIRST_TRIES.items()):
        address = f"sam{number}@example.org"
        sign(client, campaign, email=address)
        step, _blank, answer = line.partition(" ")
        sink.script[f"{step} {address}"] = [answer]
        wanted[address] = times
    send_until_done(clock)

    assert Counter(sink.recipients()) == Counter(wanted)
    assert len({mail.message_id for mail in sink.taken}) == len(set(sink.recipients()))
    failed = OutboxMail.objects.filter(failed_at__isnull=False)
    assert failed.count() == list(wanted.values()).count(0)
    assert not OutboxMail.objects.exclude(recipient="").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("step", "line"), AT_THE_DOOR)
def test_a_storm_at_the_door_delays_mails_and_loses_and_repeats_none(
    client, campaign, clock, sink, hasty, step, line
):
    addresses = [sign(client, campaign).email for _ in range(3)]
    # smtplib goes on to the next way of logging in, so that one try asks several times.
    sink.script[step] = [line] * (3 if step == "AUTH" else 2)
    send_batch()
    assert 0 < OutboxMail.objects.filter(attempts=1).count() < 3
    send_until_done(clock)

    assert sorted(sink.recipients()) == sorted(addresses)


@pytest.mark.django_db
@pytest.mark.parametrize(("step", "line"), SHUT)
def test_a_door_that_is_shut_for_good_pauses_everything_until_it_opens(
    client, campaign, clock, sink, patient, step, line
):
    addresses = [sign(client, campaign).email for _ in range(3)]
    sink.script[step] = [line] * 3
    send_batch()
    asked = len(sink.steps)
    assert send_batch() == 0

    assert len(sink.steps) == asked
    assert not OutboxMail.objects.exclude(attempts=0, lease=None).exists()
    send_until_done(clock)
    assert sorted(sink.recipients()) == sorted(addresses)


@pytest.mark.django_db
def test_one_connection_carries_several_mails(client, campaign, sink, patient):
    for _ in range(5):
        sign(client, campaign)
    send_batch()

    assert sink.steps.count("connect") == 1
    assert len(sink.taken) == 5


@pytest.mark.django_db
def test_signing_does_not_talk_to_the_mail_server(client, campaign, sink, patient):
    answer = post(client, campaign, person())

    assert answer.status_code == 303
    assert sink.steps == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_slow_mail_server_is_waited_for_and_no_other_sender_steps_in(
    client, sink, patient, monkeypatch
):
    monkeypatch.setattr(outbox, "LEASE", timedelta(seconds=0.6))
    monkeypatch.setattr(outbox, "RENEWED_EVERY", timedelta(seconds=0.2))
    sign(client, make_campaign(), email="sam@example.org")
    sink.script["DATA sam@example.org"] = [lambda: time.sleep(2)]
    slow = threading.Thread(target=send_and_close)
    slow.start()
    while "DATA sam@example.org" not in sink.steps:
        time.sleep(0.02)
    taken_over = []
    while slow.is_alive():
        taken_over += outbox.claim(1)
        time.sleep(0.05)
    slow.join()

    assert taken_over == []
    assert sink.recipients() == ["sam@example.org"]
    assert OutboxMail.objects.get().sent_at is not None


def send_and_close():
    send_batch()
    connection.close()


def test_a_mail_server_has_to_prove_who_it_is():
    for scheme in ("smtp+tls", "smtp+ssl"):
        options = environ.Env.email_url_config(f"{scheme}://user:secret@mail.example.org:587")
        server = get_connection(
            "django.core.mail.backends.smtp.EmailBackend",
            use_tls=options.get("EMAIL_USE_TLS", False),
            use_ssl=options.get("EMAIL_USE_SSL", False),
        )

        assert server.use_tls or server.use_ssl
        assert server.ssl_context.verify_mode is ssl.CERT_REQUIRED
        assert server.ssl_context.check_hostname
        assert server.ssl_context.minimum_version >= ssl.TLSVersion.TLSv1_2
