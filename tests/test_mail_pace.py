"""Mails leave at a pace that mail providers take, however many senders there are."""

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from signatures import throttle
from signatures.management.commands.send_outbox import send_batch
from signatures.models import OutboxMail
from tests import sink as sinks
from tests.factories import make_campaign, read_mails, sign

FOR_EVER = float("inf")
START = datetime(2026, 11, 24, 10, tzinfo=UTC)


@pytest.fixture
def paced(settings):
    settings.MAILS_PER_SECOND = 500


@pytest.fixture
def running_clock(time_machine):
    time_machine.move_to(START, tick=True)
    return time_machine


@pytest.fixture
def sink(settings):
    with sinks.running() as sink:
        sinks.use(settings, sink)
        yield sink


def domains() -> Counter:
    """How many of the mails have left for each domain."""
    return Counter(message.to[0].partition("@")[2] for message in mail.outbox)


@pytest.mark.django_db
def test_without_a_pace_mails_leave_as_fast_as_the_server_takes_them(client, campaign):
    for number in range(20):
        sign(client, campaign, email=f"sam{number}@gmail.com")

    assert len(read_mails()) == 20


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_all_senders_together_keep_the_pace(client, sink, settings):
    settings.MAILS_PER_SECOND = 10
    campaign = make_campaign()
    for number in range(20):
        sign(client, campaign, email=f"sam@{number}.example.org")
    senders = [threading.Thread(target=send_all) for _ in range(2)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    moments = sorted(mail.at for mail in sink.taken)
    assert len(moments) == 20
    # A turn is a tenth of a second; how long the hand-over itself takes is not in our hands.
    assert all(moments[i + 15] - moments[i] > 1 for i in range(5))


def send_all():
    while send_batch():
        pass
    connection.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("domain", "left"),
    [
        ("gmail.com", [1, 2, 3, 4, 5, 6, 6, 6, 6, 6]),
        ("small.example.org", [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]),
    ],
)
def test_large_providers_get_one_mail_a_second_and_others_one_in_three(clock, paced, domain, left):
    due = {f"sam{number}@{domain}": 0.0 for number in range(6)}
    seen, asked = [], 0
    for second in range(10):
        for address in [address for address, moment in due.items() if moment <= second]:
            asked += 1
            wait = throttle.seconds_to_turn_of_domain(address)
            due[address] = second + wait if wait else FOR_EVER
        seen.append(sum(moment == FOR_EVER for moment in due.values()))
        clock.shift(1)

    assert seen == left
    # Whoever is sent away is sent to a turn of its own.
    assert asked == left[-1] + 5


@pytest.mark.django_db
def test_a_mail_that_waits_for_its_turn_keeps_no_other_domain_waiting(
    client, campaign, running_clock, paced
):
    for number in range(30):
        sign(client, campaign, email=f"sam{number}@crowd.example.org")
    sign(client, campaign, email="sam@calm.example.org")
    running_clock.move_to(START + timedelta(minutes=1), tick=True)
    read_mails()

    assert domains() == {"crowd.example.org": 1, "calm.example.org": 1}


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["421 too many", "450 too many"])
def test_a_domain_that_wants_less_rests_as_long_as_the_mail_that_was_sent_away(
    client, campaign, running_clock, paced, sink, answer
):
    addresses = [f"sam{number}@busy.example.org" for number in range(3)]
    for address in [*addresses, "sam@calm.example.org"]:
        sign(client, campaign, email=address)
    sink.script[f"RCPT {addresses[0]}"] = [answer]
    read_mails()
    asked = [step for step in sink.steps if step.startswith("RCPT")]
    assert asked == [f"RCPT {addresses[0]}", "RCPT sam@calm.example.org"]
    assert Counter(OutboxMail.objects.values_list("attempts", flat=True)) == {1: 1, 0: 3}

    for _ in range(10):
        running_clock.shift(timedelta(seconds=20))
        read_mails()
    assert sorted(sink.recipients()) == sorted([*addresses, "sam@calm.example.org"])


@pytest.mark.django_db
def test_no_counter_names_a_domain(client, campaign, running_clock, paced):
    sign(client, campaign, email="sam@small.example.org")
    read_mails()
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM signatures_counter")
        keys = [key for (key,) in cursor.fetchall()]

    assert [key for key in keys if "turn" in key]
    assert not [key for key in keys if "example" in key]
