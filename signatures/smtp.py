"""What the answer of a mail server means for one mail and for all the others."""

import smtplib
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import NamedTuple

from django.core.mail.backends.base import BaseEmailBackend

BUSY = {421, 450}  # "not now" for a recipient: usually there has been too much for that domain


class Answer(Enum):
    """What became of one try to hand a mail over."""

    SENT = "sent"
    LATER = "later"
    BUSY = "busy"  # later, and so with all other mails to the same domain
    NEVER = "never"
    PAUSE = "pause"  # not the fault of this mail: nothing can be sent


class Outcome(NamedTuple):
    """`error` names a step and a code, and never an address."""

    answer: Answer
    error: str


# Refused here, everybody is refused.
AT_THE_DOOR = (
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPSenderRefused,
)


def talk(step: Callable[[], object]) -> Outcome:
    """Do one step with the mail server, and say what its answer means.

    Codes from 500 on are for good (RFC 5321, 4.2.1): for a recipient or a text they end one mail,
    at the door they stop all. Silence, a lost connection and everything else may pass.
    """
    try:
        step()
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _text in error.recipients.values())
        return Outcome(_of_recipient(code), f"recipient {code}")
    except AT_THE_DOOR as error:
        code = error.smtp_code
        return Outcome(Answer.PAUSE if code >= 500 else Answer.LATER, f"sender {code}")
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
        return Outcome(Answer.NEVER if code >= 500 else Answer.LATER, f"data {code}")
    except (smtplib.SMTPException, OSError) as error:
        return Outcome(Answer.LATER, type(error).__name__)
    return Outcome(Answer.SENT, "")


def hang_up(server: BaseEmailBackend) -> None:
    """Whatever the mail server says to that: what it has taken, it has taken."""
    with suppress(smtplib.SMTPException, OSError):
        server.close()


def _of_recipient(code: int) -> Answer:
    if code >= 500:
        return Answer.NEVER
    return Answer.BUSY if code in BUSY else Answer.LATER
