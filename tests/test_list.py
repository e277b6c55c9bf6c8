"""Visitors look through the list of signatories."""

import re

import pytest
from django.utils.timezone import timedelta

from signatures import lifecycle
from signatures.models import Signature
from tests.factories import approved, confirmed, make_campaign, person, sign

pytestmark = pytest.mark.django_db
PEOPLE = "/en/peace/signatories/?kind=individual"


def names(page) -> list[str]:
    listed = page.content.decode().partition('class="signatories"')[2]
    return re.findall(r"<bdi>(.*?)</bdi>", listed)


def many(client, campaign, number):
    """Signatures that are confirmed, quicker than through the form."""
    first = confirmed(client, campaign, name="Person 000")
    rows = []
    for index in range(1, number):
        row = Signature.objects.get(pk=first.pk)
        row.pk, row.name = None, f"Person {index:03}"
        row.address_hash = f"hash{index}"
        row.confirmed_at += timedelta(seconds=index // 3)
        rows.append(row)
    Signature.objects.bulk_create(rows)


def test_the_list_shows_organisations_and_people_apart(client, campaign, mo):
    approved(client, campaign, mo, organisation="Women in Black")
    confirmed(client, campaign, name="Sam Example")

    assert names(client.get("/en/peace/signatories/")) == ["Women in Black"]
    assert names(client.get("/en/peace/signatories/?kind=organisation")) == ["Women in Black"]
    assert names(client.get(PEOPLE)) == ["Sam Example"]


def test_only_those_who_want_to_be_shown_and_count_are_listed(client, campaign, mo):
    confirmed(client, campaign, name="Given", visibility="handin")
    confirmed(client, campaign, name="", visibility="count")
    sign(client, campaign, name="Pending")
    lifecycle.hide(confirmed(client, campaign, name="Hidden"), mo, "why")
    lifecycle.hold(confirmed(client, campaign, name="Held"), mo, "why")
    lifecycle.withdraw(confirmed(client, campaign, name="Withdrawn"))
    confirmed(client, make_campaign("bread"), name="Elsewhere")
    confirmed(client, campaign, name="Listed")

    assert names(client.get(PEOPLE)) == ["Listed"]


def test_a_page_has_fifty_names_newest_first_and_a_cursor_to_the_next(client, campaign):
    many(client, campaign, 120)
    seen, path, sizes = [], PEOPLE, []
    while path:
        page = client.get(path)
        sizes.append(len(names(page)))
        seen += names(page)
        following = re.search(r'rel="next" href="(\?[^"]+)"', page.content.decode())
        path = following and "/en/peace/signatories/" + following[1].replace("&amp;", "&")

    assert sizes == [50, 50, 20]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 120


def test_a_cursor_tells_no_number_and_no_moment_and_fits_its_own_list_only(client, campaign):
    many(client, campaign, 60)
    page = client.get(PEOPLE).content.decode()
    cursor = re.search(r"after=([^\"&]+)", page)[1]

    make_campaign("bread")
    assert client.get(f"/en/bread/signatories/?kind=individual&after={cursor}").status_code == 404
    assert client.get(f"/en/peace/signatories/?after={cursor}").status_code == 404
    assert client.get(f"{PEOPLE}&after={cursor[:-4]}AAAA").status_code == 404


def test_the_list_can_be_narrowed_to_a_country(client, campaign):
    confirmed(client, campaign, name="Greta", country="DE")
    confirmed(client, campaign, name="Olena", country="UA")

    assert names(client.get(f"{PEOPLE}&country=UA")) == ["Olena"]
    assert "Ukraine" in client.get(f"{PEOPLE}&country=UA").content.decode()
    assert client.get(f"{PEOPLE}&country=XX").status_code == 404


def test_organisations_can_be_searched_in_any_spelling(client, campaign, mo):
    approved(client, campaign, mo, organisation="Ohne Rüstung Leben")
    approved(client, campaign, mo, organisation="Рух свідомих відмовників")

    for query in ("rustung", "RÜSTUNG", "ohne"):
        assert names(client.get(f"/en/peace/signatories/?q={query}")) == ["Ohne Rüstung Leben"]
    assert names(client.get("/en/peace/signatories/?q=РУХ")) == ["Рух свідомих відмовників"]
    assert names(client.get("/en/peace/signatories/?q=%25")) == []


def test_people_cannot_be_searched(client, campaign):
    confirmed(client, campaign, name="Sam Example")

    assert names(client.get(f"{PEOPLE}&q=nobody")) == ["Sam Example"]
    assert 'name="q"' not in client.get(PEOPLE).content.decode()


def test_names_of_any_direction_are_kept_apart_from_what_stands_beside_them(client, campaign):
    confirmed(client, campaign, person(name="محمد علي"))

    assert names(client.get(PEOPLE)) == ["محمد علي"]


def test_search_engines_are_asked_to_stay_out(client, campaign):
    assert client.get(PEOPLE)["X-Robots-Tag"] == "noindex, noarchive"
    assert "Disallow: /" not in client.get("/robots.txt").content.decode()


def test_the_list_holds_no_address_and_no_exact_time(client, campaign):
    signature = confirmed(client, campaign, email="sam@example.org", updates="on")

    page = client.get(PEOPLE).content.decode()
    assert "sam@" not in page
    assert signature.confirmed_at.strftime("%H:%M") not in page
