"""Olga opens the desk in the morning: what waits, how it goes, what is wrong."""

import re
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from campaigns import lifecycle as campaigns
from signatures import lifecycle, outbox, proposals, retention
from signatures.desk.overview import overview
from signatures.management.commands.send_outbox import do_chores
from signatures.models import OutboxMail, PaperBatch, Signature
from tests.desk import make_account
from tests.factories import approved, confirmed, make_campaign, organisation, person, post, sign

pytestmark = pytest.mark.django_db
DESK = "/admin/"
LIST = "/admin/signatures/signature/"
QUERIES = 16  # those of the first screen of an owner, beside the log-in's own


@pytest.fixture
def olga(db):
    return make_account("olga", "owner")


@pytest.fixture
def desk(client, olga):
    client.force_login(olga)
    return client


def found(desk, url) -> int:
    return desk.get(url).context["cl"].result_count


def quotable(client, campaign, **fields):
    signature = confirmed(client, campaign)
    fields = {"quote": True, "comment": "Because.", **fields}
    Signature.objects.filter(pk=signature.pk).update(**fields)
    return signature


def on_paper(campaign, user, **fields):
    batch = PaperBatch.objects.create(
        campaign=campaign, language="en", entered_by=user, entered_at=now()
    )
    return Signature.objects.create(
        campaign=campaign, appeal=campaign.appeal, kind="individual", language="en", country="DE",
        visibility="count", consent_version="paper", signed_at=now(), confirmed_at=now(),
        batch=batch, **fields,
    )  # fmt: skip


@pytest.fixture
def lively(client, campaign, olga):
    """Two organisations, two held, one of them on paper, a comment, a proposal, some signatures."""
    confirmed(client, campaign, organisation(organisation="One"))
    confirmed(client, campaign, organisation(organisation="Two"))
    approved(client, campaign, olga, organisation="Three")
    lifecycle.hold(confirmed(client, campaign), olga, "A name like another.")
    on_paper(campaign, olga, held_at=now(), held_reason="like another signature")
    on_paper(campaign, olga)
    quotable(client, campaign)
    quotable(client, campaign, comment_approved_at=now())
    quotable(client, campaign, comment_refused_at=now())
    quotable(client, campaign, quote=False)
    sign(client, campaign)
    mo = make_account("mo", "moderator")
    proposals.propose("remove", campaign, 300, "Robots.", mo, verb="hold", rule={})
    proposals.propose("remove", campaign, 300, "Mine.", olga, verb="hold", rule={})


def test_what_waits_for_a_decision_stands_first(lively, olga):
    organisations, held, comments, others = overview(olga)["waiting"]

    assert (organisations.number, organisations.words) == (2, "organisations to decide on")
    assert (held.number, held.note) == (2, "1 on paper looks like another one")
    assert (comments.number, comments.words) == (1, "comment to read")
    assert (others.number, others.words) == (1, "proposal needs a second person")


def test_every_number_leads_to_a_list_of_as_many(desk, lively, olga):
    shown = overview(olga)
    figures = [
        *shown["waiting"],
        *(row[name] for row in shown["signed"] for name in ("signed", "confirmed")),
    ]

    assert [found(desk, figure.url) for figure in figures] == [f.number for f in figures]
    assert found(desk, shown["waiting"][1].note_url) == 1
    numbers = [figure.number for figure in shown["mails"]]
    assert [found(desk, figure.url) for figure in shown["mails"]][::2] == numbers[::2]
    page = desk.get(DESK).content.decode()
    for figure in figures:
        assert f'href="{figure.url.replace("&", "&amp;")}"' in page


def test_what_nobody_waits_for_is_a_quiet_nought(desk, campaign):
    page = desk.get(DESK).content.decode()

    assert "organisations to decide on" in page
    assert page.count('<li class="desk-figure quiet"') == page.count('<li class="desk-figure')


def test_signatures_of_today_and_the_week_and_how_many_confirm(client, campaign, olga, clock):
    confirmed(client, campaign)  # eight days before the end
    clock.shift(timedelta(days=2))
    confirmed(client, campaign)
    clock.shift(timedelta(days=6))
    for _ in range(2):
        confirmed(client, campaign)
    sign(client, campaign)
    post(client, campaign, person(homepage="x"))  # held: nobody asked a robot to confirm
    lifecycle.withdraw(confirmed(client, campaign))
    on_paper(campaign, olga)

    rows = overview(olga)["signed"]
    assert [(row["signed"].number, row["confirmed"].number, row["percent"]) for row in rows] == [
        (3, 2, 66),
        (4, 3, 75),
    ]


def test_a_day_begins_at_midnight(client, campaign, olga, clock):
    clock.move_to("2026-11-24 23:59Z")
    confirmed(client, campaign)
    clock.move_to("2026-11-25 00:00Z")

    assert overview(olga)["signed"][0]["signed"].number == 0
    assert overview(olga)["signed"][0]["percent"] is None


def test_campaigns_that_run_show_their_total_and_their_state(desk, lively, campaign, olga):
    campaigns.pause(campaign)
    make_campaign("over", status="closed")
    make_campaign("soon", status="draft", title="Soon")
    lifecycle.erase(confirmed(desk, make_campaign("bread")))

    rows = {row["campaign"].slug: row["total"] for row in overview(olga)["campaigns"]}
    # Four with or without a comment, and an organisation.
    assert rows == {"peace": 5, "soon": 0, "bread": 0}
    page = desk.get(DESK).content.decode()
    assert "<p>Paused</p>" in page
    assert "<p>Draft</p>" in page


# Mails and alarms


def alarms(user) -> str:
    return " ".join(map(str, overview(user)["alarms"]))


@pytest.fixture
def looked(db):
    retention.look()


def test_the_queue_of_mails_is_told_in_figures(client, campaign, olga, clock, looked):
    sign(client, campaign)
    sign(client, campaign)
    lifecycle.remind()
    OutboxMail.objects.filter(pk=OutboxMail.objects.first().pk).update(
        recipient="", failed_at=now(), last_error="recipient 550"
    )
    clock.shift(timedelta(minutes=15))

    figures = overview(olga)["mails"]
    assert [figure.number for figure in figures] == [1, 15, 1]
    assert alarms(olga) == ""
    clock.shift(timedelta(minutes=1))
    assert "for a mail for 16 minutes" in alarms(olga)
    clock.shift(timedelta(days=1))
    assert [figure.number for figure in overview(olga)["mails"]][::2] == [1, 0]


def test_reminders_and_news_are_told_apart(client, campaign, olga):
    sign(client, campaign)
    OutboxMail.objects.update(precedence=5)

    assert overview(olga)["mails"][0].note == (
        "1 of them are reminders or news, which let others go first"
    )


def test_an_alarm_says_that_the_mail_server_refuses_us(desk, campaign, looked):
    assert 'role="alert"' not in desk.get(DESK).content.decode()
    outbox.memory.add("pause", 1, timeout=60)

    assert "The mail server refuses us" in desk.get(DESK).content.decode()


def test_an_alarm_says_that_something_is_kept_for_too_long(client, campaign, olga, clock):
    do_chores()
    assert alarms(olga) == ""
    sign(client, campaign)
    clock.shift(timedelta(days=8))
    retention.look()

    assert "things are kept for longer than the privacy page says" in alarms(olga)


def test_what_is_overdue_is_looked_for_once_an_hour_and_not_by_the_page(
    client, campaign, olga, clock, looked
):
    sign(client, campaign)
    OutboxMail.objects.all().delete()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        retention.look()
    assert len(queries) == 1
    assert retention.kept_too_long() == 0


def test_an_alarm_says_that_the_sender_stands_still(campaign, olga, clock, looked):
    clock.shift(timedelta(hours=6, seconds=1))
    assert "the mail sender seems to stand still" in alarms(olga)


# Each role sees what it may see


def test_without_a_role_there_is_nothing_to_see(client, lively):
    client.force_login(make_account("nobody"))
    page = client.get(DESK).content.decode()

    assert overview(make_account("anybody")) == {}
    assert "Your account has no role yet" in page
    assert "desk-figure" not in page


@pytest.mark.parametrize(
    ("role", "lists", "its_page"),
    [
        ("editor", [], True),
        ("moderator", ["waiting", "held", "comments"], False),
        ("data officer", ["waiting", "held", "comments"], False),
        ("owner", ["waiting", "held", "comments"], True),
    ],
)
def test_a_role_is_led_only_to_what_it_may_open(client, lively, campaign, role, lists, its_page):
    client.force_login(make_account("somebody", role))
    page = client.get(DESK).content.decode()
    main = page[page.index('id="content-main"') :]

    assert re.findall(rf'{LIST}\?state=(waiting|held|comments)"', main) == lists
    assert (f"campaign/{campaign.pk}/change/" in main) == its_page
    for url in set(re.findall(r'href="([^"#]+)"', main)):
        assert client.get(url.replace("&amp;", "&")).status_code == 200, url


def test_an_editor_learns_no_figure_of_signatures_but_the_public_total(client, lively):
    shown = overview(make_account("ed", "editor"))

    assert shown["signed"] == []
    assert [figure.number for figure in shown["waiting"]] == [0]
    assert [row["total"] for row in shown["campaigns"]] == [5]


def test_the_newest_events_are_told(desk, campaign, olga):
    campaigns.pause(campaign, by=olga)
    page = desk.get(DESK).content.decode()

    assert "paused signing" in page
    assert "The whole audit trail" in page


# What it costs


def test_the_number_of_queries_is_small_and_does_not_grow(
    desk, lively, olga, campaign, django_assert_max_num_queries
):
    with django_assert_max_num_queries(QUERIES):
        overview(olga)
    for number in range(3):
        confirmed(desk, make_campaign(f"more-{number}"), organisation())
        campaigns.pause(campaign, by=olga)
        campaigns.resume(campaign, by=olga)
    caches["counters"].clear()
    with django_assert_max_num_queries(QUERIES):
        overview(olga)


def test_no_query_reads_all_signatures_or_all_mails(lively, olga):
    with CaptureQueriesContext(connection) as queries:
        overview(olga)
    big = ("signatures_signature", "signatures_outboxmail")
    asked = [query["sql"] for query in queries if any(table in query["sql"] for table in big)]
    assert len(asked) == 7

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it reads small tables whole, unless told not to
            cursor.execute("SET LOCAL enable_seqscan = off")
            explain, scan = "EXPLAIN", r"Seq Scan on signatures"
        else:
            explain, scan = "EXPLAIN QUERY PLAN", r"SCAN signatures_\w+(?! USING)(\s|'|$)"
        for sql in asked:
            cursor.execute(f"{explain} {sql}")
            plan = "\n".join(str(row) for row in cursor.fetchall())
            assert not re.search(scan, plan), (sql, plan)
