"""Many at the same moment: threads with connections of their own, on either database."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client

from signatures import lifecycle, outbox, tally
from signatures.models import Moderation, OutboxMail, Signature
from tests.factories import confirmed, links, make_campaign, person, post, press, read_mails, sign

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campaign(transactional_db):
    return make_campaign()


def at_once(number, act):
    """The results of so many calls that start at the same moment, each in a thread of its own."""
    barrier = threading.Barrier(number)

    def run(index):
        barrier.wait()
        try:
            return act(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(run, range(number)))


def test_fifty_presses_of_one_button_are_one_signature(client, campaign):
    sign(client, campaign)
    path = links(read_mails()[-1])["confirm"]

    answers = at_once(50, lambda _: press(Client(), path))

    assert {answer.status_code for answer in answers} == {303}
    assert tally.read(campaign).people == 1
    assert tally.recount(campaign) == {}
    assert Signature.objects.get().confirmed_at is not None


def test_one_address_signing_many_times_at_once_is_one_signature(campaign):
    form = person()

    answers = at_once(12, lambda _: post(Client(), campaign, form))

    assert {answer.status_code for answer in answers} == {303}
    assert Signature.objects.count() == 1
    assert OutboxMail.objects.count() == 3


def test_many_people_confirming_at_once_are_all_counted(client, campaign):
    countries = ["DE", "FR", "UA", "PL"]
    paths = []
    for index in range(16):
        sign(client, campaign, country=countries[index % 4])
        paths.append(links(read_mails()[-1])["confirm"])

    at_once(16, lambda index: press(Client(), paths[index]))

    totals = tally.read(campaign)
    assert (totals.people, totals.countries) == (16, 4)
    assert tally.recount(campaign) == {}


def test_confirming_and_denying_at_once_leave_the_count_right(client, campaign):
    for _ in range(5):
        sign(client, campaign)
        paths = links(read_mails()[-1])
        at_once(2, lambda index, p=paths: press(Client(), p["confirm" if index else "not-me"]))

    assert tally.recount(campaign) == {}


def test_holding_releasing_and_withdrawing_at_once_leave_the_count_right(
    client, campaign, django_user_model
):
    mo = django_user_model.objects.create_superuser("mo")
    signature = confirmed(client, campaign)
    acts = [
        lambda: lifecycle.hold(signature, mo, "why"),
        lambda: lifecycle.release(signature, mo),
        lambda: lifecycle.hide(signature, mo, "why"),
        lambda: lifecycle.withdraw(signature),
    ] * 3

    done = at_once(len(acts), lambda index: acts[index]())

    assert tally.recount(campaign) == {}
    assert tally.read(campaign).people == 0
    assert Moderation.objects.count() == sum(done) - 1


def test_senders_at_once_claim_each_mail_once(client, campaign):
    for _ in range(20):
        sign(client, campaign)

    claimed = at_once(5, lambda _: [mail.pk for mail in outbox.claim(8)])

    held = [pk for mails in claimed for pk in mails]
    assert len(held) == len(set(held)) == 20


def test_the_counters_count_exactly(transactional_db):
    counters = caches["counters"]

    def hit(_):
        return counters.add("key", 1, timeout=60) or counters.incr("key") <= 10

    assert sum(bool(passed) for passed in at_once(40, hit)) == 10
