"""Who has left, as keyed hashes: what a restored backup has to be told before the site opens.

A line of JSON for each entry, to be kept apart from the backups. Whoever reads them without
`ADDRESS_KEY` learns nobody's address.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import lifecycle
from signatures.models import Erasure, Mute, Signature

# A transaction that erased somebody may have ended a little after the moment that it wrote down.
SLACK = timedelta(hours=1)


class BadLedger(Exception):
    """A line that is no entry; the text says which and why."""


@dataclass(frozen=True)
class Left:
    """Somebody withdrew or was erased at a moment."""

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


Entry = Left | Muted


def entries() -> Iterator[Entry]:
    """The ledger of this database."""
    fields = ("campaign__slug", "kind", "address_hash", "at")
    for row in Erasure.objects.order_by("pk").values_list(*fields).iterator():
        yield Left(*row)
    fields = ("campaign__slug", "address_hash", "until")
    for row in Mute.objects.filter(until__gt=now()).order_by("pk").values_list(*fields).iterator():
        yield Muted(*row)


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
        return Left(**{**fields, "at": datetime.fromisoformat(fields["at"])})
    except (ValueError, TypeError, KeyError) as error:
        raise BadLedger(f"Line {number} is no entry of a ledger.") from error


def apply(entries: Iterable[Entry], since: datetime) -> int:
    """Erase everybody who left after `since`, when the backup was made; how many were there again.

    Whoever signed anew after leaving stays. Entries of campaigns that are not there are passed by.
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
            number += _erase(campaign, entry)
    return number


def _mute(campaign: Campaign, entry: Muted) -> None:
    Mute.objects.update_or_create(
        campaign=campaign,
        address_hash=entry.address_hash,
        defaults={"until": entry.until},
    )


@transaction.atomic
def _erase(campaign: Campaign, entry: Left) -> int:
    """The entry is kept in this database's own ledger, too: there may be a next restore."""
    key = {"campaign": campaign, "kind": entry.kind, "address_hash": entry.address_hash}
    Erasure.objects.get_or_create(**key, at=entry.at)
    back = Signature.objects.live().filter(**key, signed_at__lte=entry.at).first()
    return int(back is not None and lifecycle.erase(back))
