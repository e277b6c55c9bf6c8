"""What goes when its time is up, beyond what `lifecycle.forget` removes with a verb of its own.

Everything here may be called at any time and repeated: it only ever finds what is due. Changes are
set-based, at most 500 rows in one transaction, so that nobody who signs meanwhile waits for long.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from captcha.models import CaptchaStore
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, TruncDay
from django.utils.timezone import now
from redis.exceptions import RedisError

from campaigns.models import AuditEvent, Campaign
from signatures import lifecycle, tally
from signatures.keys import SealedField
from signatures.models import (
    Erasure,
    HandInFile,
    Kind,
    Mailing,
    Moderation,
    OutboxMail,
    PaperBatch,
    PaperSheet,
    SealedEntry,
    Signature,
    Token,
    Visibility,
)
from signatures.querysets import COUNTED, PENDING
from signatures.retention.declared import EXACT_DAYS, FILE_DAYS, LEDGER_DAYS, LOG_DAYS

BATCH = 500
# A keyed hash holds no colon, so nobody's address can ever match. The row's key keeps it unique.
FORGOTTEN = "forgotten:"
# What was signed on paper and tells nothing of anybody; it has no address whose hash could say so.
BARE_PAPER = COUNTED & Q(batch__isnull=False, name="", city="", comment="", via="", signals="")
MOMENTS = ("signed_at", "reminded_at", "confirmed_at", "withdrawn_at")
# What is done rarely, because it reads all rows.
LOOK_EVERY = timedelta(hours=3)


def forget() -> dict[str, int]:
    """Remove everything whose time is up; how many of each."""
    moment = now()
    return {
        **lifecycle.forget(),
        "tokens": expired_tokens(moment).delete()[0],
        "questions": CaptchaStore.objects.filter(expiration__lte=moment).delete()[0],
        "ledger entries": old_erasures(moment).delete()[0],
        "log entries": old_log_entries(moment).delete()[0],
        "sessions": expired_sessions(moment).delete()[0],
        "reasons": _forget_reasons(),
        "files": old_files(moment).update(content=""),
        **(_look_at_all_rows(moment) if _is_time_to_look() else {}),
    }


def _look_at_all_rows(moment: datetime) -> dict[str, int]:
    return {
        "signatures of ended campaigns": sum(map(strip, _batches(ended(moment)))),
        "readers of news": sum(map(_stop_news, _batches(readers(moment)))),
        "paper": forget_sheets(over(moment, settings.AFTER_HAND_IN_DAYS)),
        "sealed lines": sum(map(blank, _batches(sealed_lines(moment)))),
        "hours": sum(map(_keep_the_day, _batches(exact(moment)))),
    }


def expired_tokens(moment: datetime) -> QuerySet[Token]:
    """Those of pending signatures stay, for they tell how long a late mail's link may live."""
    return Token.objects.filter(expires_at__lte=moment).exclude(
        signature__in=Signature.objects.filter(PENDING)
    )


def expired_sessions(moment: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lte=moment)


def old_erasures(moment: datetime) -> QuerySet[Erasure]:
    return Erasure.objects.filter(at__lte=moment - timedelta(days=LEDGER_DAYS))


def old_log_entries(moment: datetime) -> QuerySet[LogEntry]:
    return LogEntry.objects.filter(action_time__lte=moment - timedelta(days=LOG_DAYS))


def ended(moment: datetime) -> QuerySet[Signature]:
    """Signatures whose campaign ended so long ago that only the count may remain."""
    return (
        Signature.objects.confirmed()
        .filter(campaign__in=over(moment, settings.AFTER_HAND_IN_DAYS))
        .exclude(address_hash__startswith=FORGOTTEN, name="")
        .exclude(BARE_PAPER)
    )


def sheets(campaigns: QuerySet[Any]) -> QuerySet[PaperSheet]:
    return PaperSheet.objects.filter(campaign__in=campaigns)


def batches(campaigns: QuerySet[Any]) -> QuerySet[PaperBatch]:
    """Paper batches that still tell whose they were."""
    rows = PaperBatch.objects.filter(campaign__in=campaigns)
    return rows.exclude(via="", note="", collected_on=None)


def forget_sheets(campaigns: QuerySet[Any]) -> int:
    """The sheets go with their pictures; of a batch remains that there was one."""
    number = sheets(campaigns).delete()[0]
    return number + batches(campaigns).update(via="", note="", collected_on=None)


def readers(moment: datetime) -> QuerySet[Signature]:
    """Those who wanted news of a campaign that has none any more.

    Its last mail of news left long ago, and so was it handed in, or closed if it never was.
    Whoever came later waits as long for the next one.
    """
    before = moment - timedelta(days=settings.NEWS_DAYS)
    mailed = Mailing.objects.filter(update__campaign=OuterRef("pk"))
    handed_in = AuditEvent.objects.filter(campaign=OuterRef("pk"), verb="hand in")
    silent = Campaign.objects.filter(
        Exists(mailed) | Exists(handed_in) | Q(pk__in=over(moment, settings.NEWS_DAYS)),
        ~Exists(mailed.filter(at__gt=before)),
        ~Exists(handed_in.filter(at__gt=before)),
    )
    return Signature.objects.confirmed().filter(
        Q(updates=True) | ~Q(email=""), campaign__in=silent.values("pk"), confirmed_at__lte=before
    )


def over(moment: datetime, after_hand_in: int) -> QuerySet[Any]:
    """Campaigns handed in so many days ago, or closed and never handed in."""
    return Campaign.objects.over(
        handed_in=moment - timedelta(days=after_hand_in),
        closed=moment - timedelta(days=settings.AFTER_CLOSING_DAYS),
    ).values("pk")


def sealed_lines(moment: datetime) -> QuerySet[SealedEntry]:
    """What sealed lists say of people whose campaign was handed in long ago."""
    campaigns = over(moment, settings.AFTER_HAND_IN_DAYS)
    told = ~Q(line="") | Q(signature__isnull=False)
    return SealedEntry.objects.filter(told, hand_in__campaign__in=campaigns)


def old_files(moment: datetime) -> QuerySet[HandInFile]:
    """Files that can be made again, or could, while the names were there."""
    before = moment - timedelta(days=FILE_DAYS)
    return HandInFile.objects.exclude(content="").filter(built_at__lte=before)


def exact(moment: datetime) -> QuerySet[Signature]:
    """Signatures that tell the hour of a day that is past; a day's lose it together."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=EXACT_DAYS)
    tells_hour = Q()
    for name in MOMENTS:
        tells_hour |= Q(**{f"{name}__lt": day}) & ~Q(**{name: TruncDay(name, tzinfo=UTC)})
    return Signature.objects.exclude(PENDING).filter(tells_hour)


def reasons() -> QuerySet[Moderation]:
    """What organisers wrote about those who have left since."""
    return Moderation.objects.exclude(reason="").exclude(signature__withdrawn_at=None)


def held_and_gone() -> QuerySet[Signature]:
    return Signature.objects.exclude(withdrawn_at=None).exclude(held_at=None)


@transaction.atomic
def strip(keys: list[int]) -> int:
    """Reduce confirmed signatures to what the totals need; the number of rows.

    What counts goes on counting, without anything that leads to a person. An organisation keeps its
    public name, a reader of news the address. What never counted goes altogether.
    """
    _let_go(Signature.objects.live().filter(~COUNTED, pk__in=keys))
    rows = Signature.objects.filter(COUNTED, pk__in=keys)
    news = Q(signature__updates=True)
    Token.objects.filter(signature__in=keys).exclude(news).delete()
    OutboxMail.objects.filter(signature__in=keys).delete()
    Moderation.objects.filter(signature__in=keys).exclude(reason="").update(reason="")
    rows.update(**ONLY_THE_COUNT)
    return len(keys)


def blank(keys: list[int]) -> int:
    """Of sealed lines only the digests remain, by which the list is proven."""
    return SealedEntry.objects.filter(pk__in=keys).update(line="", signature=None)


ONLY_THE_COUNT: dict[str, Any] = {
    "name": "", "city": "", "comment": "", "role": "", "contact_domain": "", "via": "",
    "signals": "", "affiliation": "", "quote": False, "exact_hash": "",
    "address_hash": Case(
        When(batch=None, then=Concat(Value(FORGOTTEN), Cast("pk", CharField()))),
        default=Value(""),
    ),
    "email": Case(
        When(updates=True, then=F("email")), default=Value(""), output_field=SealedField()
    ),
    "visibility": Case(
        When(kind=Kind.INDIVIDUAL, then=Value(Visibility.COUNT)), default=F("visibility")
    ),
}  # fmt: skip


def _let_go(rows: QuerySet[Signature]) -> None:
    gone = dict(rows.select_for_update().values_list("pk", "campaign"))
    Signature.objects.filter(pk__in=gone).delete()
    for campaign, number in Counter(gone.values()).items():
        tally.add_gone(campaign, tally.EXPIRED, number)


@transaction.atomic
def _stop_news(keys: list[int]) -> int:
    Token.objects.filter(signature__in=keys).delete()
    OutboxMail.objects.filter(signature__in=keys).delete()
    return Signature.objects.filter(pk__in=keys).update(updates=False, email="")


def _keep_the_day(keys: list[int]) -> int:
    """A page of the list that is being read loses no row by this: moments only become earlier."""
    days = {name: TruncDay(name, tzinfo=UTC) for name in MOMENTS}
    return Signature.objects.filter(pk__in=keys).update(**days)


def _is_time_to_look() -> bool:
    """When the counter store cannot be reached, looking too often does no harm."""
    try:
        return bool(caches["counters"].add("forget", 1, timeout=LOOK_EVERY.total_seconds()))
    except RedisError:
        return True


def _batches(rows: QuerySet[Any]) -> Iterator[list[int]]:
    """The keys of the rows in ascending order; each row is looked at once."""
    last = 0
    while keys := list(
        rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        yield keys
        last = keys[-1]


def _forget_reasons() -> int:
    return reasons().update(reason="") + held_and_gone().update(held_at=None, held_reason="")
