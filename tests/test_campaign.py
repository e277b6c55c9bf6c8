"""Olga organises: texts side by side, status through the verbs, the appeal frozen once open."""

import pytest
from django.db import IntegrityError, transaction

from campaigns import lifecycle
from campaigns.models import Appeal, Campaign, Demand
from tests.factories import make_campaign, text

pytestmark = pytest.mark.django_db
CAMPAIGN = "/admin/campaigns/campaign/{}/change/"
STEP = "/admin/campaigns/campaign/{}/step/"
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
    change(desk, CAMPAIGN.format(campaign.pk), title_2="Мир зараз")

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

    desk.post(STEP.format(campaign.pk), {"verb": verb})

    campaign.refresh_from_db()
    assert campaign.status == after
    assert campaign.events.first().by == mo
    assert campaign.events.first().verb == verb.replace("_", " ")


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
        **{"demands-0-text_0": "Go on!", "demands-0-text_2": "Стоп!"},
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


def test_a_new_version_is_signed_only_once_it_is_published(desk, campaign):
    first = campaign.appeal
    desk.post("/admin/campaigns/appeal/", {"action": "revise", "_selected_action": [first.pk]})
    second = Appeal.objects.get(version=2)
    assert [str(demand.text) for demand in second.demands.all()] == ["Stop!", "Talk!"]
    assert campaign.appeal == first

    desk.post("/admin/campaigns/appeal/", {"action": "publish", "_selected_action": [second.pk]})
    assert campaign.appeal == second


def test_only_a_draft_can_be_deleted(desk, campaign):
    path = f"/admin/campaigns/campaign/{campaign.pk}/delete/"

    assert desk.get(path).status_code == 403


def test_a_slug_is_safe_in_addresses():
    with pytest.raises(Exception, match="a-z, 0-9 and hyphens"):
        Campaign(slug="Peace Now", title=text(en="x"), summary=text(en="x")).full_clean()
