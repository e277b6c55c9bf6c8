"""Exact counts without scanning: what `lifecycle` adds, pages read, and a recount proves."""

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, F, Sum, Value, When
from django.db.models.functions import TruncDate

from campaigns.models import Campaign
from signatures.models import DayTally, Kind, Signature, Tally
from signatures.querysets import SignatureQuerySet

SHARDS = 4
PAPER = "paper"
# What has left no row behind, for the page that explains the count.
EXPIRED, DENIED, ERASED, MISTAKEN = "expired", "denied", "erased", "mistaken"
GONE = (EXPIRED, DENIED, ERASED, MISTAKEN)
# Rungs of the goal ladder: 100, 200, 500, 1,000 … 500,000,000.
LADDER = [factor * 10**power for power in range(2, 9) for factor in (1, 2, 5)]

# How many count, by kind, country and day.
Parts = Counter[tuple[str, str, date]]


@dataclass(frozen=True)
class Totals:
    """What a page says about a campaign's signatures."""

    people: int
    organisations: int
    paper: int
    countries: int
    goal: int

    @property
    def total(self) -> int:
        return self.people + self.organisations + self.paper

    @property
    def percent(self) -> int:
        return min(100, 100 * self.total // self.goal)


def add(signature: Signature, step: int) -> None:
    """Count a signature (+1) or stop counting it (-1), inside the caller's transaction.

    The object must say what its row says.
    """
    kind = PAPER if signature.batch_id else signature.kind
    _add(signature.campaign_id, kind, signature.country, step)
    if signature.confirmed_at is None:
        raise ValueError("Only what is confirmed counts.")
    _add_to_day(signature.campaign_id, kind, signature.confirmed_at.astimezone(UTC).date(), step)


def count(rows: SignatureQuerySet) -> Parts:
    """How many of these rows count, by kind (paper is one), country and day; scans them."""
    counted_as = Case(When(batch=None, then=F("kind")), default=Value(PAPER))
    day = TruncDate("confirmed_at", tzinfo=UTC)
    parts = rows.counted().values_list(counted_as, "country", day).annotate(number=Count("pk"))
    return Counter({(kind, country, day): number for kind, country, day, number in parts})


def shift(campaign_id: int, before: Parts, after: Parts) -> None:
    """Put the tally right after rows have changed that counted as `before` and count as `after`."""
    change: Parts = after.copy()
    change.subtract(before)
    # In one order, so that two who do this wait for each other and never in a circle.
    for (kind, country), step in sorted(_by_country(change).items()):
        if step:
            _add(campaign_id, kind, country, step)
    for (kind, day), step in sorted(_by_day(change).items()):
        if step:
            _add_to_day(campaign_id, kind, day, step)


def add_gone(campaign_id: int, kind: str, number: int) -> None:
    """Remember that so many rows went; `kind` is one of `GONE`."""
    _add(campaign_id, kind, "", number)


def read_gone(campaign: Campaign) -> dict[str, int]:
    """How many rows went, by kind."""
    parts = Tally.objects.filter(campaign=campaign, kind__in=GONE).values_list("kind")
    sums = dict(parts.annotate(sum=Sum("number")))
    return {kind: sums.get(kind, 0) for kind in GONE}


def read(campaign: Campaign) -> Totals:
    """One query over a few hundred rows at most, however many have signed."""
    return read_all([campaign])[campaign.pk]


def read_all(campaigns: Iterable[Campaign]) -> dict[int, Totals]:
    """The same for several campaigns, by their keys; still one query."""
    goals = {campaign.pk: campaign.first_goal for campaign in campaigns}
    parts = (
        Tally.objects.filter(campaign__in=goals)
        .exclude(kind__in=GONE)
        .values_list("campaign", "kind", "country")
        .annotate(sum=Sum("number"))
    )
    kinds: dict[int, Counter[str]] = {pk: Counter() for pk in goals}
    countries: dict[int, set[str]] = {pk: set() for pk in goals}
    for pk, kind, country, number in parts:
        kinds[pk][kind] += number
        if number > 0 and country:
            countries[pk].add(country)
    return {
        pk: Totals(
            people=kinds[pk][Kind.INDIVIDUAL],
            organisations=kinds[pk][Kind.ORGANISATION],
            paper=kinds[pk][PAPER],
            countries=len(countries[pk]),
            goal=next_goal(kinds[pk].total(), first_goal),
        )
        for pk, first_goal in goals.items()
    }


def next_goal(total: int, first: int) -> int:
    """The lowest rung that has not been reached."""
    rungs = [first, *(rung for rung in LADDER if rung > first)]
    return next((rung for rung in rungs if rung > total), rungs[-1])


@transaction.atomic
def recount(campaign: Campaign) -> dict[tuple[str, str], int]:
    """Count the rows, put the tally right where it differs; the differences by kind and country,
    and by kind and day.

    Nothing is counted meanwhile: the campaign and its tally rows are locked, the campaign because a
    new tally row needs it.
    """
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    true = count(Signature.objects.filter(campaign=campaign))
    countries = _differences(_locked(Tally, campaign, "country"), _by_country(true))
    for (kind, country), step in countries.items():
        _add(campaign.pk, kind, country, step)
    days = _differences(_locked(DayTally, campaign, "day"), _by_day(true))
    for (kind, day), step in days.items():
        _add_to_day(campaign.pk, kind, day, step)
    return countries | {(kind, day.isoformat()): step for (kind, day), step in days.items()}


def _locked(model: Any, campaign: Campaign, by: str) -> Counter[tuple[str, Any]]:
    """What the shown parts add up to; they are locked."""
    shown: Counter[tuple[str, Any]] = Counter()
    for shard in model.objects.select_for_update().filter(campaign=campaign).order_by("pk"):
        if shard.kind not in GONE:
            shown[shard.kind, getattr(shard, by)] += shard.number
    return shown


def _differences(
    shown: Counter[tuple[str, Any]], true: Counter[tuple[str, Any]]
) -> dict[tuple[str, Any], int]:
    keys = sorted(shown.keys() | true.keys())
    return {key: true[key] - shown[key] for key in keys if true[key] != shown[key]}


def _by_country(parts: Parts) -> Counter[tuple[str, Any]]:
    sums: Counter[tuple[str, Any]] = Counter()
    for (kind, country, _day), number in parts.items():
        sums[kind, country] += number
    return sums


def _by_day(parts: Parts) -> Counter[tuple[str, Any]]:
    sums: Counter[tuple[str, Any]] = Counter()
    for (kind, _country, day), number in parts.items():
        sums[kind, day] += number
    return sums


def _add(campaign_id: int, kind: str, country: str, step: int) -> None:
    _add_to(Tally, {"campaign_id": campaign_id, "kind": kind, "country": country}, step)


def _add_to_day(campaign_id: int, kind: str, day: date, step: int) -> None:
    _add_to(DayTally, {"campaign_id": campaign_id, "kind": kind, "day": day}, step)


def _add_to(model: Any, key: dict[str, Any], step: int) -> None:
    part = {**key, "shard": secrets.randbelow(SHARDS)}
    if not model.objects.filter(**part).update(number=F("number") + step):
        model.objects.bulk_create([model(**part)], ignore_conflicts=True)
        model.objects.filter(**part).update(number=F("number") + step)
