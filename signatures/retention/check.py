"""What is kept longer than declared: nothing, or the health check says so."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from captcha.models import CaptchaStore
from django.apps import apps
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from signatures import outbox
from signatures.counters import CounterCache
from signatures.keys import SealedField, stored
from signatures.models import Counter, Mute, OutboxMail, Signature, Token
from signatures.querysets import LIVE, PENDING
from signatures.retention import forgetting

# The sender forgets every ten minutes, some things every three hours.
LATE = timedelta(hours=6)
SEAL = "gAAAA"  # how everything begins that Fernet seals


HOUR = 3600
# Where all processes know the newest result.
memory = CounterCache("", {"KEY_PREFIX": "retention"})
log = logging.getLogger(__name__)


class Overdue(NamedTuple):
    what: str
    number: int


def overdue() -> list[Overdue]:
    """What should be gone by now, and what should never have been; reads all rows, so ask hourly.

    Names no person and no row. An empty list is well.
    """
    due = now() - LATE
    found = [*_late(due), *_readable_addresses(), *_not_sealed()]
    return [Overdue(what, number) for what, rows in found if (number := rows.count())]


def look() -> None:
    """Once an hour, whoever comes first: look what is overdue, and remember how much it is."""
    if not memory.add("look", 1, timeout=HOUR):
        return
    number = sum(kind.number for kind in overdue())
    memory.set("overdue", number, timeout=int(LATE.total_seconds()))
    if number:
        log.error("%d rows are kept for longer than declared.", number)


def kept_too_long() -> int | None:
    """How many rows the newest look found overdue; `None` if nobody has looked for hours."""
    return memory.get("overdue")


def _late(due: datetime) -> Iterator[tuple[str, QuerySet[Any]]]:
    yield (
        "signatures that nobody confirmed",
        Signature.objects.stale(due).exclude(mails__failed_at__gt=due),
    )
    # A late mail's link may outlive its signature's first one by the time a mail may wait.
    yield (
        "expired links",
        Token.objects.filter(expires_at__lte=due - outbox.GIVE_UP_AFTER)
        | forgetting.expired_tokens(due),
    )
    yield (
        "mails that wait for too long",
        OutboxMail.objects.waiting().filter(created_at__lte=due - outbox.GIVE_UP_AFTER),
    )
    yield "mails that have left and keep their recipient", _left_with_recipient()
    yield (
        "mails that left long ago",
        OutboxMail.objects.filter(
            Q(sent_at__lte=due - outbox.KEPT_FOR) | Q(failed_at__lte=due - outbox.KEPT_FOR)
        ),
    )
    yield "mutes", Mute.objects.filter(until__lte=due)
    yield "counters", Counter.objects.filter(expires__lte=due.timestamp())
    yield "questions", CaptchaStore.objects.filter(expiration__lte=due)
    yield "sessions", forgetting.expired_sessions(due)
    yield "ledger entries", forgetting.old_erasures(due)
    yield "log entries", forgetting.old_log_entries(due)
    yield "signatures of campaigns that ended long ago", forgetting.ended(due)
    yield "readers of campaigns that have no news any more", forgetting.readers(due)
    over = forgetting.over(due, settings.AFTER_HAND_IN_DAYS)
    yield "sheets of campaigns that ended long ago", forgetting.sheets(over)
    yield "paper batches of campaigns that ended long ago", forgetting.batches(over)
    yield "sealed lines of campaigns that ended long ago", forgetting.sealed_lines(due)
    yield "files of hand-ins", forgetting.old_files(due)
    yield (
        "reasons about those who left",
        forgetting.reasons().filter(signature__withdrawn_at__lte=due),
    )
    yield "reasons to hold those who left", forgetting.held_and_gone().filter(withdrawn_at__lte=due)
    yield "hours of days long past", forgetting.exact(due - timedelta(days=1))


def _left_with_recipient() -> QuerySet[OutboxMail]:
    return OutboxMail.objects.exclude(sent_at=None, failed_at=None).exclude(recipient="")


def _readable_addresses() -> Iterator[tuple[str, QuerySet[Any]]]:
    """Only the pending and the readers of news have an address, and only until it is used up."""
    may_have_one = PENDING | (LIVE & Q(confirmed_at__isnull=False, updates=True))
    yield "addresses that nobody needs", Signature.objects.exclude(may_have_one | Q(email=""))


def _not_sealed() -> Iterator[tuple[str, QuerySet[Any]]]:
    for model in apps.get_models():
        for field in model._meta.fields:
            if isinstance(field, SealedField) and not model._meta.proxy:
                rows = model._base_manager.alias(text=stored(field.name))
                rows = rows.exclude(Q(text="") | Q(text__startswith=SEAL))
                yield f"{model._meta.label}.{field.name} that is not sealed", rows
