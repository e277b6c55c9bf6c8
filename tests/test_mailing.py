"""News are mailed to those who asked for them, once, in their language, behind all other mails."""

import email.policy
import os
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from urllib.parse import urlsplit

import pytest
from django.conf import settings as site
from django.core import mail
from django.core.cache import caches
from django.core.mail import get_connection
from django.db import IntegrityError, transaction
from django.test import Client

from campaigns import lifecycle as campaigns
from campaigns.models import AuditEvent
from signatures import emails, jobs, lifecycle, mailing, outbox, retention, throttle
from signatures.management.commands import send_outbox
from signatures.management.commands.send_outbox import Background, send_batch
from signatures.models import Mailing, OutboxMail, Signature, Token
from tests import sink as sinks
from tests.factories import (
    confirmed,
    make_campaign,
    make_readers,
    make_update,
    organisation,
    press,
    read_mails,
    sign,
    text,
)
from tests.test_languages import TELLING
from tests.test_mail_content import Tags, parts
from tests.test_mail_crashes import database_url

pytestmark = pytest.mark.django_db

PATIENCE = 30  # seconds
DAY = timedelta(days=1)


@pytest.fixture
def update(campaign):
    return make_update(campaign)


def send(update, mo) -> list:
    """Mail an update and let everybody work until nothing is left."""
    assert mailing.start(update, mo)
    while jobs.work():
        pass
    return read_mails()


def addresses(messages) -> list[str]:
    return sorted(message.to[0] for message in messages)


def unsubscribe_link(message) -> str:
    return urlsplit(message.extra_headers["List-Unsubscribe"].strip("<>")).path


# Who gets it, and in which language


def test_an_update_goes_only_to_those_who_asked_for_news(client, campaign, update, mo):
    confirmed(client, campaign, email="reader@example.org", updates="on")
    confirmed(client, campaign, email="silent@example.org")
    sign(client, campaign, email="pending@example.org", updates="on")
    confirmed(client, make_campaign("bread"), email="other@example.org", updates="on")
    gone = confirmed(client, campaign, email="gone@example.org", updates="on")
    lifecycle.withdraw(gone)
    stopped = confirmed(client, campaign, email="stopped@example.org", updates="on")
    lifecycle.stop_updates(stopped)
    read_mails()

    assert addresses(send(update, mo)) == ["reader@example.org"]


def test_each_reader_gets_it_in_the_own_language_or_all_of_it_in_english(campaign, update, mo):
    make_readers(campaign, 1, "en", email="en@example.org")
    make_readers(campaign, 1, "de", email="de@example.org")
    make_readers(campaign, 1, "uk", email="uk@example.org")
    make_readers(campaign, 1, "xx", email="xx@example.org")
    mails = {message.to[0]: message for message in send(update, mo)}

    assert "Wir wurden gehört" in mails["de@example.org"].body
    assert "/de/peace/updates/" in mails["de@example.org"].body
    for name in ("en", "uk", "xx"):
        message = mails[f"{name}@example.org"]
        assert "We were heard" in message.body
        assert "/en/unsubscribe/" in message.body
        assert '<html lang="en" dir="ltr">' in parts(message)[1]


def test_nobody_gets_it_twice(campaign, update, mo):
    make_readers(campaign, 5)
    assert len(send(update, mo)) == 5
    assert not mailing.start(update, mo)
    Mailing.objects.update(cursor=0, finished_at=None)
    while jobs.work():
        pass

    assert read_mails() == []


def test_who_signed_as_a_person_and_for_an_organisation_gets_it_once_and_stops_it_once(
    client, campaign, update, mo
):
    confirmed(client, campaign, email="olga@example.org", updates="on")
    lifecycle.approve(
        confirmed(client, campaign, organisation(email="olga@example.org", updates="on")), mo
    )
    confirmed(client, campaign, organisation(email="otto@example.org", updates="on"))
    read_mails()
    assert mailing.readers_by_language(campaign) == {"en": 2}
    messages = send(update, mo)
    assert addresses(messages) == ["olga@example.org", "otto@example.org"]

    olga = next(message for message in messages if message.to == ["olga@example.org"])
    press(client, unsubscribe_link(olga))
    assert [reader.email for reader in Signature.objects.readers()] == ["otto@example.org"]
    assert Signature.objects.confirmed().count() == 3


def test_whoever_leaves_while_the_mail_waits_gets_none(client, campaign, update, mo):
    stopping, leaving, staying = make_readers(campaign, 3)
    mailing.start(update, mo)
    mailing.work()
    (claimed,) = [waiting for waiting in outbox.claim(3) if waiting.signature_id == stopping.pk]
    OutboxMail.objects.update(lease=claimed.lease)
    lifecycle.stop_updates(stopping)
    lifecycle.withdraw(leaving)

    # At the last moment, by a sender who had already read the address …
    outbox.deliver(claimed, emails.render, get_connection())
    OutboxMail.objects.update(lease=None, leased_until=None)
    # … and before.
    assert addresses(read_mails()) == [staying.email]
    assert mail.outbox[0].to == [staying.email]
    assert not OutboxMail.objects.filter(signature=stopping).exists()


def test_a_mail_of_news_stores_no_address(campaign, update, mo):
    make_readers(campaign, 1)
    mailing.start(update, mo)
    mailing.work()

    assert OutboxMail.objects.get().recipient == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        OutboxMail.objects.update(recipient="reader@example.org")


def test_news_for_somebody_who_did_not_ask_are_refused(client, campaign, update):
    silent = confirmed(client, campaign)
    stranger = confirmed(client, make_campaign("bread"), updates="on")
    pending = sign(client, campaign, updates="on")

    for signature in (silent, stranger, pending):
        with pytest.raises(ValueError, match="only for those who asked"):
            outbox.put_news(update, [signature])
    assert not OutboxMail.objects.filter(kind="update").exists()


def test_a_draft_is_not_mailed(campaign, mo):
    draft = make_update(campaign, published=False)

    assert not mailing.start(draft, mo)
    assert not jobs.is_due()


# The mail


@pytest.fixture
def message(campaign, update, mo, request):
    make_readers(campaign, 1, getattr(request, "param", "en"), email="reader@example.org")
    return send(update, mo)[0]


def test_the_headers_are_those_of_a_mailing_list_that_is_left_with_one_click(message, campaign):
    head = message_from_bytes(message.message().as_bytes(), policy=email.policy.default)

    assert head["Subject"] == "The news you asked for"
    assert head["From"] == head["Reply-To"] == "no-reply@localhost"
    assert head["To"] == "reader@example.org"
    assert head["Auto-Submitted"] == "auto-generated"
    assert head["X-Auto-Response-Suppress"] == "All"
    assert head["Precedence"] == "bulk"
    assert head["List-Id"] == f"<news-{campaign.pk}.testserver>"
    link = r"<http://testserver/en/unsubscribe/[A-Za-z0-9_-]{32}/>"
    assert re.fullmatch(link, head["List-Unsubscribe"].strip())
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    raw = message.message().as_bytes().decode()
    assert re.search(rf"^List-Unsubscribe:\s+{link}$", raw, re.MULTILINE)


def test_text_and_html_say_the_same_and_links_become_links(message):
    text_part, html = parts(message)
    words = " ".join(re.sub(r"<[^>]+>", " ", html.partition("<body")[2]).split())
    for line in filter(None, map(str.strip, text_part.splitlines())):
        assert line.removesuffix(".") in words.replace(" .", ".").replace("&#x27;", "'")
    assert 'href="https://peace.example/"' in html
    own = [line for line in text_part.splitlines() if line.startswith("http://testserver")]
    assert len(own) == 3
    for line in own:
        assert f'href="{line}"' in html


@pytest.mark.parametrize("message", ["en", "de", "uk"], indirect=True)
def test_what_a_mailbox_shows_beside_the_subject_does_not_tell_what_it_is_about(message, request):
    language = request.node.callspec.params["message"]
    head = message.message()
    shown = [
        message.subject,
        head["List-Id"],
        head["From"],
        message.body.partition("We were")[0][:90],
    ]
    title = re.search(r"<title>(.*)</title>", parts(message)[1])[1]
    for words in (*shown, title):
        assert not [word for word in TELLING[language] if word in words.lower()]
        assert "peace" not in words.lower()


def test_the_html_loads_nothing_and_what_organisers_type_is_no_html(campaign, mo):
    evil = '<img src="https://evil.example/x.png"><script>alert(1)</script> & javascript:alert(1)'
    update = make_update(campaign, title=text(en=f"A {evil}"), body=text(en=f"{evil}\nline"))
    make_readers(campaign, 1)
    html = parts(send(update, mo)[0])[1]

    tags = Tags(html).found
    assert {tag for tag, _attributes in tags} <= {
        "html", "head", "meta", "title", "style", "body", "table", "tr", "td", "p", "a", "h1", "br",
    }  # fmt: skip
    assert not [name for _tag, names in tags for name in names if name in {"src", "background"}]
    assert not [
        names["href"] for tag, names in tags if tag == "a" and "javascript" in names["href"]
    ]


def test_the_link_that_stops_the_news_works_for_mail_programs_and_twice(campaign, message):
    strict = Client(enforce_csrf_checks=True)
    link = unsubscribe_link(message)
    page = strict.get(link)
    assert page.status_code == 200
    assert "<button" in page.content.decode()
    assert Signature.objects.readers().count() == 1

    for _ in range(2):
        body = "List-Unsubscribe=One-Click"
        answer = strict.post(link, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
    assert not Signature.objects.readers().exists()
    assert Signature.objects.get().is_counted


def test_each_mail_has_the_same_link_and_it_is_kept_once(campaign, mo):
    make_readers(campaign, 2)
    first = send(make_update(campaign), mo)
    second = send(make_update(campaign), mo)

    links = Counter(unsubscribe_link(message) for message in first + second)
    assert sorted(links.values()) == [2, 2]
    assert Token.objects.filter(purpose="unsubscribe").count() == 2


def test_a_mailbox_that_is_not_there_gets_no_more_news(campaign, update, mo, clock):
    make_readers(campaign, 1)
    mailing.start(update, mo)
    mailing.work()
    (waiting,) = outbox.claim(1)
    outbox._give_up(waiting, "recipient 550")
    clock.shift(8 * DAY)
    lifecycle.forget()

    assert not Signature.objects.readers().exists()


# Steps, stopping, and the trail


def test_the_mails_are_queued_in_steps(campaign, update, mo, monkeypatch):
    monkeypatch.setattr(mailing, "BATCH", 4)
    make_readers(campaign, 10)
    mailing.start(update, mo)
    seen = []
    while jobs.work():
        row = Mailing.objects.get()
        seen.append((row.queued, row.finished_at is not None))

    assert seen == [(4, False), (8, False), (10, True)]
    assert OutboxMail.objects.count() == 10
    assert not jobs.is_due()


def test_a_step_that_breaks_leaves_nothing_half_done(campaign, update, mo, monkeypatch):
    monkeypatch.setattr(mailing, "BATCH", 4)
    make_readers(campaign, 10)
    mailing.start(update, mo)
    mailing.work()
    with monkeypatch.context() as broken:
        broken.setattr(mailing, "F", lambda name: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            mailing.work()

    assert OutboxMail.objects.count() == 4
    while jobs.work():
        pass
    assert OutboxMail.objects.count() == 10


def test_stopping_takes_back_what_has_not_left(campaign, update, mo, monkeypatch):
    monkeypatch.setattr(mailing, "BATCH", 4)
    make_readers(campaign, 10)
    mailing.start(update, mo)
    mailing.work()
    send_batch(stopped=lambda: len(mail.outbox) == 1)

    assert mailing.stop(Mailing.objects.get(), mo)
    assert not mailing.stop(Mailing.objects.get(), mo)
    assert not jobs.work()
    assert read_mails() == []
    assert len(mail.outbox) == 1
    assert AuditEvent.objects.get(verb="stop mailing").details["taken_back"] == 3


def test_who_mailed_is_recorded_and_no_reader_is(campaign, update, mo):
    make_readers(campaign, 1, email="canary@example.org")
    send(update, mo)

    event = AuditEvent.objects.get(verb="mail")
    assert (event.by, event.campaign) == (mo, campaign)
    assert "canary" not in str(AuditEvent.objects.values_list("details", "subject"))


# Behind all other mails


def test_a_mail_to_confirm_overtakes_a_thousand_mails_of_news(client, campaign, update, mo):
    make_readers(campaign, 1000)
    mailing.start(update, mo)
    mailing.work()
    assert outbox.minutes_behind(OutboxMail.objects.latest("pk").created_at) == 0
    send_batch()
    sign(client, campaign, email="late@example.org")
    before = len(mail.outbox)
    send_batch()

    assert mail.outbox[before].to == ["late@example.org"]


def test_it_overtakes_even_those_that_a_sender_has_taken_up(client, campaign, update, mo):
    make_readers(campaign, 20)
    mailing.start(update, mo)
    mailing.work()

    def somebody_signs():
        if len(mail.outbox) == 3:
            sign(client, campaign, email="late@example.org")
        return False

    send_batch(stopped=somebody_signs)
    assert len(mail.outbox) == 3
    read_mails()
    assert mail.outbox[3].to == ["late@example.org"]
    assert len(mail.outbox) == 21


def test_at_one_provider_news_leave_what_is_left_and_all_of_them_leave(clock, settings):
    settings.MAILS_PER_SECOND = 500
    ask = throttle.seconds_to_turn_of_domain
    clock.move_to("2026-11-24 10:00Z", tick=False)
    due = {f"reader{number}@gmail.com": 0.0 for number in range(20)}
    confirmations, left, asked = 0, 0, 0
    for _tenth in range(300):
        moment = _tenth / 10
        if _tenth % 50 == 0:  # somebody signs every five seconds …
            assert ask("late@gmail.com") == 0  # … and need not wait for anybody
            confirmations += 1
        for address in [address for address, at in due.items() if at <= moment + 0.001]:
            asked += 1
            wait = ask(address, is_news=True)
            due[address] = moment + wait if wait else float("inf")
            left += not wait
        clock.shift(0.1)

    assert (confirmations, left) == (6, 20)
    assert asked < 100


# The processes


def test_the_sender_starts_the_jobs_when_something_is_due_and_one_at_a_time(
    campaign, update, mo, monkeypatch
):
    started = []

    class Process:
        def __init__(self, command, **options):
            started.append(command[-1])
            self.code = None

        def poll(self):
            return self.code

        def terminate(self):
            self.code = 0

        def wait(self, patience=None):
            return self.code

    moment = [1000.0]
    monkeypatch.setattr(send_outbox.time, "monotonic", lambda: moment[0])
    monkeypatch.setattr(send_outbox.subprocess, "Popen", Process)
    background = Background()
    background.look_after()
    assert started == []  # nothing is due
    mailing.start(update, mo)
    background.look_after()
    assert started == []  # it has only just looked
    moment[0] += send_outbox.JOBS_EVERY
    background.look_after()
    background.look_after()
    assert started == ["do_jobs"]

    background.process.code = -9
    background.look_after()
    moment[0] += send_outbox.JOBS_EVERY
    background.look_after()
    assert len(started) == 1  # it crashed: not at once again
    moment[0] += send_outbox.AFTER_A_CRASH
    background.look_after()
    assert len(started) == 2
    process = background.process
    background.stop()
    assert process.code == 0


@contextmanager
def process(name, **environment):
    """A command of the site as a process of its own."""
    command = [sys.executable, "manage.py", name]
    environment = {**os.environ, "DATABASE_URL": database_url(), **environment}
    running = subprocess.Popen(command, cwd=site.BASE_DIR, env=environment)
    yield running
    running.kill()
    running.wait()


def wait_for(happened):
    """Until something has happened; a few milliseconds later at most."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_in_the_middle_of_queueing_the_next_one_goes_on_and_nobody_is_queued_twice(
    campaign, update, mo
):
    readers = make_readers(campaign, 4500)
    mailing.start(update, mo)
    with process("do_jobs") as running:
        wait_for(lambda: Mailing.objects.get().queued >= mailing.BATCH)
        running.kill()
        running.wait()

    row = Mailing.objects.get()
    assert row.finished_at is None
    assert OutboxMail.objects.count() == row.queued < len(readers)
    with process("do_jobs") as running:
        assert running.wait(PATIENCE) == 0
    row = Mailing.objects.get()
    assert row.finished_at is not None
    assert row.queued == len(readers)
    queued = OutboxMail.objects.values_list("signature", flat=True)
    assert sorted(queued) == [reader.pk for reader in readers]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_sender_does_it_all_and_ends_what_it_started(campaign, update, mo):
    readers = make_readers(campaign, 3)
    mailing.start(update, mo)
    with sinks.running() as sink:
        with process("send_outbox", EMAIL_URL=f"smtp://127.0.0.1:{sink.port}") as running:
            wait_for(lambda: len(sink.taken) == 3)
            running.terminate()
            assert running.wait(PATIENCE) == 0
        assert sorted(sink.recipients()) == [reader.email for reader in readers]


# How long readers stay readers


def test_the_addresses_of_readers_go_a_year_after_the_last_news(campaign, mo, clock, settings):
    make_readers(campaign, 2)
    send(make_update(campaign), mo)
    clock.shift(200 * DAY)
    send(make_update(campaign), mo)
    clock.shift(364 * DAY)
    make_readers(campaign, 1, email="late@example.org")
    assert _readers_left() == 3
    clock.shift(DAY)

    assert _readers_left() == 1  # who has only just come
    assert Signature.objects.counted().count() == 3


def test_news_after_the_hand_in_keep_the_readers_and_silence_before_it_does_not(
    campaign, mo, clock
):
    make_readers(campaign, 2)
    clock.shift(500 * DAY)
    assert _readers_left() == 2  # nothing has been sent, and nothing was handed in
    campaigns.close(campaign)
    campaigns.hand_in(campaign)
    clock.shift(300 * DAY)
    send(make_update(campaign), mo)
    clock.shift(100 * DAY)
    assert _readers_left() == 2
    clock.shift(265 * DAY)

    assert _readers_left() == 0


def _readers_left() -> int:
    caches["counters"].delete("forget")
    retention.forget()
    return Signature.objects.readers().count()
