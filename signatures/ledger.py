"""What people took back, under keyed hashes: to be told to a restored backup before the site opens.

A line of JSON for each entry, to be kept apart from the backups. Whoever reads them without
`ADDRESS_KEY` learns nobody's address.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import lifecycle
from signatures.models import Erasure, Mute, PaperBatch, Signature, Visibility

# A transaction that erased somebody may have ended a little after the moment that it wrote down.
SLACK = timedelta(hours=1)


class BadLedger(Exception):
    """A line that is no entry; the text says which and why."""


@dataclass(frozen=True)
class TakenBack:
    """Somebody took a signature back at a moment, or something of it; `kind` as in `Erasure`."""

    campaign: str
    kind: str
    address_hash: str
    at: datetime


@dataclass(frozen=True)
class Muted:
    """The owner of an address wants no mail until a moment."""

    campaign: str
    address_hash: str
    until: datetime


Entry = TakenBack | Muted


def entries() -> Iterator[Entry]:
    """The ledger of this database."""
    taken_back = Erasure.objects.order_by("pk").values_list(
        "campaign__slug", "kind", "address_hash", "at"
    )
    for row in taken_back.iterator():
        yield TakenBack(*row)
    muted = Mute.objects.filter(until__gt=now()).order_by("pk")
    for mute in muted.values_list("campaign__slug", "address_hash", "until").iterator():
        yield Muted(*mute)


def to_line(entry: Entry) -> str:
    return json.dumps(asdict(entry), default=datetime.isoformat)


def from_lines(lines: Iterable[str]) -> Iterator[Entry]:
    """Raises `BadLedger` at the first line that `to_line` cannot have written."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _from_line(line, number)


def _from_line(line: str, number: int) -> Entry:
    try:
        fields = json.loads(line)
        if "until" in fields:
            return Muted(**{**fields, "until": datetime.fromisoformat(fields["until"])})
        return TakenBack(**{**fields, "at": datetime.fromisoformat(fields["at"])})
    except (ValueError, TypeError, KeyError) as error:
        raise BadLedger(f"Line {number} is no entry of a ledger.") from error


def apply(entries: Iterable[Entry], since: datetime) -> int:
    """Take back again what was taken back after `since`, when the backup was made; how often.

    Whoever signed anew afterwards stays. Entries of campaigns that are not there are passed by.
    """
    campaigns = {campaign.slug: campaign for campaign in Campaign.objects.all()}
    number = 0
    for entry in entries:
        campaign = campaigns.get(entry.campaign)
        if campaign is None:
            continue
        if isinstance(entry, Muted):
            _mute(campaign, entry)
        elif entry.at >= since - SLACK:
            number += _take_back(campaign, entry)
    return number


def _mute(campaign: Campaign, entry: Muted) -> None:
    Mute.objects.update_or_create(
        campaign=campaign,
        address_hash=entry.address_hash,
        defaults={"until": entry.until},
    )


@transaction.atomic
def _take_back(campaign: Campaign, entry: TakenBack) -> int:
    """The entry is kept in this database's own ledger, too: there may be a next restore."""
    key: dict[str, Any] = {"campaign": campaign, "address_hash": entry.address_hash}
    Erasure.objects.get_or_create(**key, kind=entry.kind, at=entry.at)
    if entry.kind == lifecycle.PAPER_BATCH:
        return _take_back_batch(campaign, entry)
    if entry.address_hash.startswith(lifecycle.ON_PAPER):
        key = {"campaign": campaign, "pk": _row(entry), "batch__isnull": False}
    rows = Signature.objects.live().filter(**key, signed_at__lte=entry.at)
    return sum(_again(signature, entry) for signature in rows)


def _take_back_batch(campaign: Campaign, entry: TakenBack) -> int:
    batches = PaperBatch.objects.filter(campaign=campaign, entered_at__lte=entry.at)
    return sum(lifecycle.take_back_batch(b, None) or 0 for b in batches.filter(pk=_row(entry)))


def _row(entry: TakenBack) -> int:
    """The key of a row that has no address; 0, which none has, where there is no number."""
    number = entry.address_hash.removeprefix(lifecycle.ON_PAPER)
    return int(number) if number.isdecimal() else 0


def _again(signature: Signature, entry: TakenBack) -> bool:
    if entry.kind == signature.kind:
        return lifecycle.erase(signature)
    if entry.kind == lifecycle.NO_NEWS:
        return signature.updates and lifecycle.stop_updates(signature)
    if entry.kind == lifecycle.HIDDEN:
        hidden = Signature.objects.filter(pk=signature.pk, hidden_at=None)
        return bool(hidden.update(hidden_at=entry.at))
    if entry.kind in {lifecycle.NO_QUOTE, lifecycle.NO_COMMENT}:
        return _take_comment_back(signature, entry)
    # Less may be done with the name, never more.
    shown = [Visibility.COUNT, Visibility.HANDIN, Visibility.PUBLIC]
    if entry.kind in shown[: shown.index(Visibility(signature.visibility))]:
        return lifecycle.correct(signature, signature.name, entry.kind)
    return False


def _take_comment_back(signature: Signature, entry: TakenBack) -> bool:
    """What it said may be wrong by now, or is only not to be shown."""
    comment = signature.comment if entry.kind == lifecycle.NO_QUOTE else ""
    words = lifecycle.Words(comment=comment, affiliation=signature.affiliation)
    return lifecycle.correct(signature, signature.name, signature.visibility, words)
