"""Mails kept with the write that caused them, and handed over by a process of their own.

`put` belongs into the transaction of its cause. A sender claims mails under a lease, renewed before
each talk with the mail server, so that the mails of a killed sender are taken up by the next. A
crash between the server's "250" and our mark repeats one mail; nothing is ever lost.
"""

import logging
import random
import smtplib
import uuid
from collections.abc import Callable
from datetime import timedelta
from email.utils import make_msgid
from enum import Enum

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils.timezone import now

from signatures.models import OutboxMail, Signature

LEASE = timedelta(seconds=60)  # several answers of a slow mail server (EMAIL_TIMEOUT each)
# Waiting time before each further try, in minutes; then every three hours for three days.
BACK_OFF = [1, 5, 15, 30, 60, 120]
LATER = 180
GIVE_UP_AFTER = timedelta(hours=72)
JITTER = 0.2
KEPT_FOR = timedelta(days=7)

PRECEDENCE = {OutboxMail.Kind.CONFIRM: 0, OutboxMail.Kind.OWN_PAGE: 0, OutboxMail.Kind.REMINDER: 5}

log = logging.getLogger(__name__)


class Answer(Enum):
    """What became of one try to hand a mail over."""

    SENT = "sent"
    LATER = "later"
    NEVER = "never"
    PAUSE = "pause"


def put(kind: OutboxMail.Kind, signature: Signature, recipient: str, language: str) -> None:
    """Queue one mail, in the transaction of the write that caused it."""
    moment = now()
    OutboxMail.objects.create(
        kind=kind,
        signature=signature,
        recipient=recipient,
        language=language,
        precedence=PRECEDENCE[kind],
        message_id=make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")),
        created_at=moment,
        next_try_at=moment,
    )


@transaction.atomic
def claim(most: int) -> list[OutboxMail]:
    """Take up to `most` due mails under a lease; two senders never hold the same one."""
    rows = OutboxMail.objects.due().order_by("precedence", "next_try_at")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    mails = list(rows[:most])
    lease, until = uuid.uuid4(), now() + LEASE
    OutboxMail.objects.filter(pk__in=[mail.pk for mail in mails]).update(
        lease=lease, leased_until=until
    )
    for mail in mails:
        mail.lease, mail.leased_until = lease, until
    return mails


def deliver(
    mail: OutboxMail,
    render: Callable[[OutboxMail], EmailMessage | None],
    server: BaseEmailBackend,
) -> Answer:
    """Hand one claimed mail over and note what became of it."""
    if not _mine(mail).update(leased_until=now() + LEASE):
        return Answer.LATER  # it took so long that another sender has it
    message = render(mail)
    if message is None:  # its cause is gone: nobody wants this mail any more
        _mine(mail).delete()
        return Answer.NEVER
    answer, error = _hand_over(message, server)
    if answer is Answer.SENT:
        _mine(mail).update(
            sent_at=now(), recipient="", lease=None, leased_until=None, last_error=""
        )
    elif answer is Answer.NEVER:
        _give_up(mail, error)
    else:
        _try_later(mail, error)
    return answer


def release(mails: list[OutboxMail]) -> None:
    """Give claimed mails back untried."""
    for mail in mails:
        _mine(mail).update(lease=None, leased_until=None)


def forget() -> int:
    """Delete what was sent or given up a week ago; the number of rows."""
    before = now() - KEPT_FOR
    done = OutboxMail.objects.filter(sent_at__lte=before) | OutboxMail.objects.filter(
        failed_at__lte=before
    )
    return done.delete()[0]


def _hand_over(message: EmailMessage, server: BaseEmailBackend) -> tuple[Answer, str]:
    """The answer by the mail server's code: recipients are refused for good, logins pause us."""
    try:
        server.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _text in error.recipients.values())
        return (Answer.NEVER if code >= 500 else Answer.LATER), f"recipient {code}"
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused) as error:
        permanent = error.smtp_code >= 500
        return (Answer.PAUSE if permanent else Answer.LATER), f"sender {error.smtp_code}"
    except smtplib.SMTPResponseException as error:
        return (Answer.NEVER if error.smtp_code >= 500 else Answer.LATER), f"data {error.smtp_code}"
    except (smtplib.SMTPException, OSError) as error:
        return Answer.LATER, type(error).__name__
    return Answer.SENT, ""


def _try_later(mail: OutboxMail, error: str) -> None:
    if now() - mail.created_at > GIVE_UP_AFTER:
        _give_up(mail, error)
        return
    minutes = BACK_OFF[mail.attempts] if mail.attempts < len(BACK_OFF) else LATER
    wait = timedelta(minutes=minutes * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
    _mine(mail).update(
        attempts=mail.attempts + 1,
        next_try_at=now() + wait,
        last_error=error,
        lease=None,
        leased_until=None,
    )
    log.info("Mail %s waits: %s", mail.pk, error)


def _give_up(mail: OutboxMail, error: str) -> None:
    _mine(mail).update(
        failed_at=now(), recipient="", last_error=error, lease=None, leased_until=None
    )
    log.warning("Mail %s was given up: %s", mail.pk, error)


def _mine(mail: OutboxMail):
    """The row, as long as our lease on it holds."""
    return OutboxMail.objects.filter(pk=mail.pk, lease=mail.lease)
