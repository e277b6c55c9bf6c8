"""Exact counts without scanning: what `lifecycle` adds, pages read, and a recount proves."""

import secrets
from collections import Counter
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, Count, F, Sum, Value, When

from campaigns.models import Campaign
from signatures.models import Kind, Signature, Tally
from signatures.querysets import SignatureQuerySet

SHARDS = 4
PAPER = "paper"
# What has left no row behind, for the page that explains the count.
EXPIRED, DENIED, ERASED, MISTAKEN = "expired", "denied", "erased", "mistaken"
GONE = (EXPIRED, DENIED, ERASED, MISTAKEN)
# Rungs of the goal ladder: 100, 200, 500, 1,000 … 500,000,000.
LADDER = [factor * 10**power for power in range(2, 9) for factor in (1, 2, 5)]


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
    """Count a signature (+1) or stop counting it (-1), inside the caller's transaction."""
    kind = PAPER if signature.batch_id else signature.kind
    _add(signature.campaign_id, kind, signature.country, step)


def count(rows: SignatureQuerySet) -> Counter[tuple[str, str]]:
    """How many of these rows count, by kind (paper is one) and country; scans them."""
    counted_as = Case(When(batch=None, then=F("kind")), default=Value(PAPER))
    parts = rows.counted().values_list(counted_as, "country").annotate(number=Count("pk"))
    return Counter({(kind, country): number for kind, country, number in parts})


def shift(
    campaign_id: int, before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]
) -> None:
    """Put the tally right after rows have changed that counted as `before` and count as `after`."""
    # In the same order for everybody, so that no two wait for each other.
    for kind, country in sorted(before.keys() | after.keys()):
        step = after[kind, country] - before[kind, country]
        if step:
            _add(campaign_id, kind, country, step)


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
    parts = (
        Tally.objects.filter(campaign=campaign)
        .exclude(kind__in=GONE)
        .values_list("kind", "country")
        .annotate(sum=Sum("number"))
    )
    kinds: Counter[str] = Counter()
    countries = set()
    for kind, country, number in parts:
        kinds[kind] += number
        if number > 0 and country:
            countries.add(country)
    return Totals(
        people=kinds[Kind.INDIVIDUAL],
        organisations=kinds[Kind.ORGANISATION],
        paper=kinds[PAPER],
        countries=len(countries),
        goal=next_goal(kinds.total(), campaign.first_goal),
    )


def next_goal(total: int, first: int) -> int:
    """The lowest rung that has not been reached."""
    rungs = [first, *(rung for rung in LADDER if rung > first)]
    return next((rung for rung in rungs if rung > total), rungs[-1])


@transaction.atomic
def recount(campaign: Campaign) -> dict[tuple[str, str], int]:
    """Count the rows, put the tally right where it differs; the differences by kind and country.

    Nothing is counted meanwhile: the campaign and its tally rows are locked, the campaign because a
    new tally row needs it.
    """
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    shards = list(Tally.objects.select_for_update().filter(campaign=campaign).order_by("pk"))
    shown: Counter[tuple[str, str]] = Counter()
    for shard in shards:
        if shard.kind in GONE:
            continue
        shown[shard.kind, shard.country] += shard.number
    true = count(Signature.objects.filter(campaign=campaign))
    shift(campaign.pk, shown, true)
    return {
        key: true[key] - shown[key]
        for key in sorted(shown.keys() | true.keys())
        if true[key] != shown[key]
    }


def _add(campaign_id: int, kind: str, country: str, step: int) -> None:
    part = {
        "campaign_id": campaign_id,
        "kind": kind,
        "country": country,
        "shard": secrets.randbelow(SHARDS),
    }
    if not Tally.objects.filter(**part).update(number=F("number") + step):
        Tally.objects.bulk_create([Tally(**part)], ignore_conflicts=True)
        Tally.objects.filter(**part).update(number=F("number") + step)
