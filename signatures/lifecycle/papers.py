"""Signatures that were collected by hand: entered by organisers, all of a batch or none."""

import itertools
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Appeal, Campaign
from signatures import names, tally
from signatures.lifecycle.leaving import PAPER_BATCH, batch_key, withdraw
from signatures.models import (
    Erasure,
    Kind,
    PaperBatch,
    PaperSheet,
    SealedEntry,
    Signature,
    Visibility,
)

# Sheets may still come in when signing has ended, but not after the hand-in.
TAKES_PAPER = (Campaign.Status.OPEN, Campaign.Status.PAUSED, Campaign.Status.CLOSED)
MOST_ON_PAPER = 20_000  # signatures in a batch
CONSENT = "paper"  # the sentence is printed on the sheet
DOUBLE = "like another signature"
BATCH = 1000
WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Line:
    """What a sheet says of one person, or of `number` people who only want to be counted."""

    country: str
    visibility: str = Visibility.COUNT
    name: str = ""
    city: str = ""
    number: int = 1


@dataclass(frozen=True)
class Entered:
    """What became of a batch. Nothing was entered if the campaign takes no paper, or if the file or
    a sheet is there already."""

    counted: int = 0
    held: int = 0
    is_refused: bool = False
    is_known: bool = False
    known_sheets: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        return not (self.is_refused or self.is_known or self.known_sheets)


def enter(
    batch: PaperBatch,
    lines: Sequence[Line],
    sheets: Sequence[str] = (),
    appeal: Appeal | None = None,
) -> Entered:
    """Count the lines of a batch that is not saved yet, in the name of its `entered_by`.

    `appeal` is the version on the sheets, by default the one that is signed now. Whoever looks like
    another signature is held, so that somebody decides. The order of a sheet is not kept: no list
    tells who signed beside whom.
    """
    if sum(line.number for line in lines) > MOST_ON_PAPER:
        raise ValueError(f"more than {MOST_ON_PAPER} signatures in a batch")
    doubles = find_doubles(batch.campaign, lines)
    appeal = appeal or batch.campaign.appeal
    try:
        return _enter(batch, lines, doubles, sheets, appeal)
    except IntegrityError:  # the same sheets a moment ago, in another process
        return _enter(batch, lines, doubles, sheets, appeal)


def find_doubles(campaign: Campaign, lines: Sequence[Line]) -> set[int]:
    """The places of the lines that look like one before them, or like a confirmed signature.

    Names are sealed, so all of the same countries are unsealed for it, one after the other.
    """
    likenesses = [_likeness(line.name, line.country) if line.name else None for line in lines]
    wanted = {likeness for likeness in likenesses if likeness}
    seen = {likeness for likeness in _named(campaign, wanted) if likeness in wanted}
    doubles = set()
    for place, likeness in enumerate(likenesses):
        if likeness is None:
            continue
        if likeness in seen:
            doubles.add(place)
        seen.add(likeness)
    return doubles


def _named(campaign: Campaign, wanted: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    rows = (
        Signature.objects.confirmed()
        .filter(campaign=campaign, kind=Kind.INDIVIDUAL)
        .filter(country__in={country for country, _words in wanted})
        .exclude(visibility=Visibility.COUNT)
        .values_list("name", "country")
    )
    for name, country in rows.iterator(chunk_size=2000):
        yield _likeness(name, country)


def _likeness(name: str, country: str) -> tuple[str, str]:
    """The same for “Sam Example” and “EXAMPLE, Sam”."""
    return country, " ".join(sorted(WORDS.findall(names.fold(name))))


@transaction.atomic
def _enter(
    batch: PaperBatch,
    lines: Sequence[Line],
    doubles: set[int],
    sheets: Sequence[str],
    appeal: Appeal,
) -> Entered:
    refusal = _refusal(batch, sheets)
    if not refusal.is_done:
        return refusal
    batch.pk, batch.entered_at = None, now()
    batch.save(force_insert=True)
    PaperSheet.objects.bulk_create(
        PaperSheet(campaign=batch.campaign, batch=batch, number=number) for number in sheets
    )
    number = sum(line.number for line in lines)
    rows = _rows(batch, lines, doubles, appeal)
    while some := list(itertools.islice(rows, BATCH)):
        Signature.objects.bulk_create(some)
    tally.shift(batch.campaign_id, Counter(), tally.count(Signature.objects.filter(batch=batch)))
    entered = Entered(counted=number - len(doubles), held=len(doubles))
    trail.record(
        "enter paper", batch.entered_by, batch.campaign, batch,
        number=number, held=entered.held, sheets=len(sheets), via=batch.via,
    )  # fmt: skip
    return entered


def _refusal(batch: PaperBatch, sheets: Sequence[str]) -> Entered:
    """Why the batch cannot be entered, if it cannot."""
    # Who signs meanwhile does not wait for this lock, who closes the campaign does.
    campaigns = Campaign.objects.select_for_update(no_key=True).filter(status__in=TAKES_PAPER)
    same = PaperBatch.objects.filter(campaign=batch.campaign, digest=batch.digest)
    known = PaperSheet.objects.filter(campaign=batch.campaign, number__in=sheets)
    return Entered(
        is_refused=campaigns.filter(pk=batch.campaign_id).first() is None,
        is_known=batch.digest != "" and same.exists(),
        known_sheets=tuple(known.order_by("number").values_list("number", flat=True)),
    )


def _rows(
    batch: PaperBatch, lines: Sequence[Line], doubles: set[int], appeal: Appeal
) -> Iterator[Signature]:
    moment = batch.entered_at
    day = batch.collected_on or moment.date()
    shared: dict[str, Any] = {
        "campaign": batch.campaign,
        "appeal": appeal,
        "batch": batch,
        "kind": Kind.INDIVIDUAL,
        "language": batch.language,
        "via": batch.via,
        "consent_version": CONSENT,
        "signed_at": datetime.combine(day, time(), UTC),
        "confirmed_at": moment,
    }
    places = list(range(len(lines)))
    secrets.SystemRandom().shuffle(places)
    for place in places:
        line = lines[place]
        held = {"held_at": moment, "held_reason": DOUBLE} if place in doubles else {}
        signals = "mixed scripts" if names.mixes_scripts(line.name) else ""
        for _each in range(line.number):
            yield Signature(
                **shared, **held, name=line.name, city=line.city, country=line.country,
                visibility=line.visibility, signals=signals,
            )  # fmt: skip


@transaction.atomic
def keep_scan(sheet: PaperSheet, content: bytes, media_type: str, by: User) -> None:
    """A picture of the sheet, in place of an earlier one."""
    PaperSheet.objects.filter(pk=sheet.pk).update(scan=content, scan_type=media_type)
    trail.record("keep scan", by, sheet.campaign, sheet, bytes=len(content))


@transaction.atomic
def withdraw_from_paper(signature: Signature, by: User) -> bool:
    """Somebody who signed on paper, and so has no own page, asked for it."""
    if signature.batch_id is None or not withdraw(signature):
        return False
    trail.record("withdraw from paper", by, signature.campaign, signature)
    return True


@transaction.atomic
def take_back_batch(batch: PaperBatch, by: User | None) -> int | None:
    """Undo a batch that was entered by mistake; its sheets and its file can be entered again.

    How many signatures went, or `None` if somebody was faster.
    """
    locked = PaperBatch.objects.select_for_update().filter(pk=batch.pk).first()
    if locked is None:
        return None
    rows = Signature.objects.filter(batch=locked)
    tally.shift(locked.campaign_id, tally.count(rows), Counter())
    SealedEntry.objects.filter(signature__batch=locked, taken_back_at=None).update(
        line="", taken_back_at=now()
    )
    number = rows.delete()[1].get(Signature._meta.label, 0)
    tally.add_gone(locked.campaign_id, tally.MISTAKEN, number)
    Erasure.objects.create(
        campaign=locked.campaign, kind=PAPER_BATCH, address_hash=batch_key(locked), at=now()
    )
    trail.record("take back paper", by, locked.campaign, locked, number=number)
    locked.delete()
    return number
