"""Mails kept with the write that caused them, and handed over by a process of their own.

`put` belongs into the transaction of its cause. A sender claims mails under a lease, renewed for as
long as it is at work, so that the mails of a killed sender are taken up by the next. A crash
between the server's "250" and our mark repeats one mail; nothing is ever lost.
"""

import logging
import random
import threading
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import make_msgid
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from campaigns.models import Update
from signatures import keys, smtp
from signatures.counters import CounterCache
from signatures.models import OutboxMail, Signature

LEASE = timedelta(seconds=60)
RENEWED_EVERY = LEASE / 3
# Waiting time before each further try, in minutes; then every three hours for three days.
BACK_OFF = [1, 5, 15, 30, 60, 120]
LATER = 180
GIVE_UP_AFTER = timedelta(hours=72)
JITTER = 0.2
PAUSE = timedelta(minutes=15)  # for all senders, after a refused login or sender
KEPT_FOR = timedelta(days=7)
BOUNCED = "bounced"  # as `last_error`: taken by the mail server, and came back
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

Kind = OutboxMail.Kind
# The lower, the sooner: whoever waits in front of a screen comes first, news last.
PRECEDENCE = {
    Kind.CONFIRM: 0, Kind.OWN_PAGE: 0, Kind.SPELLING: 0, Kind.REMINDER: 5, Kind.TRIAL: 5,
    Kind.RENEW: 9, Kind.UPDATE: 9,
}  # fmt: skip

Answer = smtp.Answer
# What all senders know. In the database and not in Valkey: it must be where the mails are.
memory = CounterCache("", {"KEY_PREFIX": "outbox"})
log = logging.getLogger(__name__)


def put(kind: Kind, signature: Signature, recipient: str, language: str) -> None:
    """Queue one mail, in the transaction of the write that caused it."""
    new(kind, language, now(), signature=signature, recipient=recipient).save()


def put_trial(update: Update, recipient: str, language: str) -> None:
    """Queue a mail of news as an organiser wants to see it arrive."""
    new(Kind.TRIAL, language, now(), update=update, recipient=recipient).save()


def put_news(update: Update, readers: Collection[Signature]) -> None:
    """Queue an update for people who asked for news of its campaign; for nobody twice.

    Raises `ValueError` if there is anybody else among them.
    """
    if not all(signature.is_reader_of(update) for signature in readers):
        raise ValueError("News are only for those who asked for them.")
    moment = now()
    OutboxMail.objects.bulk_create(
        (
            new(Kind.UPDATE, signature.language, moment, signature=signature, update=update)
            for signature in readers
        ),
        ignore_conflicts=True,
    )


def new(kind: Kind, language: str, moment: datetime, **fields: Any) -> OutboxMail:
    """A mail that is due from a moment on, not queued yet."""
    return OutboxMail(
        kind=kind,
        language=language,
        precedence=PRECEDENCE[kind],
        message_id=make_msgid(domain=settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")),
        created_at=moment,
        next_try_at=moment,
        **fields,
    )


def claim(most: int) -> list[OutboxMail]:
    """Take up to `most` due mails under one lease; two senders never hold the same mail."""
    return [] if is_paused() else _claim(most)


@transaction.atomic
def _claim(most: int) -> list[OutboxMail]:
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
    _address([mail for mail in mails if mail.kind == Kind.UPDATE])
    return mails


def _address(news: list[OutboxMail]) -> None:
    """News go to the address that a reader has now; the outbox keeps none of it."""
    keys = [mail.signature_id for mail in news]
    readers = Signature.objects.readers().filter(pk__in=keys) if keys else Signature.objects.none()
    addresses = dict(readers.values_list("pk", "email"))
    for mail in news:
        mail.recipient = addresses.get(mail.signature_id, "")


def is_overtaken(mail: OutboxMail) -> bool:
    """Whether one that takes precedence has come in since this one was claimed."""
    if not mail.precedence:
        return False
    return OutboxMail.objects.due().filter(precedence__lt=mail.precedence).exists()


@contextmanager
def held(mails: list[OutboxMail]) -> Iterator[None]:
    """Renew the lease on claimed mails during the block, however slow the mail server is."""
    done = threading.Event()
    renewal = threading.Thread(target=_renew_until, args=(done, mails), daemon=True)
    renewal.start()
    try:
        yield
    finally:
        done.set()
        renewal.join()


def _renew_until(done: threading.Event, mails: list[OutboxMail]) -> None:
    ours = OutboxMail.objects.filter(pk__in=[mail.pk for mail in mails], lease=mails[0].lease)
    try:
        while not done.wait(RENEWED_EVERY.total_seconds()):
            ours.update(leased_until=now() + LEASE)
    finally:
        connection.close()  # this thread's own


def deliver(
    mail: OutboxMail,
    render: Callable[[OutboxMail], EmailMessage | None],
    server: BaseEmailBackend,
) -> Answer:
    """Hand one claimed mail over and note what became of it.

    It is written only when the mail server listens. After anything but "sent" the connection is
    given up: no later mail is to suffer from what this one left behind.
    """
    outcome = smtp.talk(server.open)
    if outcome.answer is Answer.SENT:
        if not _mine(mail).update(leased_until=now() + LEASE):
            return Answer.LATER  # it took so long that another sender has it
        message = render(mail)
        if message is None:  # its cause is gone: nobody wants this mail any more
            drop(mail)
            return Answer.NEVER
        outcome = smtp.talk(lambda: server.send_messages([message]))
    if outcome.answer is not Answer.SENT:
        smtp.hang_up(server)
    NOTES[outcome.answer](mail, outcome.error)
    return outcome.answer


def release(mails: list[OutboxMail]) -> None:
    """Give claimed mails back untried."""
    for mail in mails:
        _mine(mail).update(lease=None, leased_until=None)


def drop(mail: OutboxMail) -> None:
    """Nobody wants this claimed mail any more."""
    _mine(mail).delete()


def postpone(mail: OutboxMail, seconds: float) -> None:
    """Give a claimed mail back untried, to be taken up in so many seconds."""
    later = now() + timedelta(seconds=seconds)
    _mine(mail).update(next_try_at=later, lease=None, leased_until=None)


def is_paused() -> bool:
    return memory.get("pause") is not None


def minutes_behind(before: datetime) -> int:
    """For how long the oldest mail from `before` that moment has been waiting, in whole minutes.

    Of those that were never tried, or failed at our mail server and were not overtaken by a later
    one: a mailbox that takes no mail says nothing about others. Reminders do not count.
    """
    mails = OutboxMail.objects.filter(created_at__lte=before)
    sent = mails.filter(sent_at__isnull=False).order_by("-created_at").values("created_at")[:1]
    is_stuck = Q(created_at__gt=Coalesce(sent, LONG_AGO)) & ~Q(last_error__startswith="recipient")
    waiting = mails.waiting().filter(Q(attempts=0) | is_stuck, precedence=0).order_by("created_at")
    oldest = waiting.values_list("created_at", flat=True).first()
    return 0 if oldest is None else int((now() - oldest).total_seconds() // 60)


def reported(report: str, message_id: str) -> OutboxMail | None:
    """The mail that a report is about, the first time that the report of this name is heard.

    `None` also for mails that left longer than `KEPT_FOR` ago; so long are reports remembered.
    """
    name = keys.fingerprint("report", report)
    if not memory.add(f"report:{name}", 1, timeout=int(KEPT_FOR.total_seconds())):
        return None
    return OutboxMail.objects.select_related("signature").filter(message_id=message_id).first()


def bounce(mail: OutboxMail) -> None:
    """It did not arrive after all, and will not."""
    OutboxMail.objects.filter(pk=mail.pk, failed_at=None).update(sent_at=None, **_failed(BOUNCED))


def forget() -> int:
    """Delete what was sent or given up a week ago; the number of rows."""
    before = now() - KEPT_FOR
    done = OutboxMail.objects.filter(sent_at__lte=before) | OutboxMail.objects.filter(
        failed_at__lte=before
    )
    return done.delete()[0]


def _mark_sent(mail: OutboxMail, error: str) -> None:
    _mine(mail).update(sent_at=now(), recipient="", lease=None, leased_until=None, last_error=error)


def _try_later(mail: OutboxMail, error: str) -> None:
    if now() - mail.created_at > GIVE_UP_AFTER:
        _give_up(mail, error)
        return
    minutes = BACK_OFF[mail.attempts] if mail.attempts < len(BACK_OFF) else LATER
    wait = timedelta(minutes=minutes * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
    mail.next_try_at = now() + wait
    _mine(mail).update(
        attempts=mail.attempts + 1,
        next_try_at=mail.next_try_at,
        last_error=error,
        lease=None,
        leased_until=None,
    )
    log.info("Mail %s waits: %s", mail.pk, error)


def _give_up(mail: OutboxMail, error: str) -> None:
    _mine(mail).update(**_failed(error))
    log.warning("Mail %s was given up: %s", mail.pk, error)


def _pause(mail: OutboxMail, error: str) -> None:
    """No sender takes up a mail for `PAUSE`; then one try shows whether it has been mended."""
    release([mail])
    if memory.add("pause", 1, timeout=int(PAUSE.total_seconds())):
        log.error("The mail server refuses our login or sender: sending pauses. (%s)", error)


def _failed(error: str) -> dict[str, object]:
    return {
        "failed_at": now(), "recipient": "", "last_error": error, "lease": None,
        "leased_until": None,
    }  # fmt: skip


def _mine(mail: OutboxMail) -> QuerySet[OutboxMail]:
    """The row, as long as our lease on it holds."""
    return OutboxMail.objects.filter(pk=mail.pk, lease=mail.lease)


NOTES: dict[Answer, Callable[[OutboxMail, str], None]] = {
    Answer.SENT: _mark_sent,
    Answer.LATER: _try_later,
    Answer.BUSY: _try_later,
    Answer.NEVER: _give_up,
    Answer.PAUSE: _pause,
}
