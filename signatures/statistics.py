"""Figures by country and over time from which nobody can learn about fewer than ten people.

The totals are exact and everybody may watch them tick, so a breakdown beside them must not let
itself be put together with them. Three rules see to it. Every figure is rounded down to tens, hence
shown only from ten on. All figures are of one moment, and are renewed at most daily and only when
the number of people has changed by ten or more. And they are renewed only if what the rounding
leaves open is ten or more, both in the figures themselves and in their change since the last time;
otherwise the old ones stay. So a tick of the total can be laid to no country.

Countries are of people, online and on paper. Organisations are listed by name and country anyway:
added in, they could be subtracted again.
"""

from collections import Counter
from datetime import UTC, date, timedelta
from itertools import accumulate

from django.db import transaction
from django.db.models import Sum
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import tally
from signatures.models import DayTally, Figures, Kind, Tally

STEP = 10  # the smallest number of people that may be told from others
RENEWED_AFTER = timedelta(days=1)
MOST_POINTS = 60
SPANS = (1, 7, 28)  # days between two points
PEOPLE = (Kind.INDIVIDUAL, tally.PAPER)


def renew_all() -> int:
    """How many campaigns have new figures. Safe to repeat."""
    return sum(renew(campaign) for campaign in Campaign.objects.public())


@transaction.atomic
def renew(campaign: Campaign) -> bool:
    """Take the figures of this moment, if it is time and they give nobody away."""
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    old = Figures.objects.filter(campaign=campaign).first()
    moment = now()
    if old and moment < old.taken_at + RENEWED_AFTER:
        return False
    people = _people(campaign)
    shown = {country: _down(number) for country, number in people.items() if number >= STEP}
    if not is_safe(old.people if old else 0, old.countries if old else {}, people.total(), shown):
        return False
    fields = {
        "taken_at": moment,
        "people": people.total(),
        "countries": dict(sorted(shown.items(), key=lambda part: (-part[1], part[0]))),
        "days": series(_days(campaign), moment.astimezone(UTC).date()),
    }
    Figures.objects.update_or_create(campaign=campaign, defaults=fields)
    return True


def is_safe(
    people_before: int, before: dict[str, int], people_after: int, after: dict[str, int]
) -> bool:
    """Whether these figures may follow those, both rounded, beside exact numbers of people."""
    change = abs(people_after - people_before)
    told = sum(
        max(0, abs(after.get(country, 0) - before.get(country, 0)) - (STEP - 1))
        for country in before.keys() | after.keys()
    )
    left_open = people_after - sum(after.values())
    return change >= STEP and change - told >= STEP and left_open >= STEP


def series(days: list[tuple[date, int]], today: date) -> list[tuple[str, int]]:
    """The count at the end of days that are over, rounded down: every day, week or fourth week."""
    ended = [(day, number) for day, number in days if day < today]
    if not ended:
        return []
    first, last = ended[0][0], today - timedelta(days=1)
    span = next((span for span in SPANS if (last - first).days // span < MOST_POINTS), SPANS[-1])
    sums = dict(zip((day for day, _ in ended), accumulate(n for _, n in ended), strict=True))
    points, reached = [], 0
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        reached = sums.get(day, reached)
        if (last - day).days % span == 0:
            points.append((day.isoformat(), _down(reached)))
    return points


def _down(number: int) -> int:
    return max(0, number // STEP * STEP)


def _people(campaign: Campaign) -> Counter[str]:
    parts = (
        Tally.objects.filter(campaign=campaign, kind__in=PEOPLE)
        .values_list("country")
        .annotate(sum=Sum("number"))
    )
    return Counter(dict(parts))


def _days(campaign: Campaign) -> list[tuple[date, int]]:
    parts = DayTally.objects.filter(campaign=campaign).values_list("day")
    return list(parts.annotate(sum=Sum("number")).order_by("day"))


def taken(campaign: Campaign) -> Figures | None:
    return Figures.objects.filter(campaign=campaign).first()
