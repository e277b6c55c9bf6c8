"""What is held and how long: declared for every column, shown, enforced, and checked."""

from datetime import UTC, datetime, timedelta

import pytest
from captcha.models import CaptchaStore
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.core.cache import caches
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import override

from campaigns import lifecycle as campaigns
from petition_site import views
from signatures import lifecycle, retention, tally
from signatures.keys import stored
from signatures.lifecycle import Line
from signatures.management.commands.send_outbox import do_chores
from signatures.models import Counter, Erasure, Moderation, OutboxMail, Signature, Token
from signatures.retention.columns import COLUMNS, NOTHING
from signatures.retention.declared import ELSEWHERE, LINES
from signatures.retention.forgetting import BATCH, FORGOTTEN
from tests.factories import (
    approved,
    confirmed,
    links,
    make_campaign,
    make_file,
    organisation,
    press,
    read_mails,
    sign,
)
from tests.papers import entered, sheet_numbers

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def held() -> set[str]:
    """The lines of the declaration for which the database holds anything."""
    return {
        line
        for label, columns in COLUMNS.items()
        for name, line in columns.items()
        if line != NOTHING and any(map(tells, values(label, name)))
    }


def values(label, name):
    return apps.get_model(label)._base_manager.values_list(name, flat=True)


def tells(value) -> bool:
    return value not in (None, "", b"", False) and not str(value).startswith(FORGOTTEN)


def pass_days(clock, number):
    """So many days go by; the sender works on the first and on the last of them."""
    for step in (1, number - 1):
        clock.shift(step * DAY)
        do_chores()
        read_mails()
        caches["counters"].delete("forget")
        Counter.objects.filter(key__startswith="retention:").delete()  # of nobody's network
    assert retention.overdue() == []


def fill(client, campaign, mo):
    """A campaign in which everything has happened that leaves something behind."""
    client.force_login(mo)
    LogEntry.objects.create(user=mo, action_flag=2, object_repr="Peace now")
    CaptchaStore.generate_key()
    sign(client, campaign, name="Never Confirms", comment="Later.", via="wri")
    confirmed(client, campaign, visibility="count", name="")
    confirmed(client, campaign, city="Kyiv", comment="Enough.", via="wri")
    confirmed(client, campaign, visibility="handin", updates="on")
    approved(client, campaign, mo)
    confirmed(client, campaign, organisation(organisation="Nobody decided"))
    lifecycle.hold(confirmed(client, campaign), mo, "a neighbour says it is made up")
    on_paper = Line("DE", "handin", "Paula Paper", "Berlin")
    entered(campaign, mo, on_paper, sheets=sheet_numbers(), via="wri", note="at the market")
    gone = confirmed(client, campaign)
    lifecycle.hide(gone, mo, "she asked for it")
    lifecycle.withdraw(gone)
    lifecycle.deny(sign(client, campaign))
    make_file(campaign, mo)


# The declaration


def test_every_column_about_people_is_declared():
    assert retention.undeclared() == set()


def test_every_line_of_the_table_has_columns_or_is_kept_elsewhere():
    used = {line for columns in COLUMNS.values() for line in columns.values()} - {NOTHING}

    assert used | ELSEWHERE == set(LINES)


def test_a_column_that_nobody_declared_is_named(monkeypatch):
    monkeypatch.delitem(COLUMNS["signatures.Signature"], "city")
    monkeypatch.setitem(COLUMNS["signatures.Mute"], "ip", "mute")
    monkeypatch.setitem(COLUMNS, "signatures.Diary", {})

    assert retention.undeclared() == {
        "signatures.Signature.city",
        "signatures.Mute.ip",
        "signatures.Diary",
    }


@pytest.mark.parametrize("language", ["en", "de", "uk"])
def test_the_table_is_short_and_holds_the_periods_of_the_settings(settings, language):
    settings.PENDING_DAYS, settings.AFTER_HAND_IN_DAYS, settings.NEWS_DAYS = 11, 222, 333
    settings.AFTER_CLOSING_DAYS = 444
    with override(language):
        groups = retention.table()

    rows = [row for _heading, rows in groups for row in rows]
    assert len(groups) == 4
    assert len(rows) == len(set(rows)) <= 18
    assert all(all(row) for row in rows)
    assert {"11", "333"} <= set(rows[0].until.split())
    assert "222" in rows[1].until
    assert language != "en" or all("444" in rows[number].until for number in (0, 1, 3))


# Two years


def test_through_two_years_the_database_holds_what_the_table_says(client, campaign, mo, clock):
    fill(client, campaign, mo)
    assert held() == set(LINES) - ELSEWHERE
    counted = tally.read(campaign)
    remaining = {"figures", "organisation", "account", "log", "trail"}

    pass_days(clock, 9)
    left = set(LINES) - ELSEWHERE - {"mails", "limits"}
    assert held() == left
    assert Signature.objects.exclude(email="").count() == 1
    pass_days(clock, 52)
    assert held() == left - {"ledger"}
    campaigns.close(campaign)
    campaigns.hand_in(campaign)
    pass_days(clock, 30)
    assert held() == left - {"ledger", "mute"}
    pass_days(clock, 149)
    assert held() == left - {"ledger", "mute"}

    pass_days(clock, 1)
    assert held() == {*remaining, "address", "links"}
    assert Signature.objects.exclude(email="").get().updates
    pass_days(clock, 184)
    assert held() == {*remaining, "address", "links"}
    pass_days(clock, 1)
    assert held() == remaining
    assert not LogEntry.objects.exists()

    pass_days(clock, 730 - 426)
    assert held() == remaining
    assert tally.read(campaign) == counted
    assert tally.recount(campaign) == {}
    assert [s.organisation for s in Signature.objects.listed()] == ["Example Action e.V."]


def test_what_never_counted_goes_with_the_rest_and_is_accounted_for(client, campaign, mo, clock):
    fill(client, campaign, mo)
    pass_days(clock, 8)
    campaigns.close(campaign)
    campaigns.hand_in(campaign)
    gone = tally.read_gone(campaign)[tally.EXPIRED]
    pass_days(clock, 181)

    assert tally.read_gone(campaign)[tally.EXPIRED] == gone + 2
    assert not Signature.objects.held().exists()
    assert not Signature.objects.waiting().exists()


def test_a_planned_day_of_hand_in_makes_nothing_go(client, campaign, clock):
    campaign.hand_in_at = datetime(2026, 1, 1, tzinfo=UTC)
    campaign.save()
    confirmed(client, campaign)
    campaigns.close(campaign)
    pass_days(clock, 200)

    assert Signature.objects.get().name == "Sam Example"


def test_the_day_of_the_hand_in_counts_and_not_that_of_another_campaign(client, campaign, clock):
    other = make_campaign("other", "handed_in")
    kept = confirmed(client, campaign)
    assert other.events.filter(verb="hand in").exists()
    pass_days(clock, 181)

    kept.refresh_from_db()
    assert kept.name == "Sam Example"


def test_what_nobody_hands_in_goes_a_year_after_the_end_of_signing(client, campaign, mo, clock):
    fill(client, campaign, mo)
    still_open = confirmed(client, make_campaign("other"))
    counted = tally.read(campaign)
    campaigns.close(campaign)
    pass_days(clock, 364)
    assert held() >= {"hash", "name", "address"}
    pass_days(clock, 1)

    of_the_campaign = Signature.objects.filter(campaign=campaign)
    assert not of_the_campaign.exclude(name="", city="", comment="", email="").exists()
    online = of_the_campaign.confirmed().filter(batch=None)
    assert {s.address_hash[:10] for s in online} == {FORGOTTEN}
    assert tally.read(campaign) == counted
    still_open.refresh_from_db()
    assert still_open.name == "Sam Example"


def test_what_was_forgotten_is_not_opened_again(client, campaign, clock):
    confirmed(client, campaign)
    campaigns.close(campaign)
    pass_days(clock, 364)
    assert campaigns.reopen(campaign)
    campaigns.close(campaign)
    pass_days(clock, 365)

    assert campaigns.reopen(campaign) is False


def test_a_hand_in_within_the_year_starts_its_own_clock(client, campaign, clock):
    confirmed(client, campaign)
    campaigns.close(campaign)
    pass_days(clock, 300)
    campaigns.hand_in(campaign)
    pass_days(clock, 179)
    assert Signature.objects.get().name == "Sam Example"
    pass_days(clock, 1)

    assert Signature.objects.get().name == ""


# Hours


def test_after_thirty_days_only_the_day_is_known(client, campaign, clock):
    confirmed(client, campaign)
    lifecycle.withdraw(confirmed(client, campaign))
    day = datetime(2026, 11, 24, tzinfo=UTC)
    pass_days(clock, 30)
    assert Signature.objects.live().get().confirmed_at == day.replace(hour=10)
    pass_days(clock, 1)

    assert set(Signature.objects.values_list("signed_at", "confirmed_at")) == {(day, day)}
    assert Signature.objects.exclude(withdrawn_at=None).get().withdrawn_at == day


def many(signature, number, **fields) -> None:
    """So many more like a confirmed signature, half a minute apart, back and forth."""
    Signature.objects.bulk_create(
        Signature(
            campaign=signature.campaign,
            appeal=signature.appeal,
            kind="individual",
            country="DE",
            address_hash=str(index),
            signed_at=signature.signed_at,
            confirmed_at=signature.confirmed_at + timedelta(seconds=30 * index * (-1) ** index),
            **{name: words.format(index) for name, words in fields.items()},
        )
        for index in range(number)
    )


def test_hours_go_in_batches(client, campaign, clock):
    many(confirmed(client, campaign), BATCH, visibility="count")
    clock.shift(31 * DAY)

    assert retention.forget()["hours"] == BATCH + 1
    caches["counters"].delete("forget")
    assert retention.forget()["hours"] == 0


def test_a_list_that_is_being_read_while_hours_go_loses_nobody(client, campaign, clock):
    many(confirmed(client, campaign, name="First"), 60, visibility="public", name="Person {}")
    first = client.get(f"/en/{campaign.slug}/signatories/?kind=individual")
    clock.shift(31 * DAY)
    assert retention.forget()["hours"] == 61

    shown, page = {s.name for s in first.context["signatures"]}, first
    while page.context["next"]:
        page = client.get(f"/en/{campaign.slug}/signatories/?{page.context['next']}")
        shown |= {s.name for s in page.context["signatures"]}
    assert shown == {"First"} | {f"Person {index}" for index in range(60)}


# What is overdue


def test_expired_links_go_but_not_those_that_a_late_mail_needs(client, campaign, clock):
    confirmed(client, campaign)
    waiting = sign(client, campaign)
    read_mails()
    clock.shift(7 * DAY + timedelta(minutes=5))
    OutboxMail.objects.create(
        kind="reminder", signature=waiting, recipient="late@example.org", language="en",
        message_id="x", created_at=waiting.signed_at, next_try_at=waiting.signed_at,
    )  # fmt: skip
    retention.forget()

    assert set(Token.objects.values_list("signature", "purpose")) == {
        (waiting.pk, "confirm"),
        (waiting.pk, "not_me"),
        (Signature.objects.confirmed().get().pk, "manage"),
    }


def test_nothing_that_has_just_happened_is_overdue(client, campaign, mo, clock):
    fill(client, campaign, mo)

    assert retention.overdue() == []


def test_a_sender_that_stands_still_is_noticed(client, campaign, mo, clock):
    fill(client, campaign, mo)
    campaigns.close(campaign)
    campaigns.hand_in(campaign)
    clock.shift(731 * DAY)
    with pytest.raises(CommandError, match="1 signatures that nobody confirmed"):
        call_command("forget", check=True)
    noticed = dict(retention.overdue())
    retention.forget()

    assert noticed.keys() == {
        "signatures that nobody confirmed",
        "expired links",
        "mails that left long ago",
        "mutes",
        "counters",
        "questions",
        "sessions",
        "ledger entries",
        "log entries",
        "signatures of campaigns that ended long ago",
        "sheets of campaigns that ended long ago",
        "paper batches of campaigns that ended long ago",
        "readers of campaigns that have no news any more",
        "reasons about those who left",
        "hours of days long past",
        "sealed lines of campaigns that ended long ago",
        "files of hand-ins",
    }
    assert noticed["signatures of campaigns that ended long ago"] == 7
    assert noticed["hours of days long past"] == 8
    call_command("forget", check=True)


def test_the_health_check_tells_what_is_kept_too_long(client, campaign, clock, caplog):
    views.is_kept_too_long.cache_clear()
    sign(client, campaign)
    read_mails()
    assert client.get("/readyz").content == b"ok"
    clock.shift(8 * DAY)

    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"something is kept for too long")
    assert "Kept for too long: 1 signatures that nobody confirmed." in caplog.text
    do_chores()
    assert client.get("/readyz").status_code == 503
    clock.shift(timedelta(hours=1))
    assert client.get("/readyz").content == b"ok"


def test_a_mail_that_nobody_sends_is_noticed(client, campaign, clock):
    sign(client, campaign)
    clock.shift(4 * DAY)
    retention.forget()

    assert retention.overdue() == [("mails that wait for too long", 1)]


def test_an_address_that_nobody_needs_is_noticed_at_once(client, campaign):
    signature = confirmed(client, campaign)
    Signature.objects.filter(pk=signature.pk).update(email="sam@example.org")

    assert retention.overdue() == [("addresses that nobody needs", 1)]


@pytest.mark.parametrize("name", ["email", "name", "city", "comment", "role"])
def test_clear_text_in_a_sealed_column_is_noticed_at_once(client, campaign, name):
    signature = sign(client, campaign)
    write_clear(Signature, signature.pk, name, "sam@example.org")

    assert retention.overdue() == [(f"signatures.Signature.{name} that is not sealed", 1)]


def test_a_recipient_in_clear_is_noticed_at_once(client, campaign):
    sign(client, campaign)
    write_clear(OutboxMail, OutboxMail.objects.get().pk, "recipient", "sam@example.org")

    assert retention.overdue() == [("signatures.OutboxMail.recipient that is not sealed", 1)]


def write_clear(model, pk, name, text):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {model._meta.db_table} SET {name} = %s WHERE id = %s", [text, pk])  # noqa: S608


def test_addresses_are_kept_for_the_pending_the_readers_and_the_queue_and_always_sealed(
    client, campaign
):
    pending = sign(client, campaign)
    reader = confirmed(client, campaign, updates="on")
    confirmed(client, campaign)
    sign(client, campaign)

    assert set(Signature.objects.exclude(email="").values_list("pk", flat=True)) >= {
        pending.pk,
        reader.pk,
    }
    assert Signature.objects.exclude(email="").count() == 3
    assert OutboxMail.objects.exclude(recipient="").count() == 1
    for rows, name in ((Signature.objects, "email"), (OutboxMail.objects, "recipient")):
        raw = rows.values_list(stored(name), flat=True)
        assert not any("@" in text for text in raw)
        assert all(text.startswith("gAAAA") for text in raw if text)


def test_what_organisers_wrote_goes_with_the_signature(client, campaign, mo):
    signature = confirmed(client, campaign)
    lifecycle.hold(signature, mo, "looks like my neighbour")
    lifecycle.withdraw(signature)
    do_chores()

    assert Moderation.objects.get().reason == ""
    assert Signature.objects.get().held_reason == ""


def test_who_left_is_remembered_for_twice_the_life_of_a_backup(client, campaign, clock):
    lifecycle.withdraw(confirmed(client, campaign))
    pass_days(clock, 59)
    assert Erasure.objects.exists()
    pass_days(clock, 2)

    assert not Erasure.objects.exists()


def test_pressing_a_button_after_everything_went_says_that_the_link_is_unknown(
    client, campaign, clock
):
    sign(client, campaign)
    paths = links(read_mails()[-1])
    press(client, paths["confirm"])
    own_page = Token.objects.filter(purpose="manage").count()
    campaigns.close(campaign)
    campaigns.hand_in(campaign)
    pass_days(clock, 182)

    assert own_page == 1
    assert client.get(paths["confirm"]).status_code == 404
    assert not Token.objects.exists()
