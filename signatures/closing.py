"""The end of a campaign's data: what leads to a person goes, the count and public names stay."""

from dataclasses import astuple, dataclass
from datetime import UTC
from typing import Any

from django.core.cache import caches
from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import TruncDay

from campaigns import lifecycle as campaigns
from campaigns.models import Campaign
from signatures import retention, tally
from signatures.keys import SealedField
from signatures.models import (
    Counter,
    Erasure,
    HandInFile,
    Kind,
    Moderation,
    Mute,
    OutboxMail,
    PaperBatch,
    PaperSheet,
    SealedEntry,
    Signature,
    Token,
    Visibility,
)
from signatures.querysets import COUNTED, LISTED

# Names whose owners wanted them on the web, and that no organiser has hidden.
PUBLIC = LISTED & Q(kind=Kind.INDIVIDUAL)
TABLES = (
    Counter, Erasure, HandInFile, Moderation, Mute, OutboxMail, PaperBatch, PaperSheet,
    SealedEntry, Signature, Token,
)  # fmt: skip


@dataclass(frozen=True)
class Going:
    """What is destroyed, in rows."""

    unconfirmed: int
    never_counted: int
    recognisable: int
    names: int
    addresses: int
    links: int
    sheets: int
    ledger: int
    muted: int
    sealed: int
    files: int


@dataclass(frozen=True)
class Staying:
    """What remains, in rows."""

    counted: int
    public_names: int
    organisations: int


def what_goes(campaign: Campaign) -> Going:
    rows = Signature.objects.filter(campaign=campaign)
    by_mail = rows.confirmed().filter(batch=None)
    known = by_mail.exclude(address_hash__startswith=retention.FORGOTTEN)
    return Going(
        unconfirmed=rows.pending().count(),
        never_counted=rows.confirmed().filter(~COUNTED).count(),
        recognisable=known.count(),
        names=rows.exclude(name="").exclude(PUBLIC).count(),
        addresses=rows.exclude(email="").count(),
        links=Token.objects.filter(signature__campaign=campaign).count(),
        sheets=PaperSheet.objects.filter(campaign=campaign).count(),
        ledger=Erasure.objects.filter(campaign=campaign).count(),
        muted=Mute.objects.filter(campaign=campaign).count(),
        sealed=_sealed(campaign).exclude(line="").count(),
        files=_files(campaign).exclude(content="").count(),
    )


def what_stays(campaign: Campaign) -> Staying:
    rows = Signature.objects.filter(campaign=campaign)
    return Staying(
        counted=rows.counted().count(),
        public_names=rows.filter(PUBLIC).count(),
        organisations=rows.listed().filter(kind=Kind.ORGANISATION).count(),
    )


def _sealed(campaign: Campaign) -> QuerySet[SealedEntry]:
    return SealedEntry.objects.filter(hand_in__campaign=campaign)


def _files(campaign: Campaign) -> QuerySet[HandInFile]:
    return HandInFile.objects.filter(hand_in__campaign=campaign)


def phrase(campaign: Campaign, going: Going) -> str:
    """What an operator repeats; it changes when there is anything new to look at."""
    return f"destroy {campaign.slug} {sum(astuple(going))}"


@transaction.atomic
def close_for_good(campaign: Campaign, agreed: str) -> bool:
    """Destroy everything by which a person could be found, if that is what was agreed to.

    Nobody can be recognised afterwards: no second signature, no own page, no erasing on request,
    and no opening again. Call `overwrite` once this is committed.
    """
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    if not campaign.has_ended or agreed != phrase(campaign, what_goes(campaign)):
        return False
    _destroy(campaign)
    campaigns.close_for_good(campaign)
    return True


def overwrite() -> None:
    """Make the files of the database forget, too, what is in its tables no longer.

    Not in a transaction; everybody waits meanwhile. All limits begin anew: they count under the
    hashes of addresses.
    """
    caches["counters"].clear()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for model in TABLES:
            cursor.execute(f"VACUUM FULL {connection.ops.quote_name(model._meta.db_table)}")


def _destroy(campaign: Campaign) -> None:
    rows = Signature.objects.filter(campaign=campaign)
    gone = rows.live().filter(~COUNTED).delete()[1].get(Signature._meta.label, 0)
    tally.add_gone(campaign.pk, tally.EXPIRED, gone)
    rows.counted().update(**ONLY_WHAT_IS_PUBLIC)
    rows.update(
        signed_at=TruncDay("signed_at", tzinfo=UTC),
        withdrawn_at=TruncDay("withdrawn_at", tzinfo=UTC),
    )
    Moderation.objects.filter(signature__campaign=campaign).update(reason="")
    Token.objects.filter(signature__campaign=campaign).delete()
    OutboxMail.objects.filter(signature__campaign=campaign).delete()
    retention.forget_sheets(Campaign.objects.filter(pk=campaign.pk).values("pk"))
    Erasure.objects.filter(campaign=campaign).delete()
    Mute.objects.filter(campaign=campaign).delete()
    _sealed(campaign).update(line="", signature=None)
    _files(campaign).update(content="")


ONLY_WHAT_IS_PUBLIC: dict[str, Any] = {
    **retention.ONLY_THE_COUNT,
    "name": Case(When(PUBLIC, then=F("name")), default=Value(""), output_field=SealedField()),
    "visibility": Case(
        When(~PUBLIC & Q(kind=Kind.INDIVIDUAL), then=Value(Visibility.COUNT)),
        default=F("visibility"),
    ),
    "email": "",
    "updates": False,
    "reminded_at": TruncDay("reminded_at", tzinfo=UTC),
    "confirmed_at": TruncDay("confirmed_at", tzinfo=UTC),
}
