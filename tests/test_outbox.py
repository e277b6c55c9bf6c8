"""Mails wait in the outbox and are handed over by the sender, whatever the mail server answers."""

import smtplib
from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction

from signatures import emails, lifecycle, outbox
from signatures.forms import sign_form
from signatures.management.commands.send_outbox import send_batch
from signatures.models import OutboxMail, Signature
from tests.factories import confirmed, person, post, read_mails, sign

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
        (smtplib.SMTPConnectError(554, b"not you"), Answer.PAUSE),
        (smtplib.SMTPHeloError(550, b"not you"), Answer.PAUSE),
        (smtplib.SMTPNotSupportedError("no TLS"), Answer.LATER),
        (smtplib.SMTPResponseException(500, b"line too long"), Answer.LATER),
        (smtplib.SMTPDataError(451, b"later"), Answer.LATER),
        (refused_recipient(421), Answer.BUSY),
        (refused_recipient(450), Answer.BUSY),
        (refused_recipient(451), Answer.LATER),
        (refused_recipient(550), Answer.NEVER),
        (refused_recipient(552), Answer.NEVER),
        (smtplib.SMTPDataError(554, b"spam"), Answer.NEVER),
        (smtplib.SMTPAuthenticationError(535, b"who"), Answer.PAUSE),
        (smtplib.SMTPSenderRefused(550, b"no", "us"), Answer.PAUSE),
        (smtplib.SMTPSenderRefused(421, b"no", "us"), Answer.LATER),
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
    (waiting,) = outbox.claim(1)
    assert outbox.claim(1) == []
    clock.shift(outbox.LEASE)
    assert len(outbox.claim(1)) == 1

    # The first sender was only slow: it finds that the mail is no longer in its hands.
    assert outbox.deliver(waiting, emails.render, get_connection()) is Answer.LATER
    assert mail.outbox == []


@pytest.mark.django_db
def test_a_mail_whose_cause_is_gone_is_not_sent(client, campaign):
    signature = sign(client, campaign)
    lifecycle.deny(signature)
    confirmed(client, campaign)
    OutboxMail.objects.update(sent_at=None)

    assert read_mails() == []
    assert not OutboxMail.objects.exists()


class Locked(Server):
    def __init__(self, *args, **kwargs):
        super().__init__(smtplib.SMTPAuthenticationError(535, b"who"))


@pytest.mark.django_db
def test_a_refused_login_pauses_all_senders_and_costs_no_mail_a_try(
    client, campaign, settings, clock, caplog
):
    waiting = [sign(client, campaign) for _ in range(3)]
    others = outbox.claim(1)  # in the hands of another sender
    settings.EMAIL_BACKEND = "tests.test_outbox.Locked"

    assert send_batch() == 2
    assert outbox.deliver(others[0], emails.render, get_connection()) is Answer.PAUSE
    sign(client, campaign)
    assert outbox.claim(10) == []
    assert set(OutboxMail.objects.values_list("attempts", "lease", "last_error")) == {(0, None, "")}
    alarms = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(alarms) == 1
    assert "sending pauses" in alarms[0].getMessage()
    assert "@" not in alarms[0].getMessage()

    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    clock.shift(outbox.PAUSE - timedelta(seconds=1))
    assert read_mails() == []
    clock.shift(timedelta(seconds=2))
    assert len(read_mails()) == len(waiting) + 1


@pytest.mark.django_db
def test_a_pause_that_lasts_for_days_loses_no_mail(client, campaign, settings, clock):
    sign(client, campaign)
    settings.EMAIL_BACKEND = "tests.test_outbox.Locked"
    for _ in range(5):
        send_batch()
        clock.shift(timedelta(days=1))
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert len(read_mails()) == 1


@pytest.mark.django_db
def test_a_sender_that_is_told_to_stop_finishes_its_mail_and_gives_the_others_back(
    client, campaign
):
    for _ in range(3):
        sign(client, campaign)
    send_batch(stopped=lambda: len(mail.outbox) == 1)

    assert len(mail.outbox) == 1
    assert OutboxMail.objects.due().count() == 2


@pytest.mark.django_db
def test_confirmations_leave_before_reminders(client, campaign, clock):
    sign(client, campaign, email="early@example.org")
    read_mails()
    clock.shift(timedelta(days=2))
    lifecycle.remind()
    clock.shift(timedelta(minutes=1))
    sign(client, campaign, email="late@example.org")

    recipients = [message.to[0] for message in read_mails()]
    assert recipients == ["late@example.org", "early@example.org"]


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["sent_at", "failed_at"])
def test_the_database_refuses_to_keep_the_recipient_of_a_mail_that_has_left(waiting, end):
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMail.objects.update(**{end: waiting.created_at})


@pytest.mark.django_db
def test_one_mail_that_was_sent_and_one_that_failed_keep_no_signature_for_longer(
    client, campaign, clock
):
    form = person(email="sam@example.org")
    sign(client, campaign, form)
    read_mails()
    sign(client, campaign, form)
    outbox.deliver(outbox.claim(1)[0], emails.render, Server(refused_recipient(550)))
    assert OutboxMail.objects.filter(failed_at__isnull=False).count() == 1
    clock.shift(timedelta(days=7, seconds=1))

    assert Signature.objects.stale().count() == 1


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


@pytest.mark.django_db
def test_no_mail_server_is_needed_to_sign(client, campaign, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    answer = post(client, campaign, person())

    assert answer.status_code == 303
    assert OutboxMail.objects.get().attempts == 0
    send_batch()
    row = OutboxMail.objects.get()
    assert (row.attempts, row.last_error) == (1, "ConnectionRefusedError")
