"""Figures by country and over time from which nobody can learn about fewer than ten people.

The totals are exact and everybody may watch them tick, so a breakdown beside them must not let
itself be put together with them. Hence these rules:

- Every figure is rounded down to tens, so it is shown only from ten on, and it falls only when more
  than ten have left.
- All figures are of one moment, at most one in a day, and when the next one comes depends on the
  number of people alone: it must have changed by ten or more.
- What the rounding leaves open must be ten or more, both in the figures themselves and in their
  change since the last ones; otherwise they are rounded down further.

So a tick of the total can be laid to no country, by whoever keeps all that was ever shown.

Countries are of people, online and on paper. Organisations are listed by name and country anyway:
added in, they could be subtracted again.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
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
    figures = taken(campaign) or Figures(campaign=campaign)
    people, moment = _people(campaign), now()
    if not is_time(figures, people.total(), moment):
        return False
    shown = choose(figures.people, figures.countries, people)
    figures.tried_at, figures.tried_people = moment, people.total()
    if shown:
        figures.taken_at, figures.people = moment, people.total()
        figures.countries = dict(sorted(shown.items(), key=lambda part: (-part[1], part[0])))
        figures.days = series(_days(campaign), moment.astimezone(UTC).date())
    figures.save()
    return bool(shown)


def is_time(figures: Figures, people: int, moment: datetime) -> bool:
    """Whether to try again: this depends on what everybody may know, and on nothing else."""
    waited = figures.tried_at is None or figures.tried_at + RENEWED_AFTER <= moment
    return waited and abs(people - figures.tried_people) >= STEP


def choose(people_before: int, before: dict[str, int], people: Counter[str]) -> dict[str, int]:
    """Figures that may follow those of before; none if those have to stay.

    What would give somebody away is rounded down further, where most has been added. To show
    nothing instead would tell that there was something to hide.
    """
    shown = {
        country: number
        for country in people.keys() | before.keys()
        if (number := _next(people[country], before.get(country, 0)))
    }
    while shown and not is_safe(people_before, before, people.total(), shown):
        added = {country: number - before.get(country, 0) for country, number in shown.items()}
        most = max(added, key=lambda country: (added[country], country))
        if added[most] <= 0:
            return {}
        shown[most] -= STEP
        shown = {country: number for country, number in shown.items() if number}
    return shown


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
    return change - told >= STEP and left_open >= STEP


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


def _next(number: int, before: int) -> int:
    """A figure falls only when more than ten are gone: else it would name one who has left."""
    return before if before - STEP <= number < before else _down(number)


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
