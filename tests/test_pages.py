"""Visitors read: the appeal in each state and language, errors, and the figures."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import override

from campaigns.models import Call, Campaign
from tests.factories import approved, confirmed, make_campaign, person, post, text

pytestmark = pytest.mark.django_db

# The most that a page may ask of the database; the list counts its visitors, which takes two more
# where no Valkey counts for it.
QUERIES = {
    "/en/peace/": 11, "/en/peace/signatories/": 3 + 2, "/api/v1/campaigns/peace/": 2,
    "/en/peace/comments/": 2 + 2, "/api/v1/campaigns/peace/organisations/": 3 + 2,
}  # fmt: skip


def test_the_first_page_follows_the_browser_and_sets_no_cookie(client, campaign):
    for accepts, lang in (("de-AT,de;q=0.9", "de"), ("uk", "uk"), ("xx", "en"), ("", "en")):
        answer = client.get("/", headers={"Accept-Language": accepts})
        assert (answer.status_code, answer["Location"]) == (302, f"/{lang}/")
        assert "Accept-Language" in answer["Vary"]
        assert not answer.cookies


def test_with_one_public_campaign_home_leads_there(client, campaign):
    make_campaign("secret", status="draft")

    assert client.get("/en/")["Location"] == "/en/peace/"


def test_home_lists_what_is_open_and_what_has_ended(client, campaign):
    make_campaign("bread", status="closed", title=text(en="Bread for all"))
    make_campaign("secret", status="draft", title=text(en="Not yet"))

    page = client.get("/en/").content.decode()
    assert page.index("Peace now") < page.index("Bread for all")
    assert "Not yet" not in page


def test_home_without_a_campaign_says_so(client, db):
    assert "There is no appeal to sign at the moment." in client.get("/en/").content.decode()


def test_the_appeal_has_demands_addressees_organisers_and_the_form(client, campaign):
    page = client.get("/en/peace/").content.decode()

    for part in (
        "<h1", "Peace now", "Pat Example", "President", "Dear Pat Example,", "We ask you to:",
        "Stop!", "Talk!", "War Resisters", 'name="email"', 'action="/en/peace/sign/#errors"',
    ):  # fmt: skip
        assert part in page


def test_the_appeal_is_the_same_for_everybody_and_may_be_cached(client, campaign):
    first, second = client.get("/en/peace/"), client.get("/en/peace/", headers={"Cookie": "a=b"})

    assert first.content == second.content
    assert first["Cache-Control"] == "public, max-age=60"
    assert "Cookie" not in first.get("Vary", "")
    assert not first.cookies
    assert b"csrf" not in first.content
    again = client.get("/en/peace/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", QUERIES)
def test_a_page_asks_the_database_little(client, campaign, mo, path, django_assert_max_num_queries):
    for _ in range(3):
        confirmed(client, campaign)
        approved(client, campaign, mo)

    with django_assert_max_num_queries(QUERIES[path]):
        client.get(path)


def test_what_is_not_translated_is_shown_in_english_and_marked(client, campaign):
    page = client.get("/de/peace/").content.decode()

    assert "Frieden jetzt" in page
    assert '<p lang="en">We ask you to:</p>' in page


def test_each_page_names_itself_in_the_other_languages(client, campaign):
    page = client.get("/en/peace/").content.decode()

    assert '<link rel="alternate" hreflang="de" href="http://testserver/de/peace/">' in page
    assert '<a href="/uk/peace/" lang="uk" hreflang="uk"' in page


def test_no_headline_counts_to_zero(client, campaign):
    assert "Be among the first to sign." in client.get("/en/peace/").content.decode()


def test_the_count_is_shown_with_its_parts(client, campaign, mo):
    confirmed(client, campaign)
    confirmed(client, campaign)
    approved(client, campaign, mo, country="FR")

    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get("/en/peace/").content.decode()))
    assert "3 signatures" in page
    assert "2 people" in page
    assert "1 organisation" in page
    assert "from 2 countries" in page
    assert "Next goal: 100" in page


def test_recent_names_are_those_who_want_to_be_shown(client, campaign):
    confirmed(client, campaign, name="Shown Person")
    confirmed(client, campaign, name="Given Person", visibility="handin")

    page = client.get("/en/peace/").content.decode()
    assert "<bdi>Shown Person</bdi>" in page
    assert "Given Person" not in page


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("paused", "Signing is paused"),
        ("closed", "Signing has ended"),
        ("handed_in", "The signatures have been handed in"),
    ],
)
def test_each_state_of_a_campaign_has_its_page(client, db, status, says):
    make_campaign(status=status, hand_in_when=text(en="in May"))

    for path in ("/en/peace/", "/en/peace/sign/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert says in answer.content.decode()
        assert 'name="email"' not in answer.content.decode()


def test_a_draft_is_nowhere_to_be_seen(client, db):
    make_campaign(status="draft")

    for path in ("", "sign/", "signatories/", "thanks/", "call/wri/"):
        assert client.get(f"/en/peace/{path}").status_code == 404
    assert client.get("/api/v1/campaigns/peace/").status_code == 404


def test_the_hand_in_is_announced_in_words_and_later_with_day_hour_and_place(client, campaign):
    campaign.hand_in_when = text(en="early next year")
    campaign.save()
    assert "handed in early next year." in client.get("/en/peace/").content.decode()

    campaign.hand_in_at = datetime(2027, 5, 15, 11, tzinfo=UTC)
    campaign.hand_in_place = text(en="Rue de la Loi 200, Brussels")
    campaign.save()
    page = client.get("/en/peace/").content.decode()
    assert "15 May 2027, 11:00" in page
    assert "Rue de la Loi 200, Brussels" in page
    assert "early next year" not in page


def test_a_partners_call_has_its_letter_the_appeal_and_its_code(client, campaign):
    organiser = campaign.organisers.get()
    Call.objects.create(organiser=organiser, title=text(en="Sign!"), body=text(en="One.\n\nTwo."))

    page = client.get("/en/peace/call/wri/").content.decode()
    assert "<p>One.</p>" in page
    assert "Stop!" in page
    assert '<input type="hidden" name="via" value="wri">' in page
    assert client.get("/en/peace/call/nobody/").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/xx/", "/en/nothing/", "/en/confirm/short/", "/en/peace/nothing/", "/de/NOTHING/", "/nix"],
)
def test_what_does_not_exist_has_a_page_of_its_own(client, campaign, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_errors_speak_the_language_of_the_address_or_of_the_browser(client, campaign):
    assert '<html lang="de"' in client.get("/de/nothing/").content.decode()
    german = client.get("/xx/", headers={"Accept-Language": "de"})
    assert '<html lang="de"' in german.content.decode()


def test_a_broken_page_says_so_without_details(client, campaign, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("signatures.tally.read", lambda campaign: 1 / 0)

    answer = client.get("/de/peace/")
    assert answer.status_code == 500
    assert '<html lang="de"' in answer.content.decode()
    assert "ZeroDivision" not in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/", "/en/", "/en/privacy/", "/en/peace/", "/en/peace/signatories/", "/en/peace/thanks/",
        "/en/peace/denied/", "/en/peace/withdrawn/", "/api/v1/campaigns/peace/", "/healthz",
        "/en/peace/comments/", "/api/v1/campaigns/peace/organisations/",
    ],
)  # fmt: skip
def test_pages_that_only_show_refuse_other_methods(client, campaign, path):
    for method in ("post", "put", "patch", "delete"):
        answer = getattr(client, method)(path)
        assert answer.status_code == 405, method
        assert "GET" in answer["Allow"]
        assert "<h1>" in answer.content.decode()


def test_every_answer_carries_the_security_headers(client, campaign):
    for path in ("/en/peace/", "/en/nothing/", "/healthz", "/api/v1/campaigns/peace/", "/admin/"):
        answer = client.get(path)
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Frame-Options"] == "DENY"


def test_a_form_that_was_sent_from_another_site_is_refused_in_the_persons_language(
    client, campaign
):
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        answer = post(client, campaign, person(), language="de", **headers)
        assert answer.status_code == 403
        assert '<html lang="de"' in answer.content.decode()
    good = post(
        client, campaign, person(), Origin="http://testserver", **{"Sec-Fetch-Site": "same-origin"}
    )
    assert good.status_code == 303


def test_a_body_of_unknown_length_is_refused_and_not_taken_for_an_empty_one(client, campaign):
    answer = post(client, campaign, person(), **{"Transfer-Encoding": "chunked"})

    assert answer.status_code == 400


def test_the_figures_are_json_for_everybody(client, campaign, mo):
    confirmed(client, campaign)
    approved(client, campaign, mo)

    answer = client.get("/api/v1/campaigns/peace/")
    assert answer.json() == {
        "slug": "peace",
        "status": "open",
        "title": {"en": "Peace now", "de": "Frieden jetzt"},
        "url": {code: f"http://testserver/{code}/peace/" for code, _name in settings.LANGUAGES},
        "total": 2,
        "people": 1,
        "organisations": 1,
        "paper": 0,
        "goal": 100,
    }
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_health_is_plain(client, db):
    assert client.get("/healthz").content == b"ok"
    assert client.get("/readyz").content == b"ok"


def test_the_founding_campaign_is_loaded_word_for_word_and_can_be_loaded_again(client, db):
    for _ in range(2):
        call_command("load_campaign", verbosity=0)

    page = client.get("/en/protection-asylum/").content.decode()
    for words in (
        "Protection &amp; asylum for deserters and conscientious objectors from Russia, Belarus "
        "and Ukraine",
        "Dear Ursula von der Leyen, dear Charles Michel, dear Roberta Metsola,",
        "Grant protection and asylum to deserters and conscientious objectors from Belarus and "
        "the Russian Federation!",
        "Urge the Ukrainian government to stop persecuting conscientious objectors to military "
        "service and to guarantee them a full right to conscientious objection!",
        "Open the borders to those who oppose war at great personal risk in their country!",
        "President of the European Council",
        "Connection e.V.",
    ):
        assert words in page
    for lang in ("de", "uk"):
        page = client.get(f"/{lang}/protection-asylum/").content.decode()
        assert page.count(' lang="en"') == 2  # the language menu, the way to the English text
        assert client.get(f"/{lang}/protection-asylum/call/payday/").status_code == 200


def test_loading_again_leaves_alone_what_an_organiser_has_edited(db):
    call_command("load_campaign", verbosity=0)
    campaign = Campaign.objects.get()
    campaign.title = text(en="Another title")
    campaign.save()
    call_command("load_campaign", verbosity=0)

    campaign.refresh_from_db()
    with override("en"):
        assert str(campaign.title) == "Another title"
    assert set(campaign.title.data) == {code for code, _name in settings.LANGUAGES}
