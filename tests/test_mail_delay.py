"""Whoever waits for a mail is told how long mails take at the moment."""

import re
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from signatures import lifecycle, outbox
from signatures.models import OutboxMail
from tests.factories import confirmed, person, post, read_mails, sign

pytestmark = pytest.mark.django_db
USUAL = "An e-mail can take a few minutes."


def page_after(client, campaign, language="en") -> str:
    """What somebody sees who has just signed."""
    return page(client, signed(client, campaign, language))


def signed(client, campaign, language="en", **fields) -> str:
    return post(client, campaign, person(**fields), language)["Location"]


def page(client, path) -> str:
    """Without what is different for each ticket."""
    return client.get(path).content.decode().replace(path.rstrip("/").rpartition("/")[2], "")


def test_while_mails_leave_at_once_nothing_is_said(client, campaign, clock):
    text = page_after(client, campaign)

    assert USUAL in text
    assert "slow" not in text


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (timedelta(minutes=4), None),
        (timedelta(minutes=5), "up to 10 minutes"),
        (timedelta(minutes=23), "up to 25 minutes"),
        (timedelta(minutes=89), "up to 90 minutes"),
        (timedelta(minutes=90), "up to 2 hours"),
        (timedelta(hours=30), "up to 31 hours"),
    ],
)
def test_the_oldest_mail_that_waits_tells_how_long(client, campaign, clock, wait, words):
    sign(client, campaign)
    clock.shift(wait)
    text = page_after(client, campaign)

    assert (USUAL in text) is (words is None)
    assert words is None or words in text


def test_a_mail_server_that_is_down_counts_although_every_mail_was_tried(
    client, campaign, clock, settings
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    for _minute in range(3):
        sign(client, campaign)
        read_mails()
        clock.shift(timedelta(minutes=10))
    read_mails()

    assert "up to 35 minutes" in page_after(client, campaign)


def test_one_mailbox_that_does_not_answer_tells_nothing_about_others(client, campaign, clock):
    sign(client, campaign)
    OutboxMail.objects.update(
        attempts=5, last_error="recipient 450", next_try_at=now() + timedelta(hours=2)
    )
    clock.shift(timedelta(hours=1))

    assert USUAL in page_after(client, campaign)


def test_a_mail_that_later_ones_have_overtaken_tells_nothing_about_them(client, campaign, clock):
    sign(client, campaign)
    OutboxMail.objects.update(
        attempts=5, last_error="TimeoutError", next_try_at=now() + timedelta(hours=2)
    )
    clock.shift(timedelta(minutes=30))
    assert "up to 35 minutes" in page_after(client, campaign)
    read_mails()
    clock.shift(timedelta(minutes=2))

    assert USUAL in page_after(client, campaign)


def test_reminders_that_wait_slow_down_no_confirmation(client, campaign, clock):
    sign(client, campaign)
    read_mails()
    clock.shift(timedelta(days=2))
    lifecycle.remind()
    clock.shift(timedelta(hours=1))

    assert USUAL in page_after(client, campaign)


@pytest.mark.parametrize("queue", [[], ["other@example.org"]])
def test_neither_now_nor_later_does_the_page_tell_whether_a_mail_is_on_its_way(
    client, campaign, clock, queue
):
    confirmed(client, campaign, email="known@example.org")
    sign(client, campaign, email="pending@example.org")
    lifecycle.deny(sign(client, campaign, email="muted@example.org"))
    read_mails()
    for address in queue:
        sign(client, campaign, email=address)
    clock.shift(timedelta(minutes=20))
    seen = set()
    for name in ("muted", "known", "pending", "new"):
        with transaction.atomic():
            path = signed(client, campaign, email=f"{name}@example.org")
            pages = [page(client, path)]
            clock.shift(timedelta(minutes=40))
            pages.append(page(client, path))
            clock.shift(-timedelta(minutes=40))
            seen.add("".join(pages))
            transaction.set_rollback(True)

    assert len(seen) == 1
    assert ("slow" in seen.pop()) is bool(queue)


def test_looking_costs_one_query_that_reads_an_index(client, campaign, clock):
    sign(client, campaign)
    with CaptureQueriesContext(connection) as queries:
        outbox.minutes_behind(now())

    assert len(queries) == 1
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
            plan = " ".join(str(row) for row in cursor.fetchall())
        assert re.search("outbox_oldest", plan)
        assert re.search("outbox_newest_sent", plan)


@pytest.mark.parametrize("language", [language for language, _name in site.LANGUAGES])
def test_the_delay_is_told_in_every_language(client, campaign, clock, language):
    sign(client, campaign)
    clock.shift(timedelta(minutes=23))

    assert "25" in page_after(client, campaign, language)
