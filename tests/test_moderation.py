"""Mo moderates: through the desk, through `lifecycle`, with a trace, and back again."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from signatures import lifecycle, tally
from signatures.models import Moderation, Signature
from tests.factories import approved, confirmed, organisation, person, post, read_mails, sign

pytestmark = pytest.mark.django_db
LIST = "/admin/signatures/signature/"


@pytest.fixture
def desk(client, mo):
    client.force_login(mo)
    return client


def act(desk, verb, *signatures, **fields):
    """Choose signatures in the list, choose the action, answer the question."""
    chosen = {"action": verb, "_selected_action": [signature.pk for signature in signatures]}
    return desk.post(LIST, {**chosen, **fields}, follow=True)


def names(campaign):
    return {row.listed_name for row in Signature.objects.listed().filter(campaign=campaign)}


def test_organisations_wait_in_a_queue_with_address_and_website_compared(desk, campaign):
    confirmed(desk, campaign, organisation(organisation="Same", email="o@action.example.org"))
    confirmed(desk, campaign, organisation(organisation="Other", email="o@gmail.com"))
    sign(desk, campaign, organisation(organisation="Unconfirmed"))
    confirmed(desk, campaign, person(name="A Person"))

    page = desk.get(f"{LIST}?state=waiting").content.decode()

    assert "action.example.org ✓ action.example.org" in page
    assert "gmail.com ✗ action.example.org" in page
    assert "Unconfirmed" not in page
    assert "A Person" not in page


def test_the_question_comes_before_the_act(desk, campaign):
    signature = confirmed(desk, campaign, organisation())

    page = act(desk, "approve", signature)

    assert "1 signature is chosen" in page.content.decode()
    assert not Moderation.objects.exists()
    assert names(campaign) == set()


def test_approving_counts_and_lists_an_organisation_and_refusing_takes_it_back(desk, campaign):
    signature = confirmed(desk, campaign, organisation())
    act(desk, "approve", signature, reason="")
    assert names(campaign) == {"Example Action e.V."}
    assert tally.read(campaign).organisations == 1

    act(desk, "refuse", signature, reason="No such organisation.")
    assert names(campaign) == set()
    assert tally.read(campaign).organisations == 0

    act(desk, "approve", signature, reason="It exists after all.")
    assert tally.read(campaign).organisations == 1


def test_hiding_takes_the_name_off_the_web_and_not_off_the_count(desk, campaign):
    signature = confirmed(desk, campaign)
    act(desk, "hide", signature, reason="Asked to by telephone.")
    assert names(campaign) == set()
    assert tally.read(campaign).people == 1

    act(desk, "restore", signature, reason="")
    assert names(campaign) == {"Sam Example"}


def test_what_is_held_does_not_count_until_it_is_released(desk, campaign):
    signature = confirmed(desk, campaign)
    act(desk, "hold", signature, reason="A name like another.")
    assert tally.read(campaign).people == 0
    assert names(campaign) == set()

    act(desk, "release", signature, reason="")
    assert tally.read(campaign).people == 1


def test_releasing_what_a_robot_seemed_to_send_asks_to_confirm(desk, campaign):
    post(desk, campaign, person(homepage="x"))
    act(desk, "release", Signature.objects.get(), reason="A real person.")

    assert len(read_mails()) == 1


@pytest.mark.parametrize("verb", ["refuse", "hide", "hold"])
def test_what_burdens_somebody_needs_a_reason(desk, campaign, verb):
    signature = confirmed(desk, campaign, organisation())

    page = act(desk, verb, signature, reason="")

    assert "This field is required" in page.content.decode()
    assert not Moderation.objects.exists()


def test_every_step_is_recorded_with_who_and_when_and_shown(desk, campaign, mo):
    signature = confirmed(desk, campaign)
    act(desk, "hold", signature, reason="A name like another.")
    act(desk, "release", signature, reason="Two brothers.")

    steps = Moderation.objects.order_by("pk").values_list("verb", "reason", "by")
    assert list(steps) == [
        ("hold", "A name like another.", mo.pk),
        ("release", "Two brothers.", mo.pk),
    ]
    page = desk.get(f"{LIST}{signature.pk}/change/").content.decode()
    assert "Two brothers." in page


def test_many_are_moderated_at_once_and_those_it_does_not_fit_are_left_alone(desk, campaign):
    waiting = [confirmed(desk, campaign, organisation()) for _ in range(3)]
    somebody = confirmed(desk, campaign)

    page = act(desk, "approve", *waiting, somebody, reason="").content.decode()

    assert "3 signatures changed." in page
    assert "1 was left alone" in page
    assert tally.read(campaign).organisations == 3
    assert tally.recount(campaign) == {}


def test_nobody_types_edits_or_deletes_a_signature_at_the_desk(desk, campaign):
    signature = confirmed(desk, campaign)
    page = f"{LIST}{signature.pk}/"

    assert desk.get(f"{LIST}add/").status_code == 403
    assert desk.post(f"{LIST}add/", {"name": "X"}).status_code == 403
    assert desk.post(f"{page}change/", {"name": "X"}).status_code == 403
    assert desk.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert act(desk, "delete_selected", signature).status_code == 200
    assert Signature.objects.get().name == "Sam Example"


def test_only_signatures_can_be_reached_of_all_that_belongs_to_them(desk):
    for model in ("token", "outboxmail", "tally", "mute", "counter", "moderation"):
        assert desk.get(f"/admin/signatures/{model}/").status_code == 404


def test_addresses_are_masked(desk, campaign):
    signature = confirmed(desk, campaign, updates="on", email="sam.secret@example.org")

    pages = [desk.get(path).content.decode() for path in (LIST, f"{LIST}{signature.pk}/change/")]

    assert "s***@e***.org" in pages[1]
    assert not any("sam.secret" in page for page in pages)


def test_who_may_not_moderate_is_offered_nothing(client, campaign, django_user_model):
    reader = django_user_model.objects.create_user("ed", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_signature"))
    signature = confirmed(client, campaign)
    client.force_login(reader)

    page = act(client, "hide", signature, reason="No.")

    assert page.status_code == 200
    assert not Moderation.objects.exists()


def test_organisations_are_found_in_any_spelling(desk, campaign, mo):
    approved(desk, campaign, mo, organisation="Ohne Rüstung Leben")

    assert "Ohne Rüstung" in desk.get(f"{LIST}?q=rustung").content.decode()
    assert "Ohne Rüstung" in desk.get(f"{LIST}?q=RÜSTUNG").content.decode()
    assert "Ohne Rüstung" not in desk.get(f"{LIST}?q=other").content.decode()


def test_histories_name_nobody(desk, campaign):
    signature = confirmed(desk, campaign, name="Canary Name")
    act(desk, "hide", signature, reason="Asked to.")

    assert "Canary" not in str(signature)
    assert not LogEntry.objects.exists()


def test_a_verb_does_nothing_where_it_does_not_fit(client, campaign, mo):
    pending = sign(client, campaign, organisation())

    assert not lifecycle.approve(pending, mo)
    assert not lifecycle.restore(pending, mo)
    assert not lifecycle.release(pending, mo)
    assert not Moderation.objects.exists()


def test_the_first_page_of_the_desk_asks_for_a_login(client):
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


RULE = f"{LIST}rule/"


def rule(campaign, **fields):
    return {"campaign": campaign.pk, "act": "hold", "reason": "A wave of robots.", **fields}


@pytest.fixture
def wave(desk, campaign):
    """Three from Latvia within a minute, one from elsewhere, one that is not confirmed."""
    for country in ("LV", "LV", "LV", "DE"):
        confirmed(desk, campaign, country=country)
    sign(desk, campaign, country="LV")


def test_a_rule_first_shows_how_many_it_fits(desk, campaign, wave):
    page = desk.post(RULE, rule(campaign, country="LV", count="Count")).content.decode()

    assert "The rule fits 4 signatures." in page
    assert tally.read(campaign).people == 4
    assert not Moderation.objects.exists()


def test_a_rule_holds_in_sets_and_all_of_it_can_be_taken_back(desk, campaign, wave, mo):
    desk.post(RULE, rule(campaign, country="LV", do="1"))
    assert tally.read(campaign).people == 1
    assert Signature.objects.held().count() == 4
    assert set(Moderation.objects.values_list("verb", "by")) == {("hold", mo.pk)}

    desk.post(RULE, rule(campaign, act="release", held_reason="A wave of robots.", do="1"))
    assert tally.read(campaign).people == 4
    assert tally.recount(campaign) == {}
    assert Moderation.objects.count() == 8


def test_a_rule_works_in_batches(desk, campaign, wave, mo, monkeypatch):
    monkeypatch.setattr(lifecycle.moderating, "BATCH", 2)

    assert lifecycle.hold_all(campaign, Signature.objects.all(), mo, "why") == 5
    assert tally.read(campaign).people == 0
    assert tally.recount(campaign) == {}


def test_a_rule_needs_a_campaign_a_reason_and_the_right_to_moderate(
    desk, campaign, wave, django_user_model
):
    for fields in (rule(campaign, reason="", do="1"), {"do": "1"}):
        assert "This field is required" in desk.post(RULE, fields).content.decode()
    assert tally.read(campaign).people == 4
    desk.force_login(django_user_model.objects.create_user("ed", is_staff=True))
    assert desk.post(RULE, rule(campaign, do="1")).status_code == 403
