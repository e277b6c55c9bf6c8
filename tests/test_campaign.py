"""Olga organises: texts side by side, status through the verbs, the appeal frozen once open."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from campaigns import lifecycle, translations
from campaigns.models import Campaign, Demand
from campaigns.next_steps import next_step
from tests.factories import make_campaign, text, translate

pytestmark = pytest.mark.django_db
UKRAINIAN = [code for code, _name in settings.LANGUAGES].index("uk")  # its column at the desk
CAMPAIGN = "/admin/campaigns/campaign/{}/change/"
STEP = "/admin/campaigns/campaign/{}/step/"
EXTEND = "/admin/campaigns/campaign/{}/extend/"
APPEAL = "/admin/campaigns/appeal/{}/change/"


@pytest.fixture
def desk(client, mo):
    client.force_login(mo)
    return client


def filled(page) -> dict:
    """The fields of an admin page as it came, to be sent back."""
    form = page.context["adminform"].form
    data = {}
    inlines = page.context["inline_admin_formsets"]
    for part in [form, *(part for inline in inlines for part in _forms(inline))]:
        for bound in part:
            values = bound.value()
            if hasattr(bound.field, "locales"):
                values = bound.field.widget.decompress(values)
                data |= {f"{bound.html_name}_{i}": v or "" for i, v in enumerate(values)}
            elif hasattr(bound.field.widget, "widgets"):
                parts = enumerate(bound.field.widget.widgets)
                data |= {f"{bound.html_name}_{i}": "" for i, _part in parts}
            elif isinstance(values, bool):
                data |= {bound.html_name: "on"} if values else {}
            else:
                data[bound.html_name] = "" if values is None else values
    return data


def _forms(inline):
    yield inline.formset.management_form
    yield from inline.formset.initial_forms


def change(desk, path, **fields):
    return desk.post(path, {**filled(desk.get(path)), **fields}, follow=True)


def test_the_languages_of_a_text_are_edited_beside_each_other(desk, campaign):
    page = desk.get(CAMPAIGN.format(campaign.pk)).content.decode()

    for code, name in (("en", "English"), ("de", "Deutsch"), ("uk", "Українська")):
        assert f'<span class="language" lang="{code}" aria-hidden="true">{name}</span>' in page
    assert "Frieden jetzt" in page


def test_a_translation_is_added_at_the_desk(desk, campaign):
    change(desk, CAMPAIGN.format(campaign.pk), **{f"title_{UKRAINIAN}": "Мир зараз"})

    campaign.refresh_from_db()
    assert campaign.title.data == {"en": "Peace now", "de": "Frieden jetzt", "uk": "Мир зараз"}


@pytest.mark.parametrize(
    ("before", "verb", "after"),
    [
        ("draft", "publish", "open"),
        ("open", "pause", "paused"),
        ("paused", "resume", "open"),
        ("open", "close", "closed"),
        ("closed", "reopen", "open"),
        ("closed", "hand_in", "handed_in"),
    ],
)
def test_a_button_changes_the_status_and_is_recorded(desk, mo, db, before, verb, after):
    campaign = make_campaign(status=before)
    page = desk.get(CAMPAIGN.format(campaign.pk)).content.decode()
    assert f'name="verb" value="{verb}"' in page

    desk.post(STEP.format(campaign.pk), {"verb": verb, "sure": "yes"})

    campaign.refresh_from_db()
    assert campaign.status == after
    assert campaign.events.first().by == mo
    assert campaign.events.first().verb == verb.replace("_", " ")


@pytest.mark.parametrize(
    ("before", "verb", "warning"),
    [
        ("open", "close", "Nobody can sign any more."),
        ("closed", "hand_in", "in 180 days names and everything else that leads to a person"),
    ],
)
def test_what_ends_something_asks_once_more(desk, db, before, verb, warning):
    campaign = make_campaign(status=before)

    page = desk.post(STEP.format(campaign.pk), {"verb": verb}).content.decode()

    assert warning in page
    campaign.refresh_from_db()
    assert campaign.status == before
    assert f'name="verb" value="{verb}"' in page
    assert 'type="submit" name="sure"' in page


# The end of signing


def test_signing_is_extended_and_both_ends_are_recorded(desk, mo, clock):
    campaign = make_campaign(closes_at=datetime(2026, 12, 1, tzinfo=UTC))

    desk.post(EXTEND.format(campaign.pk), {"closes_at_0": "2027-01-31", "closes_at_1": "18:00"})

    campaign.refresh_from_db()
    assert campaign.closes_at == datetime(2027, 1, 31, 18, tzinfo=UTC)
    event = campaign.events.first()
    assert (event.verb, event.by) == ("extend", mo)
    assert event.details == {
        "campaign": "peace",
        "was": "2026-12-01T00:00:00+00:00",
        "closes_at": "2027-01-31T18:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("day", "hour", "fault"),
    [
        ("2026-11-24", "09:59", "Choose a moment to come."),
        ("2026-02-30", "18:00", "Enter a valid date."),
        ("", "", "This field is required."),
    ],
)
def test_signing_cannot_end_in_the_past_or_on_no_day(desk, clock, campaign, day, hour, fault):
    answer = desk.post(EXTEND.format(campaign.pk), {"closes_at_0": day, "closes_at_1": hour})

    assert fault in answer.content.decode()
    campaign.refresh_from_db()
    assert campaign.closes_at is None


@pytest.mark.parametrize("status", ["draft", "closed", "handed_in"])
def test_what_is_not_running_is_not_extended(desk, clock, db, status):
    campaign = make_campaign(status=status)
    form = {"closes_at_0": "2027-01-31", "closes_at_1": "18:00"}
    page = desk.post(EXTEND.format(campaign.pk), form, follow=True).content.decode()

    assert "there is nothing to extend" in page
    assert not lifecycle.extend(campaign, now() + timedelta(days=1))
    campaign.refresh_from_db()
    assert campaign.closes_at is None


def test_of_two_who_extend_at_once_one_wins(campaign):
    other = Campaign.objects.get()
    assert lifecycle.extend(other, now() + timedelta(days=1))

    assert not lifecycle.extend(campaign, now() + timedelta(days=2))
    assert campaign.events.filter(verb="extend").count() == 1


def test_slug_and_end_are_typed_only_into_a_draft(desk, campaign):
    draft = make_campaign("bread", status="draft")
    form = {"slug": "war", "closes_at_0": "2099-01-01", "closes_at_1": "00:00"}

    change(desk, CAMPAIGN.format(campaign.pk), **form)
    change(desk, CAMPAIGN.format(draft.pk), **form)

    campaign.refresh_from_db()
    draft.refresh_from_db()
    assert (campaign.slug, campaign.closes_at) == ("peace", None)
    assert (draft.slug, draft.closes_at) == ("war", datetime(2099, 1, 1, tzinfo=UTC))


# What comes next


def step(campaign) -> str:
    return next_step(Campaign.objects.get(pk=campaign.pk)).words


def test_the_next_step_of_a_draft_is_what_is_missing_and_then_to_open_it(desk, db):
    campaign = make_campaign(status="draft", title=text(en="Peace now", de="Frieden jetzt"))
    assert step(campaign) == "Write what is missing in German: summary"
    translate(campaign)
    campaign.appeal.demands.filter(number=2).update(text=text(en="Talk!"))
    assert step(campaign) == "Write what is missing in German: demand 2"
    page = desk.get(CAMPAIGN.format(campaign.pk)).content.decode()
    assert (
        f'href="/admin/campaigns/appeal/{campaign.appeal.pk}/change/#id_demands-1-text_1"' in page
    )

    campaign.appeal.demands.filter(number=2).update(text=text(en="Talk!", de="Redet!"))
    assert step(campaign) == "Open for signing"
    page = desk.get(CAMPAIGN.format(campaign.pk)).content.decode()
    assert page.count('value="publish"') == 1


def test_an_empty_draft_begins_with_the_appeal(desk, db):
    campaign = Campaign.objects.create(slug="empty", title=text(en="x"), summary=text(en="x"))
    page = desk.get(CAMPAIGN.format(campaign.pk)).content.decode()

    assert "Write what is missing in English: the appeal with its demands" in page
    assert f'href="/admin/campaigns/appeal/add/?campaign={campaign.pk}"' in page


def test_the_next_step_of_an_open_campaign(campaign):
    assert step(campaign) == "Bring German up to date"
    translate(campaign)
    lifecycle.compare(campaign, "de", translations.source_digest(campaign))
    assert step(campaign) == "Publish an update"
    lifecycle.extend(campaign, now() + timedelta(days=6))
    assert step(campaign) == "Extend signing, or let it end"
    lifecycle.revise_appeal(campaign.appeal)
    assert step(campaign) == "Finish version 2 and publish it"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("paused", "Go on with signing"),
        ("closed", "Seal the list and hand it in"),
        ("handed_in", "Tell what came of it"),
    ],
)
def test_the_next_step_of_other_campaigns(desk, db, status, words):
    campaign = make_campaign(status=status)

    assert step(campaign) == words
    assert words in desk.get(CAMPAIGN.format(campaign.pk)).content.decode()


# Publishing with a gap


def test_a_draft_with_gaps_is_not_opened_and_the_desk_names_them(desk, db):
    campaign = make_campaign(status="draft", title=text(en="Peace now", de="Frieden jetzt"))

    page = desk.post(STEP.format(campaign.pk), {"verb": "publish"}, follow=True).content.decode()

    assert "Not published: 8 texts are missing." in page
    assert "German: summary; German: opening; German: demand 1; German: demand 2;" in page
    assert not lifecycle.publish(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"


@pytest.mark.parametrize(
    ("remove", "missing"),
    [
        (lambda campaign: campaign.addressees.all().delete(), "English: an addressee"),
        (lambda campaign: campaign.organisers.all().delete(), "English: an organiser"),
        (lambda campaign: campaign.appeal.demands.all().delete(), "English: a demand"),
        (lambda campaign: campaign.appeal.delete(), "English: the appeal with its demands"),
        (
            lambda campaign: Campaign.objects.update(summary=text(en="  ")),
            "English: summary",
        ),
    ],
)
def test_nothing_is_opened_without_what_makes_an_appeal(db, remove, missing):
    campaign = make_campaign(status="draft")
    remove(campaign)
    campaign.refresh_from_db()

    assert [str(gap) for gap in translations.gaps(campaign)] == [missing]
    assert not lifecycle.publish(campaign)


# Status


def test_the_status_is_not_a_field_to_type_into(desk, campaign):
    change(desk, CAMPAIGN.format(campaign.pk), status="closed")

    campaign.refresh_from_db()
    assert campaign.status == "open"


def test_a_step_is_taken_by_whoever_may_and_only_by_pressing(client, desk, campaign, mo):
    desk.get(STEP.format(campaign.pk), {"verb": "pause"})
    desk.post(STEP.format(campaign.pk), {"verb": "delete"})
    mo.is_superuser = False
    mo.save()
    client.force_login(mo)
    assert client.post(STEP.format(campaign.pk), {"verb": "pause"}).status_code == 403

    campaign.refresh_from_db()
    assert campaign.status == "open"


def test_a_verb_does_nothing_where_it_does_not_fit(campaign):
    assert not lifecycle.resume(campaign)
    assert not lifecycle.hand_in(campaign)
    assert campaign.events.count() == 1


def test_the_database_knows_every_status(campaign):
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.update(status="forgotten")


def test_opening_a_campaign_freezes_its_appeal(db):
    campaign = make_campaign(status="draft")
    assert campaign.appeal.frozen_at is None
    lifecycle.publish(campaign)

    assert campaign.appeal.frozen_at is not None


def test_loading_a_campaign_again_publishes_no_unfinished_version(campaign):
    second = lifecycle.revise_appeal(campaign.appeal)
    assert not lifecycle.publish(campaign)

    second.refresh_from_db()
    assert second.frozen_at is None
    assert campaign.appeal.version == 1


def test_a_campaign_without_an_appeal_cannot_be_opened(db):
    campaign = Campaign.objects.create(slug="empty", title=text(en="x"), summary=text(en="x"))

    assert not lifecycle.publish(campaign)
    campaign.refresh_from_db()
    assert campaign.status == "draft"


def test_a_frozen_appeal_takes_new_languages_and_keeps_the_others(desk, campaign):
    path = APPEAL.format(campaign.appeal.pk)
    change(
        desk,
        path,
        opening_0="We demand:",
        opening_1="Wir bitten Sie:",
        **{"demands-0-text_0": "Go on!", f"demands-0-text_{UKRAINIAN}": "Стоп!"},
    )

    appeal = campaign.appeal
    assert appeal.opening.data == {"en": "We ask you to:", "de": "Wir bitten Sie:"}
    first = appeal.demands.first()
    assert {code: words for code, words in first.text.data.items() if words} == {
        "en": "Stop!",
        "de": "Halt!",
        "uk": "Стоп!",
    }


def test_a_frozen_appeal_gains_and_loses_no_demand(desk, campaign):
    appeal = campaign.appeal
    demand = appeal.demands.first()
    path = APPEAL.format(appeal.pk)
    change(desk, path, **{"demands-0-DELETE": "on", "demands-0-number": "7"})
    desk.post(f"/admin/campaigns/appeal/{appeal.pk}/delete/", {"post": "yes"})

    demand.refresh_from_db()
    assert demand.number == 1
    assert Demand.objects.count() == 2


def test_a_draft_is_edited_freely(desk, db):
    campaign = make_campaign(status="draft")
    change(desk, APPEAL.format(campaign.appeal.pk), opening_0="We demand:")

    assert campaign.appeal.opening.data["en"] == "We demand:"


def test_only_a_draft_can_be_deleted(desk, campaign):
    path = f"/admin/campaigns/campaign/{campaign.pk}/delete/"

    assert desk.get(path).status_code == 403


def test_a_slug_is_safe_in_addresses():
    with pytest.raises(Exception, match="a-z, 0-9 and hyphens"):
        Campaign(slug="Peace Now", title=text(en="x"), summary=text(en="x")).full_clean()
