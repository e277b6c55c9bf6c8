"""Sealing: the list of a moment, line by line, so hashed that no later change stays unseen.

A line is a JSON object with a random salt, so that nobody can guess it from its digest. The SHA-256
of a line is its leaf. A block is a thousand leaves; the SHA-256 of a block's leaves, written as
text, one in each line, is the block's digest; that of the blocks' digests, written likewise, is the
digest of the list. Ordinary tools can check all of that.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Campaign
from signatures import tally
from signatures.models import HandIn, Kind, SealedEntry, Signature, Visibility
from signatures.querysets import COUNTED

# Of a campaign in a queryset.
HAS_LISTS = Exists(HandIn.objects.filter(campaign=OuterRef("pk"), sealed_at__isnull=False))
BLOCK = 1000  # entries, and what one transaction seals
SALT = 16  # random bytes
READ = ("pk", "kind", "batch", "country", "visibility", "name", "city", "organisation")


class Correction(NamedTuple):
    """What is no longer so since the list was sealed, which stands as it is."""

    taken_back: int
    held: int  # by organisers, or refused

    @property
    def total(self) -> int:
        return self.taken_back + self.held


@transaction.atomic
def seal(campaign: Campaign, by: User) -> HandIn | None:
    """Start to seal what counts now; `None` if nothing counts or a list is just being sealed."""
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    lists = HandIn.objects.filter(campaign=campaign)
    if lists.filter(sealed_at=None).exists() or not tally.read(campaign).total:
        return None
    number = (lists.aggregate(last=Max("number"))["last"] or 0) + 1
    hand_in = HandIn.objects.create(campaign=campaign, number=number, moment=now(), by=by)
    trail.record("seal", by, campaign, hand_in, number=number)
    return hand_in


@transaction.atomic
def seal_block() -> bool:
    """Seal the next thousand of a list, or end it; whether there was anything to do.

    Whoever is first holds the row, others pass by. Signatures are held, too: who takes one back
    meanwhile waits, and then finds the entry.
    """
    waiting = HandIn.objects.defer("receipt").filter(sealed_at=None).order_by("pk")
    hand_in = waiting.select_for_update(skip_locked=True).first()
    if hand_in is None:
        return False
    rows = list(
        Signature.objects.counted()
        .filter(campaign=hand_in.campaign_id, confirmed_at__lte=hand_in.moment)
        .filter(pk__gt=hand_in.cursor)
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
        .only(*READ)[:BLOCK]
    )
    if rows:
        _add(hand_in, rows)
    if len(rows) < BLOCK:
        _end(hand_in)
    hand_in.save(update_fields=CHANGED)
    return True


CHANGED = [
    "cursor", "blocks", "sealed_at", "people", "organisations", "paper", "countries", "named",
    "digest",
]  # fmt: skip


def _add(hand_in: HandIn, rows: list[Signature]) -> None:
    entries = [
        _entry(hand_in, number, row) for number, row in enumerate(rows, start=hand_in.total + 1)
    ]
    SealedEntry.objects.bulk_create(entries)
    hand_in.people += sum(entry.kind == Kind.INDIVIDUAL for entry in entries)
    hand_in.organisations += sum(entry.kind == Kind.ORGANISATION for entry in entries)
    hand_in.paper += sum(entry.kind == tally.PAPER for entry in entries)
    hand_in.named += sum(row.visibility != Visibility.COUNT for row in rows)
    hand_in.blocks += f"{digest_of(entry.leaf for entry in entries)}\n"
    hand_in.cursor = rows[-1].pk


def _entry(hand_in: HandIn, number: int, row: Signature) -> SealedEntry:
    kind = tally.PAPER if row.batch_id else row.kind
    facts = {
        "list": f"{hand_in.campaign.slug}/{hand_in.number}",
        "number": number,
        "kind": kind,
        "country": row.country,
        **_named(row),
        "salt": secrets.token_hex(SALT),
    }
    line = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    return SealedEntry(
        hand_in=hand_in, number=number, signature=row, kind=kind, country=row.country,
        line=line, leaf=leaf_of(line),
    )  # fmt: skip


def _named(row: Signature) -> dict[str, str]:
    """What the signatory agreed to hand over; of those who are only counted nothing is there."""
    if row.visibility == Visibility.COUNT:
        return {}
    if row.kind == Kind.ORGANISATION:
        return {"name": row.organisation}
    return {"name": row.name, **({"town": row.city} if row.city else {})}


def _end(hand_in: HandIn) -> None:
    hand_in.sealed_at = now()
    hand_in.digest = hashlib.sha256(hand_in.blocks.encode()).hexdigest()
    entries = SealedEntry.objects.filter(hand_in=hand_in)
    hand_in.countries = entries.exclude(country="").values("country").distinct().count()
    trail.record(
        "sealed", hand_in.by, hand_in.campaign, hand_in,
        people=hand_in.people, organisations=hand_in.organisations, paper=hand_in.paper,
        named=hand_in.named, digest=hand_in.digest,
    )  # fmt: skip


def leaf_of(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()


def digest_of(leaves: Iterable[str]) -> str:
    """SHA-256 of digests in hexadecimal, one in each line."""
    return hashlib.sha256("".join(f"{leaf}\n" for leaf in leaves).encode()).hexdigest()


def public(campaign: Campaign) -> list[HandIn]:
    """The sealed lists of a campaign, the newest first, without what is large."""
    lists = HandIn.objects.filter(campaign=campaign, sealed_at__isnull=False)
    return list(lists.defer("receipt", "blocks").order_by("-number"))


def taken_back(hand_in: HandIn) -> int:
    """How many of a list were taken back since; quick however long it is."""
    entries = SealedEntry.objects.filter(hand_in=hand_in, taken_back_at__isnull=False)
    return entries.count()


def correction(hand_in: HandIn) -> Correction:
    gone = Q(withdrawn_at=None) & ~COUNTED
    held = Signature.objects.filter(gone, campaign=hand_in.campaign_id)
    entries = SealedEntry.objects.filter(hand_in=hand_in)
    return Correction(
        taken_back=taken_back(hand_in),
        held=entries.filter(taken_back_at=None, signature__in=held).count(),
    )


@transaction.atomic
def record(
    hand_in: HandIn, by: User, handed_in_on: date | None, place: Any, recipient: Any
) -> bool:
    """Say when, where and to whom a sealed list was given."""
    facts = {"handed_in_on": handed_in_on, "place": place, "recipient": recipient}
    if not HandIn.objects.filter(pk=hand_in.pk, sealed_at__isnull=False).update(**facts):
        return False
    day = handed_in_on.isoformat() if handed_in_on else ""
    trail.record("record hand-in", by, hand_in.campaign, hand_in, handed_in_on=day)
    return True
