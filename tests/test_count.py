"""The count is exact, is read without scanning rows, and a recount proves it."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils.timezone import now
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from campaigns import lifecycle as campaigns
from campaigns.models import Campaign
from signatures import lifecycle, tally
from signatures.models import Kind, PaperBatch, Signature, Tally, Visibility
from signatures.views import integrity
from tests.factories import approved, confirmed, make_campaign, sign

pytestmark = pytest.mark.django_db


def test_people_organisations_and_countries_are_counted_apart(client, campaign, mo):
    for country in ("DE", "DE", "FR"):
        confirmed(client, campaign, country=country)
    approved(client, campaign, mo, country="UA")
    sign(client, campaign)

    totals = tally.read(campaign)
    assert (totals.people, totals.organisations, totals.paper) == (3, 1, 0)
    assert (totals.total, totals.countries) == (4, 3)


def test_reading_the_count_is_one_query_that_touches_no_signature(
    client, campaign, django_assert_num_queries
):
    confirmed(client, campaign)
    with django_assert_num_queries(1) as queries:
        tally.read(campaign)

    assert "signatures_signature" not in queries[0]["sql"]


@pytest.mark.parametrize(
    ("total", "goal"),
    [(0, 100), (99, 100), (100, 200), (250, 500), (9_000, 10_000), (1_000_000, 2_000_000)],
)
def test_the_goal_moves_up_by_itself(total, goal):
    assert tally.next_goal(total, first=100) == goal


def test_the_first_goal_is_the_campaigns_own():
    assert tally.next_goal(0, first=750) == 750
    assert tally.next_goal(750, first=750) == 1_000


def test_a_recount_finds_drift_names_it_and_puts_it_right(client, campaign, capsys):
    confirmed(client, campaign)
    Tally.objects.update(number=5)
    Tally.objects.create(campaign=campaign, kind="organisation", country="FR", shard=0, number=2)

    call_command("recount")
    assert "individual DE was +4 off" in capsys.readouterr().out
    assert (tally.read(campaign).people, tally.read(campaign).organisations) == (1, 0)

    call_command("recount")
    assert "peace: 1, exact" in capsys.readouterr().out


def test_paper_is_counted_apart(campaign, mo):
    batch = PaperBatch.objects.create(
        campaign=campaign, language="en", entered_by=mo, entered_at=now()
    )
    for _number in range(3):
        signature = Signature.objects.create(
            campaign=campaign,
            appeal=campaign.appeal,
            batch=batch,
            kind="individual",
            language="en",
            country="DE",
            visibility="count",
            signed_at=now(),
            confirmed_at=now(),
        )
        tally.add(signature, +1)

    assert tally.read(campaign).paper == tally.read(campaign).total == 3
    assert tally.recount(campaign) == {}


def test_the_row_and_the_queryset_agree_on_what_counts(client, campaign, mo):
    held = confirmed(client, campaign)
    lifecycle.hold(held, mo, "why")
    lifecycle.withdraw(confirmed(client, campaign))
    confirmed(client, campaign)
    sign(client, campaign)
    approved(client, campaign, mo)
    lifecycle.refuse(approved(client, campaign, mo), mo, "why")

    counted = {row.pk for row in Signature.objects.all() if row.is_counted}
    assert counted == set(Signature.objects.counted().values_list("pk", flat=True))
    assert len(counted) == 2


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens to signatures, in any order: the tally equals a recount of the rows."""

    def __init__(self):
        super().__init__()
        self.campaign = make_campaign(f"c{Campaign.objects.count()}")
        users = get_user_model().objects
        self.mo = users.filter(username="mo").first() or users.create_user("mo")
        self.number = 0

    @rule(kind=st.sampled_from(Kind), country=st.sampled_from(["DE", "UA"]), robot=st.booleans())
    def sign(self, kind, country, robot):
        self.number += 1
        organisation = "Org" if kind == Kind.ORGANISATION else ""
        details = {
            "kind": kind,
            "email": f"a{self.number % 5}@example.org",
            "country": country,
            "language": "en",
            "visibility": Visibility.PUBLIC,
            "name": "Sam",
            "organisation": organisation,
            "consent_version": "1",
        }
        lifecycle.sign(self.campaign, details, lifecycle.HONEYPOT if robot else "")

    @precondition(lambda self: self.rows())
    @rule(data=st.data(), verb=st.sampled_from(["confirm", "deny", "withdraw", "erase"]))
    def decide(self, data, verb):
        getattr(lifecycle, verb)(data.draw(st.sampled_from(self.rows())))

    @precondition(lambda self: self.rows())
    @rule(
        data=st.data(),
        verb=st.sampled_from(["approve", "refuse", "hide", "restore", "hold", "release"]),
    )
    def moderate(self, data, verb):
        getattr(lifecycle, verb)(data.draw(st.sampled_from(self.rows())), self.mo, "why")

    def rows(self):
        return list(self.campaign.signatures.order_by("pk"))

    def teardown(self):
        totals = tally.read(self.campaign)
        shown = integrity.account(self.campaign)["states"]
        assert sum(shown.values()) == 2 * shown["rows"]
        campaigns.close(self.campaign)
        account = integrity.account(self.campaign)
        states = account["states"]
        assert account["is_exact"]
        assert sum(states.values()) == 2 * states["rows"] == 2 * self.campaign.signatures.count()
        assert tally.recount(self.campaign) == {}
        assert totals.total == self.campaign.signatures.counted().count()


@pytest.mark.slow
def test_the_tally_is_exact_after_any_sequence_of_events():
    run_state_machine_as_test(
        AnyOrder,
        settings=hypothesis_settings(max_examples=40, stateful_step_count=25, deadline=None),
    )
