"""The preview: the appeal page as visitors would see it, in any language, state and version."""

import pytest

from campaigns import lifecycle
from campaigns.models import Campaign
from signatures.models import Signature
from tests.desk import make_account
from tests.factories import confirmed, make_campaign, text, translate
from tests.pages import Page
from tests.routes import everything

pytestmark = pytest.mark.django_db
STATES = ["draft", "open", "paused", "closed", "handed_in"]
TOLD = {
    "draft": "Visitors cannot see a draft.",
    "open": "Sign this appeal",
    "paused": "Signing is paused",
    "closed": "Signing has ended",
    "handed_in": "The signatures have been handed in",
}


@pytest.fixture
def desk(client):
    client.force_login(make_account("olga", "owner"))
    return client


def preview(desk, campaign, **query):
    return desk.get(f"/admin/campaigns/campaign/{campaign.pk}/preview/", query)


@pytest.mark.parametrize("actual", STATES)
def test_every_state_is_shown_whatever_the_campaign_is_in(desk, db, actual):
    campaign = make_campaign(status=actual)
    before = everything()

    for state in STATES:
        page = preview(desk, campaign, state=state).content.decode()
        assert TOLD[state] in page
        assert ('name="email"' in page) is (state in {"draft", "open"})
    assert everything() == before


@pytest.mark.parametrize("language", ["en", "de", "uk"])
def test_a_draft_is_shown_in_every_language_beside_the_words_of_that_language(desk, db, language):
    campaign = make_campaign(status="draft", title=text(en="Peace now", de="Frieden jetzt"))
    answer = preview(desk, campaign, language=language)
    page = answer.content.decode()

    assert f'<html lang="{language}"' in page
    assert answer["Content-Language"] == language
    assert ("Frieden jetzt" if language == "de" else "Peace now") in page
    for other in ("en", "de", "uk"):
        assert f'href="?language={other}&amp;state=draft&amp;version=1"' in page


def test_but_for_the_banner_the_page_is_what_visitors_see(desk, client, campaign):
    confirmed(client, campaign, name="Shown Person")
    public = Page(client.get("/en/peace/").content.decode())
    shown = Page(preview(desk, campaign, language="en").content.decode())

    assert public.names == shown.names
    assert {words.strip() for words in public.texts} <= {words.strip() for words in shown.texts}
    assert public.ids == shown.ids
    assert public.fields == shown.fields
    assert public.assets == shown.assets


def test_nothing_can_be_signed_in_a_preview(desk, campaign):
    page = preview(desk, campaign).content.decode()

    assert 'action="#errors"' in page
    assert '<button class="button" type="submit" disabled>' in page
    assert desk.post(f"/admin/campaigns/campaign/{campaign.pk}/preview/").status_code == 405
    assert not Signature.objects.exists()


def test_a_version_that_waits_is_shown_before_it_is_published(desk, campaign):
    translate(campaign)
    second = lifecycle.revise_appeal(campaign.appeal)
    second.demands.create(number=3, text=text(en="Help!"))

    assert "Help!" not in preview(desk, campaign).content.decode()
    assert "Help!" in preview(desk, campaign, version="2").content.decode()


def test_a_campaign_that_should_have_closed_is_shown_open(desk, campaign):
    Campaign.objects.update(closes_at="2020-01-01T00:00Z")

    assert 'name="email"' in preview(desk, campaign, state="open").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"language": "xx"},
        {"language": ""},
        {"state": "forgotten"},
        {"version": "2"},
        {"version": "9" * 40},
        {"version": "²"},
        {"state": "\0"},
    ],
)
def test_what_does_not_exist_is_not_shown(desk, campaign, query):
    assert preview(desk, campaign, **query).status_code == 404


def test_without_an_appeal_the_desk_says_that_there_is_nothing_to_show(desk, db):
    campaign = Campaign.objects.create(slug="empty", title=text(en="x"), summary=text(en="x"))
    answer = preview(desk, campaign)

    assert answer["Location"] == f"/admin/campaigns/campaign/{campaign.pk}/change/"
    assert "There is no appeal yet" in desk.get(answer["Location"]).content.decode()


def test_a_preview_is_framed_and_kept_by_nobody(desk, campaign):
    answer = preview(desk, campaign)

    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in answer.content.decode()


def test_who_sees_no_signatures_at_the_desk_sees_no_names_in_the_preview(client, campaign):
    confirmed(client, campaign, name="Shown Person")
    client.force_login(make_account("ed", "editor"))

    page = preview(client, campaign)
    assert page.status_code == 200
    assert "Shown Person" not in page.content.decode()
