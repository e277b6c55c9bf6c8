"""Statistics: exact inside, and outside nothing that tells fewer than ten people apart.

An attacker knows how the figures are made, has kept every version of them and has watched the exact
number of people at every moment. What could have happened otherwise and looks the same to him, he
cannot know.
"""

import random
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import date, timedelta
from itertools import accumulate

import pytest
from django.utils.timezone import now
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signatures import charts, countries, lifecycle, statistics, tally
from signatures.management.commands.send_outbox import do_chores
from signatures.models import DayTally, Figures, PaperBatch, Signature
from tests.factories import approved, confirmed, make_campaign
from tests.pages import Page

SVG = "{http://www.w3.org/2000/svg}"
CHARTS = ["kinds", "days", "countries", "europe"]
# For the attacker: somewhere nobody has been seen to sign from.
UNSEEN = "ZZ"


def grow(campaign, numbers, day=date(2026, 11, 1)):
    """So many people more from these countries; the numbers alone, without rows."""
    for country, number in numbers.items():
        tally._add(campaign.pk, "individual", country, number)
        tally._add_to_day(campaign.pk, "individual", day, number)


def days(campaign) -> dict[date, int]:
    found = Counter()
    for part in DayTally.objects.filter(campaign=campaign):
        found[part.day] += part.number
    return {day: number for day, number in found.items() if number}


# The tally by day


@pytest.mark.django_db
def test_signatures_are_counted_by_the_day_on_which_they_were_confirmed(
    client, campaign, clock, mo
):
    first = confirmed(client, campaign)
    confirmed(client, campaign)
    clock.shift(timedelta(hours=14))  # past midnight in UTC
    confirmed(client, campaign)
    approved(client, campaign, mo)

    assert days(campaign) == {date(2026, 11, 24): 2, date(2026, 11, 25): 2}
    clock.shift(timedelta(days=3))
    lifecycle.withdraw(first)
    assert days(campaign) == {date(2026, 11, 24): 1, date(2026, 11, 25): 2}
    assert tally.recount(campaign) == {}


@pytest.mark.django_db
def test_an_object_that_is_older_than_its_row_is_taken_off_the_right_day(client, campaign, clock):
    signature = confirmed(client, campaign)
    signature.confirmed_at = None
    clock.shift(timedelta(days=2))
    lifecycle.withdraw(signature)

    assert days(campaign) == {}
    assert tally.recount(campaign) == {}


@pytest.mark.django_db
def test_paper_counts_on_the_day_on_which_it_was_entered(campaign, mo, clock):
    batch = PaperBatch.objects.create(
        campaign=campaign, language="en", entered_by=mo, entered_at=now(),
        collected_on=date(2026, 5, 1),
    )  # fmt: skip
    for _ in range(3):
        signature = Signature.objects.create(
            campaign=campaign, appeal=campaign.appeal, batch=batch, kind="individual",
            language="en", country="DE", visibility="count", signed_at=now(), confirmed_at=now(),
        )  # fmt: skip
        tally.add(signature, +1)

    assert days(campaign) == {date(2026, 11, 24): 3}
    assert tally.recount(campaign) == {}


@pytest.mark.django_db
def test_a_recount_proves_the_days_too(client, campaign, clock):
    confirmed(client, campaign)
    DayTally.objects.update(number=5)
    grow(campaign, {}, date(2026, 1, 1))
    tally._add_to_day(campaign.pk, "paper", date(2026, 1, 1), 2)

    assert tally.recount(campaign) == {
        ("individual", "2026-11-24"): -4,
        ("paper", "2026-01-01"): -2,
    }
    assert tally.recount(campaign) == {}
    assert days(campaign) == {date(2026, 11, 24): 1}


# Which figures are shown


@pytest.mark.django_db
def test_figures_are_rounded_down_and_small_countries_are_left_out(campaign, clock):
    grow(campaign, {"DE": 129, "FR": 40, "BY": 9, "MT": 1})
    tally._add(campaign.pk, tally.PAPER, "BY", 2)
    tally._add(campaign.pk, "organisation", "MT", 50)

    assert statistics.renew(campaign)
    figures = Figures.objects.get()
    assert figures.countries == {"DE": 120, "FR": 40, "BY": 10}
    assert figures.people == 181


@pytest.mark.django_db
def test_figures_are_renewed_once_a_day_and_only_when_ten_more_have_signed(campaign, clock):
    grow(campaign, {"DE": 55, "FR": 66})
    assert statistics.renew(campaign)
    grow(campaign, {"DE": 22, "FR": 15, "BE": 9})
    assert not statistics.renew(campaign)
    clock.shift(timedelta(days=1))
    assert statistics.renew(campaign)
    grow(campaign, {"DE": 4, "FR": 5})
    clock.shift(timedelta(days=9))
    assert not statistics.renew(campaign)
    assert Figures.objects.get().countries == {"FR": 80, "DE": 70}


@pytest.mark.django_db
def test_when_many_are_taken_off_the_count_the_figures_follow(campaign, clock):
    grow(campaign, {"DE": 555, "FR": 666, "BE": 9})
    assert statistics.renew(campaign)
    grow(campaign, {"FR": -500})
    clock.shift(timedelta(days=1))
    assert not statistics.renew(campaign)  # that all five hundred were from France would show
    grow(campaign, {"DE": -45, "BE": -5})
    clock.shift(timedelta(days=1))
    assert statistics.renew(campaign)
    assert Figures.objects.get().countries == {"DE": 510, "FR": 160}


@pytest.mark.parametrize(
    ("before", "people", "after"),
    [
        # The total would say that the other one is not from Germany, or that all are.
        ({}, 10, {"DE": 10}), ({}, 129, {"DE": 120}),
        # Whoever has come since would be known to be from there.
        ({"DE": 110}, 121, {"DE": 120}),
        ({"DE": 20, "FR": 20, "IT": 20, "ES": 20}, 110, {"DE": 30, "FR": 30, "IT": 20, "ES": 20}),
    ],
)  # fmt: skip
def test_figures_that_would_give_somebody_away_are_not_safe(before, people, after):
    people_before = sum(before.values()) + 19 if before else 0

    assert not statistics.is_safe(people_before, before, people, after)


@pytest.mark.parametrize(
    ("people", "figures"),
    [
        ({"DE": 10}, {}),
        ({"DE": 20}, {"DE": 10}),
        ({"DE": 129}, {"DE": 110}),
        ({"DE": 60, "FR": 50}, {"DE": 50, "FR": 50}),
        ({"DE": 60, "FR": 50, "BY": 9}, {"DE": 50, "FR": 50}),
        ({"DE": 60, "FR": 50, "BY": 9, "MT": 1}, {"DE": 60, "FR": 50}),
    ],
)
def test_figures_that_nearly_add_up_to_the_total_are_rounded_down_further(people, figures):
    assert statistics.choose(0, {}, Counter(people)) == figures


def test_a_figure_falls_only_when_more_than_ten_have_left():
    for number, shown in ((49, 50), (40, 50), (39, 30), (59, 50), (60, 60)):
        assert statistics._next(number, 50) == shown


def test_a_series_is_of_days_that_are_over_by_day_week_or_four_weeks():
    today = date(2026, 11, 24)
    yesterday = today - timedelta(days=1)
    assert statistics.series([], today) == []
    assert statistics.series([(today, 500)], today) == []
    assert statistics.series([(yesterday, 57), (today, 500)], today) == [("2026-11-23", 50)]

    for length, points in ((60, 60), (61, 9), (400, 58), (2_000, 72)):
        first = today - timedelta(days=length)
        found = statistics.series([(first, 15), (yesterday, 10)], today)
        assert len(found) == points, length
        assert found[-1] == ("2026-11-23", 20)


@pytest.mark.django_db
def test_the_sender_renews_the_figures(campaign):
    grow(campaign, {"DE": 55, "FR": 66})
    make_campaign("secret", status="draft")
    do_chores()

    assert Figures.objects.get().campaign == campaign


# The attacker


class World:
    """What happened: for each day how many people came (or left) from each country."""

    def __init__(self, days):
        self.days = [dict(day) for day in days]

    def seen(self) -> tuple:
        """Everything that is public: the exact number at each moment, and thus how many came or
        left on a day, and all figures that there were."""
        seen, people, tried, figures = [], Counter(), 0, (0, {})
        for day in self.days:
            people.update(day)
            total = sum(people.values())
            came = sum(number for number in day.values() if number > 0)
            if abs(total - tried) >= statistics.STEP:
                tried, shown = total, statistics.choose(*figures, people)
                figures = (total, shown) if shown else figures
            seen.append((total, came, sorted(figures[1].items())))
        return tuple(seen)

    def is_possible(self) -> bool:
        sums = [accumulate(day.get(country, 0) for day in self.days) for country in self.all()]
        return all(number >= 0 for series in sums for number in series)

    def all(self) -> set[str]:
        return {country for day in self.days for country in day}

    def moved(self, *changes) -> "World":
        other = World(self.days)
        for day, country, step in changes:
            other.days[day][country] = other.days[day].get(country, 0) + step
        return other


def small_cells(world):
    """Fewer than ten people of one country on one day: what must not be known."""
    for day, numbers in enumerate(world.days):
        for country, number in numbers.items():
            if 0 < abs(number) < statistics.STEP:
                yield day, country


def alternatives(world, day, country):
    """Worlds in which that day's number of that country is another one, and every total the same.

    Some of those who came (or left) that day were from elsewhere; on another day it was the other
    way round, or as many more as make up a step.
    """
    number = world.days[day][country]
    sign = 1 if number > 0 else -1
    others = [*(world.all() - {country}), UNSEEN]
    for other in others:
        for some in range(1, abs(number) + 1):
            away = [(day, country, -sign * some), (day, other, sign * some)]
            yield world.moved(*away)
            for again in set(range(len(world.days))) - {day}:
                for back in (some, some - statistics.STEP):
                    step = sign * back
                    yield world.moved(*away, (again, country, step), (again, other, -step))
        yield from _more_of_the_country(world, day, country, other, sign)


def _more_of_the_country(world, day, country, other, sign):
    for some in range(1, statistics.STEP):
        more = [(day, country, sign * some), (day, other, -sign * some)]
        yield world.moved(*more)
        for again in set(range(len(world.days))) - {day}:
            for back in (some, some - statistics.STEP):
                step = sign * back
                yield world.moved(*more, (again, country, -step), (again, other, step))


def known(world) -> list[tuple[int, str]]:
    """The small cells that the attacker can be sure of."""
    seen = world.seen()
    return [
        cell
        for cell in small_cells(world)
        if not any(
            other.is_possible() and other.seen() == seen for other in alternatives(world, *cell)
        )
    ]


worlds = st.integers(0, 2**32).map(lambda seed: history(random.Random(seed)))  # noqa: S311


def history(chance) -> World:
    """A campaign of some days: large and tiny countries, quiet days, waves, and some who leave."""
    weights = {
        code: chance.choice([0.02, 0.2, 1, 4, 20]) for code in "ABCDEF"[: chance.randint(1, 6)]
    }
    people, days = Counter(), []
    for _ in range(chance.randint(1, 8)):
        came, left = Counter(), Counter()
        for _ in range(chance.choice([0, 1, 2, 9, 10, 11, 20, 40, 100])):
            came[chance.choices(list(weights), list(weights.values()))[0]] += 1
        people.update(came)
        for code in weights:
            if chance.random() < 0.1 and people[code] > 2:
                left[code] -= chance.randint(1, 2)
        people.update(left)
        # One after the other: on a day of the attacker's people only come or only leave.
        days += [dict(day) for day in (came, left) if day]
    return World(days)


@pytest.mark.slow
@given(worlds)
@hypothesis_settings(max_examples=400, deadline=None)
def test_no_attacker_knows_how_many_came_from_a_country_on_a_day_if_fewer_than_ten(world):
    assert known(world) == []


def test_the_attacker_finds_what_careless_figures_give_away(monkeypatch):
    """Rounding alone is not enough: the attacker is no straw man."""
    world = World([{"A": 9}, {"A": 11}])
    assert known(world) == []

    monkeypatch.setattr(statistics, "is_safe", lambda *_figures: True)
    assert known(world) == [(0, "A")]


def test_no_attacker_learns_a_day_from_the_series():
    """The count at the end of a day is rounded; a single day can be told from none by nobody."""
    today = date(2026, 11, 24)
    for number in (1, 9):
        quiet = [(today - timedelta(days=3), 64), (today - timedelta(days=2), number)]
        other = [(today - timedelta(days=3), 64 + number - 1), (today - timedelta(days=2), 1)]
        if number > 5:
            other = [(today - timedelta(days=3), 65), (today - timedelta(days=2), number - 1)]
        assert statistics.series(quiet, today) == statistics.series(other, today)


# The page


@pytest.fixture
def lively(campaign, clock):
    grow(campaign, {"DE": 1_234, "FR": 345, "UA": 57, "BY": 8, "US": 23}, date(2026, 10, 1))
    grow(campaign, {"DE": 111}, date(2026, 11, 11))
    tally._add(campaign.pk, tally.PAPER, "IT", 44)
    tally._add(campaign.pk, "organisation", "DE", 12)
    statistics.renew(campaign)
    return campaign


@pytest.mark.django_db
def test_the_page_says_in_tables_what_its_pictures_show(client, lively):
    page = Page(client.get("/en/peace/statistics/").content.decode())

    for words in ("Germany", "1,340", "France", "340", "Ukraine", "50", "United States", "20"):
        assert words in page.text
    assert "Belarus" not in page.text
    for total in ("1,834", "1,778", "12", "44"):
        assert total in page.text
    pictures = [path for path in page.all("img", "src") if "/statistics/" in path]
    assert pictures == [f"/en/peace/statistics/{name}.svg" for name in
                        ("kinds", "days", "europe", "countries")]  # fmt: skip
    assert [path.replace("-dark", "") for path in page.all("source", "srcset")] == pictures
    assert all(page.all("img", "alt"))


@pytest.mark.django_db
@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("shade", ["", "-dark"])
@pytest.mark.parametrize("language", ["en", "de", "uk"])
def test_a_chart_is_a_picture_without_style_or_script(client, lively, name, shade, language):
    answer = client.get(f"/{language}/peace/statistics/{name}{shade}.svg")
    tree = ET.fromstring(answer.content)

    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert answer["Cache-Control"] == "public, max-age=60"
    assert len(answer.content) < 12_000
    for part in tree.iter():
        assert part.tag.removeprefix(SVG) in {"svg", "rect", "text", "g", "path", "polygon",
                                               "polyline"}  # fmt: skip
        assert "style" not in part.attrib
        for key in {"x", "y", "width", "height"} & part.attrib.keys():
            float(part.get(key))


@pytest.mark.django_db
def test_before_the_first_figures_the_page_says_when_they_come(client, campaign):
    page = client.get("/en/peace/statistics/").content.decode()

    assert "as soon as so many have signed" in page
    assert client.get("/en/peace/statistics/kinds.svg").status_code == 200
    for name in ("days", "countries", "europe", "nothing", "dark", "-dark", "kinds-dark-dark"):
        assert client.get(f"/en/peace/statistics/{name}.svg").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["peace", "nothing"])
def test_of_a_draft_or_nothing_there_are_no_statistics(client, db, slug):
    make_campaign(status="draft")

    for path in ("", "kinds.svg"):
        assert client.get(f"/en/{slug}/statistics/{path}").status_code == 404


@pytest.mark.django_db
def test_the_page_asks_three_things_and_no_signature(client, lively, django_assert_num_queries):
    with django_assert_num_queries(3) as queries:
        client.get("/en/peace/statistics/")

    assert not any("signatures_signature" in query["sql"] for query in queries)


@pytest.mark.django_db
def test_a_handed_in_campaign_keeps_its_statistics(client, db):
    campaign = make_campaign(status="handed_in")
    grow(campaign, {"DE": 55, "FR": 66})
    statistics.renew(campaign)

    assert client.get("/en/peace/statistics/days.svg").status_code == 200


def test_every_tile_of_the_map_is_a_country_once():
    codes = [code for code in charts.TILES.split() if code != ".."]

    assert len(codes) == len(set(codes)) == 45
    assert set(codes) <= set(countries.CODES)
    union = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
    assert set(union.split()) <= set(codes)
    assert {len(line.split()) for line in charts.TILES.strip().splitlines()} == {10}


def test_shades_go_by_orders_of_magnitude():
    assert [charts.shade(number) for number in (0, 10, 99, 100, 1_000, 10_000, 10**7)] == [
        0, 1, 1, 2, 3, 4, 4,
    ]  # fmt: skip
