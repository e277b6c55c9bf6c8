"""The language board: what is missing, what is stale, and who compared it with the English text."""

import json

import pytest
from django.conf import settings
from django.core.management import call_command

from campaigns import board, lifecycle, translations
from campaigns.management.commands import load_campaign
from campaigns.models import Addressee, Call, Campaign, TranslationCheck
from tests.desk import DeskClient, make_account
from tests.factories import make_campaign, text, translate

pytestmark = pytest.mark.django_db
BOARD = "/admin/campaigns/campaign/{}/languages/"


@pytest.fixture
def desk(client):
    client.force_login(make_account("ed", "editor"))
    return client


def states(campaign) -> dict[str, str]:
    return {language.code: language.state.value for language in board.languages(campaign)}


def in_all(state) -> dict[str, str]:
    return dict.fromkeys((code for code, _name in settings.LANGUAGES), state)


def compare(desk, campaign, language="de", **fields):
    digest = translations.source_digest(campaign)
    form = {"language": language, "source": digest, **fields}
    return desk.post(BOARD.format(campaign.pk), form, follow=True).content.decode()


def test_each_language_is_complete_or_lacks_something_or_is_not_begun(campaign):
    assert states(campaign) == {**in_all("nothing"), "en": "complete", "de": "missing"}
    translate(campaign)
    assert states(campaign)["de"] == "unchecked"
    assert lifecycle.compare(campaign, "de", translations.source_digest(campaign))
    assert states(campaign)["de"] == "complete"


def test_the_board_names_each_missing_text_and_leads_to_its_field(desk, campaign):
    letter = {"title": text(en="Come", de="Kommt"), "body": text(en="Sign.")}
    call = Call.objects.create(organiser=campaign.organisers.get(), **letter)
    page = desk.get(BOARD.format(campaign.pk)).content.decode()

    page_of_campaign = f"/admin/campaigns/campaign/{campaign.pk}/change/"
    german = next(row for row in board.languages(campaign) if row.code == "de")
    assert [(words.label, address) for words, address in german.missing] == [
        ("summary", f"{page_of_campaign}#id_summary_1"),
        ("opening", f"/admin/campaigns/appeal/{campaign.appeal.pk}/change/#id_opening_1"),
        ("addressee 1: office", f"{page_of_campaign}#id_addressees-0-office_1"),
        ("addressee 1: person", f"{page_of_campaign}#id_addressees-0-person_1"),
        ("addressee 1: greeting", f"{page_of_campaign}#id_addressees-0-greeting_1"),
        ("organiser wri: name", f"{page_of_campaign}#id_organisers-0-name_1"),
        ("call wri: letter", f"/admin/campaigns/call/{call.pk}/change/#id_body_1"),
    ]
    for words, address in german.missing:
        assert f'<a href="{address}">{words.label}</a>' in page


@pytest.mark.embedded
def test_the_fields_that_the_board_leads_to_exist(desk, campaign):
    call = {"title": text(en="Come", de="Kommt"), "body": text(en="Sign.")}
    Call.objects.create(organiser=campaign.organisers.get(), **call)
    missing = [row for language in board.languages(campaign) for row in language.missing]

    assert len(missing) > 15
    for _words, address in missing:
        path, _hash, field = address.partition("#")
        assert f'id="{field}"' in desk.get(path).content.decode(), address


def test_what_may_be_empty_is_missing_only_where_another_language_has_it(campaign):
    campaign.history = text(de="Vorher.")
    campaign.hand_in_place = text(en="Brussels")
    campaign.save()
    labels = {
        language.code: [words.label for words, _address in language.missing]
        for language in board.languages(campaign)
    }

    assert labels["en"] == ["what came before"]
    assert "hand-in, place" in labels["de"]
    assert "what came before" not in labels["uk"]


def test_a_comparison_is_recorded_with_who_and_when(desk, campaign):
    translate(campaign)
    page = compare(desk, campaign)

    assert "Noted." in page
    check = TranslationCheck.objects.get()
    assert (check.language, check.by.username) == ("de", "ed")
    event = campaign.events.first()
    assert (event.verb, event.by.username) == ("compare translation", "ed")
    assert event.details == {"campaign": "peace", "language": "de"}
    assert "I have compared it" not in page


@pytest.mark.parametrize(
    "edit",
    [
        lambda campaign: Campaign.objects.update(summary=text(en="Why so.", de="Warum.")),
        lambda campaign: Addressee.objects.update(person=text(en="New Person", de="Neue Person")),
        lambda campaign: campaign.organisers.update(name=text(en="WRI", de="WRI")),
    ],
)
def test_an_edit_of_an_english_text_makes_the_others_stale_and_one_of_theirs_does_not(
    desk, campaign, edit
):
    translate(campaign)
    compare(desk, campaign)
    Campaign.objects.update(title=text(en="Peace now", de="Frieden sofort"))
    assert states(campaign)["de"] == "complete"

    edit(campaign)
    campaign.refresh_from_db()
    assert states(campaign)["de"] == "stale"
    assert "I have compared it" in desk.get(BOARD.format(campaign.pk)).content.decode()
    compare(desk, campaign)
    assert states(campaign)["de"] == "complete"
    assert TranslationCheck.objects.count() == 1


def test_what_was_compared_is_what_the_page_had_shown(desk, campaign):
    translate(campaign)
    shown = translations.source_digest(campaign)
    Campaign.objects.update(summary=text(en="Something else.", de="Warum."))

    page = compare(desk, campaign, source=shown)

    assert "the texts have changed in the meantime" in page
    assert not TranslationCheck.objects.exists()


@pytest.mark.parametrize("language", ["en", "uk", "xx", "", "de" * 40])
def test_only_a_language_that_has_begun_is_compared(desk, campaign, language):
    assert "Not noted" in compare(desk, campaign, language)
    assert not TranslationCheck.objects.exists()


def test_the_board_is_for_those_who_write_texts(campaign):
    translate(campaign)
    moderator = DeskClient()
    moderator.force_login(make_account("mo", "moderator"))

    assert moderator.get(BOARD.format(campaign.pk)).status_code == 403
    assert moderator.post(BOARD.format(campaign.pk), {"language": "de"}).status_code == 403
    assert not TranslationCheck.objects.exists()


def test_the_board_asks_the_database_the_same_however_many_languages(
    campaign, django_assert_max_num_queries
):
    with django_assert_max_num_queries(14):
        board.languages(campaign)


def test_a_text_that_was_stored_without_a_language_is_english(campaign):
    Campaign.objects.update(summary="Plain", title="2026")
    campaign.refresh_from_db()

    assert states(campaign)["en"] == "complete"


# The campaign that is shipped


def test_what_is_shipped_is_complete_in_every_language(db):
    call_command("load_campaign", verbosity=0)
    campaign = Campaign.objects.get()

    assert states(campaign) == in_all("complete")
    assert campaign.status == "open"


def test_loading_again_forgets_no_edit_of_the_english_text(db):
    call_command("load_campaign", verbosity=0)
    campaign = Campaign.objects.get()
    campaign.summary = text(**{**campaign.summary.data, "en": "Edited."})
    campaign.save()
    call_command("load_campaign", verbosity=0)

    assert states(campaign) == {**in_all("stale"), "en": "complete"}


@pytest.fixture
def shipped(tmp_path, monkeypatch, settings):
    """A campaign in three languages, one of them with a longer code."""
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("pt-br", "Português (Brasil)")]
    monkeypatch.setattr(load_campaign, "DATA", tmp_path)
    folder = tmp_path / "peace"
    folder.mkdir()
    facts = {"campaign": {"first_goal": 50}, "organisers": {"wri": {"part": "runs"}}}
    (folder / "campaign.json").write_text(json.dumps(facts), "utf-8")
    for language, words in {"en": "Peace", "de": "Frieden", "pt-br": "Paz"}.items():
        texts = {
            "campaign": {"title": words, "summary": f"{words}."},
            "appeal": {"opening": f"{words}:", "demands": [f"{words} 1", f"{words} 2"]},
            "addressees": [{"office": words, "person": "Pat", "greeting": words}],
            "organisers": {"wri": "WRI"},
            "calls": {},
        }
        (folder / f"{language}.json").write_text(json.dumps(texts), "utf-8")
    return folder


def test_a_language_with_a_longer_code_is_loaded_too(shipped):
    call_command("load_campaign", "peace", verbosity=0)

    campaign = Campaign.objects.get()
    assert campaign.title.data == {"en": "Peace", "de": "Frieden", "pt-br": "Paz"}
    assert states(campaign) == {"en": "complete", "de": "complete", "pt-br": "complete"}


def test_a_campaign_that_is_shipped_with_a_gap_stays_a_draft(shipped):
    path = shipped / "pt-br.json"
    texts = json.loads(path.read_text("utf-8"))
    texts["appeal"]["demands"].pop()
    path.write_text(json.dumps(texts), "utf-8")
    call_command("load_campaign", "peace", verbosity=0)

    campaign = Campaign.objects.get()
    assert campaign.status == "draft"
    assert [str(gap) for gap in translations.gaps(campaign)] == ["Brazilian Portuguese: demand 2"]


def test_a_language_that_is_shipped_later_is_compared_with_the_english_that_is_shipped(shipped):
    later = shipped / "pt-br.json"
    words = later.read_text("utf-8")
    later.unlink()
    call_command("load_campaign", "peace", verbosity=0)
    assert states(Campaign.objects.get())["pt-br"] == "nothing"

    later.write_text(words, "utf-8")
    call_command("load_campaign", "peace", verbosity=0)
    assert states(Campaign.objects.get())["pt-br"] == "complete"


def test_two_campaigns_do_not_share_their_checks(campaign):
    other = make_campaign("bread")
    for one in (campaign, other):
        translate(one)
    lifecycle.compare(campaign, "de", translations.source_digest(campaign))

    assert states(campaign)["de"] == "complete"
    assert states(other)["de"] == "unchecked"
