"""Mo finds a signature by its address; the address stays in no URL, log, history or session."""

import logging
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection

from campaigns.models import AuditEvent
from petition_site.logs import LineFormatter
from petition_site.staff.sessions import SessionStore
from signatures import keys, lifecycle
from signatures.models import Signature
from tests.desk import make_account
from tests.factories import (
    approved,
    confirmed,
    make_campaign,
    organisation,
    sign,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/signatures/signature/"
FIND = f"{LIST}find/"
ADDRESS = "canary.address@example.org"


@pytest.fixture
def desk(client, db):
    client.force_login(make_account("mo", "moderator"))
    return client


def rows(page) -> set[int]:
    return {signature.pk for signature in page.context["cl"].result_list}


def test_an_address_finds_the_signatures_of_all_campaigns(desk, campaign):
    wanted = {
        confirmed(desk, campaign, email=ADDRESS).pk,
        sign(desk, make_campaign("bread"), email=ADDRESS).pk,
        sign(desk, campaign, organisation(email=ADDRESS)).pk,
    }
    confirmed(desk, campaign)

    for typed in (ADDRESS, f"  {ADDRESS.upper()} ", "canary.address+tag@example.org"):
        page = desk.post(FIND, {"q": typed}, follow=True)
        assert rows(page) == wanted


def test_it_finds_an_address_of_which_only_the_hash_is_left(desk, campaign):
    signature = confirmed(desk, campaign, email=ADDRESS)
    assert signature.email == ""

    assert rows(desk.post(FIND, {"q": ADDRESS}, follow=True)) == {signature.pk}


def test_an_address_that_has_not_signed_finds_nothing_and_is_not_repeated(desk, campaign):
    confirmed(desk, campaign)
    page = desk.post(FIND, {"q": ADDRESS}, follow=True)

    assert "No signature was made with this address." in page.content.decode()
    assert "canary" not in page.content.decode()


@pytest.mark.parametrize(
    "typed", ["@", "a@", "@@@", "a@b\x00c", "ü@ü", "x" * 5000 + "@example.org"]
)
def test_whatever_is_typed_is_answered(desk, campaign, typed):
    assert desk.post(FIND, {"q": typed}, follow=True).status_code == 200


def test_the_address_is_in_no_url(desk, campaign):
    confirmed(desk, campaign, email=ADDRESS)
    answer = desk.post(FIND, {"q": ADDRESS})

    query = parse_qs(urlsplit(answer["Location"]).query)
    assert answer.status_code == 302
    assert query.keys() == {"found"}
    assert keys.read_ticket("found", query["found"][0])[0].isdigit()
    assert "canary" not in desk.get(answer["Location"]).content.decode()


def test_a_result_that_we_did_not_make_or_that_is_old_finds_nothing(desk, campaign, clock):
    signature = confirmed(desk, campaign, email=ADDRESS)
    desk.force_login(make_account("moritz", "moderator"))
    found = desk.post(FIND, {"q": ADDRESS})["Location"]

    assert rows(desk.get(f"{LIST}?found={signature.pk}")) == set()
    assert rows(desk.get(found)) == {signature.pk}
    clock.shift(9 * 3600)
    desk.force_login(make_account("mona", "moderator"))
    assert rows(desk.get(found)) == set()


def test_the_box_finds_organisations_too_and_keeps_the_filters(desk, campaign):
    mo = make_account("moritz", "moderator")
    there = approved(desk, campaign, mo, organisation="Ohne Rüstung Leben")
    approved(desk, campaign, mo, organisation="Other Action")

    answer = desk.post(FIND, {"q": "RUSTUNG", "kind": "organisation"})

    query = parse_qs(urlsplit(answer["Location"]).query)
    assert query == {"q": ["RUSTUNG"], "kind": ["organisation"]}
    assert rows(desk.get(answer["Location"])) == {there.pk}


def test_the_box_of_the_list_posts(desk, campaign):
    page = desk.get(LIST).content.decode()

    box = page[page.index('id="changelist-search"') :].partition("</form>")[0]
    assert f'method="post" action="{FIND}"' in box
    assert "csrfmiddlewaretoken" in box


# D07
def test_an_address_in_the_url_is_refused_with_a_hint_and_not_logged(desk, campaign, caplog):
    caplog.set_level(logging.DEBUG)
    confirmed(desk, campaign, organisation(email=ADDRESS))
    page = desk.get(f"{LIST}?q=olena%40example.org")

    assert page.status_code == 200
    assert rows(page) == set()
    assert "Look for an address with the box of this page" in page.content.decode()
    assert "olena" not in caplog.text


def test_who_looked_for_an_address_is_in_the_trail_and_for_which_is_not(desk, campaign, caplog):
    caplog.set_level(logging.INFO)
    confirmed(desk, campaign, email=ADDRESS)
    desk.post(FIND, {"q": ADDRESS})

    event = AuditEvent.objects.get(verb="look for an address")
    assert event.by.username == "mo"
    assert (event.subject, event.details) == ("", {"found": 1})
    assert "canary" not in caplog.text


# D08
@pytest.mark.parametrize(
    "lookup",
    [
        "user__password__startswith=a", "moderations__by__password__startswith=a",
        "email__startswith=a", "address_hash__startswith=a", "name=Canary",
        "tokens__digest__startswith=a", "campaign__events__by__username=a", "canary@example.org=1",
        "campaign__title__contains=a", "campaign__slug__startswith=p", "campaign__slug=peace",
        "kind__startswith=i", "kind__regex=^i", "language__gte=a", "visibility__contains=p",
        "state__startswith=w", "found__gte=1", "country=DE", "campaign__id__gte=1",
    ],
)  # fmt: skip
def test_the_list_is_filtered_by_its_filters_alone(desk, campaign, lookup):
    assert desk.get(f"{LIST}?{lookup}").status_code == 400


@pytest.mark.parametrize(
    ("lookup", "found"),
    [
        ("kind__exact=individual", True), ("kind__exact=organisation", False),
        ("kind=individual", True), ("visibility__in=count,handin", False),
        ("language__isnull=False", True), ("state=counted", True), ("state=held", False),
        ("campaign__id__exact={pk}", True), ("campaign__id__exact=0", False),
        ("campaign__isnull=False", True),
    ],
)  # fmt: skip
def test_the_filters_that_are_shown_filter(desk, campaign, lookup, found):
    signature = confirmed(desk, campaign, visibility="public")
    make_campaign("bread")  # with one campaign alone there is no filter of campaigns
    desk.force_login(make_account("moritz", "moderator"))

    page = desk.get(f"{LIST}?{lookup.format(pk=campaign.pk)}")
    assert rows(page) == ({signature.pk} if found else set())


def test_what_was_written_into_a_refused_request_goes_to_no_log(desk, campaign, caplog):
    desk.get(f"{LIST}?canary@example.org=1")

    lines = [LineFormatter().format(record) for record in caplog.records]
    assert lines
    assert not any("canary" in line for line in lines)


# D10


def everything() -> str:
    """All that the database holds, as it is stored; of sessions also what they say."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        stored = []
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            stored += cursor.fetchall()
    said = [SessionStore(row.session_key).load() for row in Session.objects.all()]
    return str(stored + said)


def test_after_an_erasure_nothing_at_the_desk_remembers(desk, campaign, caplog):
    caplog.set_level(logging.DEBUG)
    details = {"name": "Canary Name", "city": "Canary City", "comment": "Canary comment."}
    signature = confirmed(desk, campaign, **details, email=ADDRESS, updates="on")
    pk = signature.pk
    page = f"{LIST}{pk}/"
    chosen = {"_selected_action": [pk], "reason": "Doubt."}
    for step in ("hold", "release", "hide", "restore"):
        desk.post(LIST, {**chosen, "action": step})  # leaves its message in the session
    desk.post(FIND, {"q": ADDRESS})
    desk.get(f"{page}change/")
    desk.get(f"{page}history/")
    assert signature.address_hash in everything()

    assert lifecycle.erase(Signature.objects.get(pk=pk))

    assert "anary" not in everything()
    assert not LogEntry.objects.exists()
    assert "anary" not in caplog.text
