"""Mo proposes what one person may not do alone; Olga sees what it is, and agrees or declines."""

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import now

from campaigns.models import AuditEvent, Update
from signatures import lifecycle, proposals, tally
from signatures.models import Export, Mailing, Moderation, Proposal, Signature
from tests.desk import DeskClient, make_account
from tests.factories import approved, confirmed, make_campaign, organisation, sign, text

pytestmark = pytest.mark.django_db
SIGNATURES = "/admin/signatures/signature/"
LIST = "/admin/signatures/proposal/"
Act = Proposal.Act


@pytest.fixture
def mo(db):
    return make_account("mo", "moderator")


@pytest.fixture
def olga(db):
    return make_account("olga", "owner")


@pytest.fixture
def enter(db):
    """Return a function that opens the desk as somebody."""

    def open_desk(user):
        browser = DeskClient()
        browser.force_login(user)
        return browser

    return open_desk


@pytest.fixture
def few(monkeypatch):
    """A hundred would take long."""
    monkeypatch.setattr(proposals, "ALONE", 3)


@pytest.fixture
def wave(client, campaign):
    return [confirmed(client, campaign, country="LV") for _ in range(4)]


def rule(campaign, **fields):
    return {
        "campaign": campaign.pk, "act": "hold", "country": "LV", "reason": "Robots.", "do": "1",
        **fields,
    }  # fmt: skip


def decide(desk, proposal, answer):
    return desk.post(f"{LIST}{proposal.pk}/decide/", {"answer": answer}, follow=True)


def verbs() -> list[str]:
    return list(AuditEvent.objects.order_by("number").values_list("verb", flat=True))


def propose(campaign, by, act=Act.REMOVE, **details):
    details = details or {"verb": "hold", "rule": {"country": "LV"}}
    return proposals.propose(act, campaign, 4, "Robots.", by, **details)


# A removal


def test_a_rule_that_takes_many_away_waits_for_a_second_person(
    campaign, wave, few, mo, olga, enter
):
    page = enter(mo).post(f"{SIGNATURES}rule/", rule(campaign), follow=True).content.decode()

    proposal = Proposal.objects.get()
    assert "as soon as somebody else agrees" in page
    assert (proposal.act, proposal.number, proposal.by) == ("remove", 4, mo)
    assert proposal.details == {"verb": "hold", "rule": {"country": "LV"}}
    assert tally.read(campaign).people == 4

    page = decide(enter(olga), proposal, "agree").content.decode()
    assert "Agreed: 4 signatures changed. It was 4 when it was proposed." in page
    assert tally.read(campaign).people == 0
    assert tally.recount(campaign) == {}
    assert set(Moderation.objects.values_list("verb", "by", "reason")) == {
        ("hold", mo.pk, "Robots.")
    }


def test_the_number_is_counted_again_and_shown_before_one_agrees(
    client, campaign, wave, few, mo, olga, enter
):
    proposal = propose(campaign, mo, verb="hold", rule={"country": "LV", "kind": "individual"})
    confirmed(client, campaign, country="LV")
    desk = enter(olga)
    page = desk.get(f"{LIST}{proposal.pk}/change/").content.decode()

    assert "<strong>5</strong> signatures would change now; it was 4" in page
    assert "country: LV; kind: person" in page
    assert "Robots." in page
    assert ">mo<" in page
    assert (
        "Agreed: 5 signatures changed. It was 4" in decide(desk, proposal, "agree").content.decode()
    )


def test_what_it_is_about_can_be_looked_at(client, campaign, wave, mo, olga, enter):
    confirmed(client, campaign, country="DE")
    proposal = propose(campaign, mo)

    page = enter(olga).get(f"{SIGNATURES}?proposal={proposal.pk}")
    assert {row.pk for row in page.context["cl"].result_list} == {row.pk for row in wave}
    for value in ("0", "x", "9" * 30):
        page = enter(olga).get(f"{SIGNATURES}?proposal={value}")
        assert list(page.context["cl"].result_list) == []


@pytest.mark.parametrize("verb", ["hold", "hide"])
def test_many_ticked_by_hand_wait_for_a_second_person(
    campaign, wave, few, mo, olga, enter, client, verb
):
    other = confirmed(client, make_campaign("bread"))
    chosen = {"action": verb, "_selected_action": [row.pk for row in [*wave, other]]}
    desk = enter(mo)
    assert "somebody else must agree first" in desk.post(SIGNATURES, chosen).content.decode()
    desk.post(SIGNATURES, {**chosen, "reason": "Robots."})

    assert not Moderation.objects.exists()
    found = {proposal.campaign.slug: proposal for proposal in Proposal.objects.all()}
    assert found["peace"].details == {"verb": verb, "chosen": sorted(row.pk for row in wave)}
    assert found["bread"].details == {"verb": verb, "chosen": [other.pk]}

    decide(enter(olga), found["peace"], "agree")
    assert set(Moderation.objects.values_list("signature", "verb", "by")) == {
        (row.pk, verb, mo.pk) for row in wave
    }


def test_many_organisations_are_refused_by_two(client, campaign, few, mo, olga, enter):
    chosen = [approved(client, campaign, olga, organisation=f"No {n}").pk for n in range(4)]
    form = {"action": "refuse", "_selected_action": chosen, "reason": "None exists."}
    enter(mo).post(SIGNATURES, form)
    assert tally.read(campaign).organisations == 4

    decide(enter(olga), Proposal.objects.get(), "agree")
    assert tally.read(campaign).organisations == 0


def test_slices_are_added_up_over_a_day(campaign, wave, few, mo, enter, clock, client):
    desk = enter(mo)
    for number in (0, 1):
        chosen = [row.pk for row in wave[2 * number : 2 * number + 2]]
        form = {"action": "hide", "_selected_action": chosen, "reason": "Slice."}
        desk.post(SIGNATURES, form)
    assert Moderation.objects.count() == 2
    assert Proposal.objects.get().number == 2

    clock.shift(24 * 3600 + 1)
    assert proposals.taken_away(mo) == 0
    enter(mo).post(SIGNATURES, form)
    assert Moderation.objects.count() == 4


def test_what_was_agreed_to_does_not_weigh_on_whoever_proposed_it(
    client, campaign, wave, few, mo, olga
):
    assert proposals.agree(propose(campaign, mo), olga)
    assert Moderation.objects.filter(by=mo).count() == 4
    assert proposals.taken_away(mo) == 0

    lifecycle.hide(confirmed(client, campaign), mo, "Asked to.")
    assert proposals.taken_away(mo) == 1
    assert not proposals.needs_second(mo, "hide", 2)
    assert proposals.needs_second(mo, "hide", 3)


def test_few_are_taken_away_at_once_and_releasing_needs_nobody_else(campaign, wave, few, mo, enter):
    desk = enter(mo)
    lifecycle.hold_all(campaign, Signature.objects.all(), mo, "Robots.")
    desk.post(f"{SIGNATURES}rule/", rule(campaign, act="release"))

    assert tally.read(campaign).people == 4
    assert not Proposal.objects.exists()
    assert not proposals.needs_second(mo, "approve", 1000)


def test_a_removal_that_broke_off_goes_on(campaign, wave, mo, olga, enter):
    proposal = propose(campaign, mo)
    Proposal.objects.update(decided_by=olga, decided_at=proposal.at, agreed=True)
    lifecycle.hold(wave[0], mo, "Robots.")

    page = enter(olga).get(f"{LIST}{proposal.pk}/change/").content.decode()
    assert "Go on where it broke off" in page
    decide(enter(olga), proposal, "finish")

    assert tally.read(campaign).people == 0
    assert Moderation.objects.count() == 4
    assert "Go on" not in enter(olga).get(f"{LIST}{proposal.pk}/change/").content.decode()


# Who decides


def test_nobody_agrees_to_the_own_proposal(campaign, wave, mo, enter):
    proposal = propose(campaign, mo)
    desk = enter(mo)

    assert "Agree" not in desk.get(f"{LIST}{proposal.pk}/change/").content.decode()
    decide(desk, proposal, "agree")
    assert not proposals.agree(proposal, mo)
    assert tally.read(campaign).people == 4
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.update(decided_by=mo, decided_at=proposal.at, agreed=True)


def test_whoever_proposed_it_takes_it_back(campaign, wave, mo, olga, enter):
    proposal = propose(campaign, mo)
    page = decide(enter(mo), proposal, "decline").content.decode()

    assert "taken back" in page
    assert verbs()[-1] == "take back remove"
    assert not proposals.agree(proposal, olga)


def test_what_is_declined_is_not_done_later(campaign, wave, mo, olga, enter):
    proposal = propose(campaign, mo)
    assert "declined" in decide(enter(olga), proposal, "decline").content.decode()

    assert (
        "decided already"
        in decide(enter(make_account("dana", "data officer")), proposal, "agree").content.decode()
    )
    assert tally.read(campaign).people == 4
    assert verbs()[-2:] == ["propose remove", "decline remove"]


def test_a_proposal_lapses_after_seven_days(campaign, wave, mo, olga, clock, enter):
    proposal = propose(campaign, mo)
    clock.shift(7 * 24 * 3600)

    assert not proposals.agree(proposal, olga)
    assert not proposals.decline(proposal, olga)
    assert not proposals.waiting().exists()
    page = enter(olga).get(f"{LIST}?state=lapsed").content.decode()
    assert "nobody has decided in time" in page


@pytest.mark.parametrize(
    ("act", "deciders"),
    [
        (Act.REMOVE, {"moderator", "data officer", "owner"}),
        (Act.EXPORT, {"data officer", "owner"}),
        (Act.MAIL, {"editor", "data officer", "owner"}),
    ],
)
def test_whoever_may_do_it_decides_and_data_officers_and_owners(campaign, act, deciders, olga):
    details = {
        Act.REMOVE: {"verb": "hold", "rule": {}},
        Act.EXPORT: {"purpose": "contacts"},
        Act.MAIL: {"update": 0},
    }
    proposal = propose(campaign, olga, act, **details[act])
    for role in ("editor", "moderator", "data officer", "owner"):
        user = make_account(role.replace(" ", ""), role)
        assert proposals.may_decide(user, act) == (role in deciders)
        assert proposals.visible(user).filter(pk=proposal.pk).exists() == (role in deciders)


def test_who_may_not_decide_on_it_does_not_see_it(campaign, wave, mo, olga, enter):
    proposal = propose(campaign, olga, Act.EXPORT, purpose="contacts")
    desk = enter(mo)

    assert desk.post(f"{LIST}{proposal.pk}/decide/", {"answer": "agree"}).status_code == 404
    assert "Robots." not in desk.get(LIST).content.decode()
    assert not Export.objects.exists()


def test_agreeing_to_an_export_gives_leave_to_whoever_asked(campaign, olga, enter):
    dana = make_account("dana", "data officer")
    proposal = propose(campaign, dana, Act.EXPORT, purpose="contacts")
    page = enter(olga).get(f"{LIST}{proposal.pk}/change/").content.decode()
    assert "contact persons of organisations" in page

    decide(enter(olga), proposal, "agree")
    export = Export.objects.get()
    assert (export.by, export.purpose, export.reason) == (dana, "contacts", "Robots.")
    decide(enter(olga), proposal, "agree")
    assert Export.objects.count() == 1


def test_a_mail_goes_out_if_its_news_is_still_there(campaign, olga, enter):
    ed = make_account("ed", "editor")
    news = Update.objects.create(
        campaign=campaign, title=text(en="We were heard"), body=text(en="."), published_at=now()
    )
    proposal, gone = (propose(campaign, ed, Act.MAIL, update=key) for key in (news.pk, 10**6))
    desk = enter(olga)
    assert "We were heard" in desk.get(f"{LIST}{proposal.pk}/change/").content.decode()
    assert desk.get(f"{LIST}{gone.pk}/change/").status_code == 200

    decide(desk, proposal, "agree")
    decide(desk, gone, "agree")
    assert [(mailing.update, mailing.by) for mailing in Mailing.objects.all()] == [(news, ed)]


def test_each_step_is_in_the_trail_with_who_and_how_many(campaign, wave, mo, olga):
    proposal = propose(campaign, mo)
    proposals.agree(proposal, olga)

    events = AuditEvent.objects.order_by("-number")[:4][::-1]
    assert [(event.verb, event.by, event.details.get("number")) for event in events] == [
        ("propose remove", mo, 4),
        ("agree to remove", olga, None),
        ("hold by rule", mo, 4),
        ("finish remove", mo, 4),
    ]


@pytest.mark.parametrize("answer", ["", "finish", "everything", "agree\x00"])
def test_an_answer_that_there_is_not_changes_nothing(campaign, wave, mo, olga, enter, answer):
    proposal = propose(campaign, mo)
    assert decide(enter(olga), proposal, answer).status_code == 200

    proposal.refresh_from_db()
    assert proposal.decided_by is None


def test_an_organisation_can_be_waiting_and_still_be_chosen(client, campaign, few, mo, olga):
    """What is not in a state for it is left alone, as everywhere."""
    pending = sign(client, campaign, organisation())
    proposal = propose(campaign, mo, verb="refuse", chosen=[pending.pk])
    assert proposals.agree(proposal, olga)
    assert proposal.details["done"] == 0
