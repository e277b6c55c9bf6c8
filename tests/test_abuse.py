"""Mallory wants to spoil the count; nobody who signs in good faith is lost over it."""

import re

import pytest
from captcha.models import CaptchaStore
from django.test import RequestFactory
from django.utils.timezone import timedelta

from campaigns import lifecycle as campaigns
from signatures import lifecycle, tally, throttle
from signatures.models import Counter, Signature
from tests.factories import confirmed, links, organisation, person, post, press, read_mails, sign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_window_of_a_limit_ends_meanwhile(clock):
    """Time stands still, or the sixty-first request of a minute might be the first of the next."""


def from_address(address, **headers):
    return RequestFactory().get("/", REMOTE_ADDR=address, headers=headers)


def question(answer) -> dict:
    """The key of the sum on a page, and its right answer."""
    key = re.search(r'name="captcha_0" value="([0-9a-f]{40})"', answer.content.decode())[1]
    return {"captcha_0": key, "captcha_1": CaptchaStore.objects.get(hashkey=key).response}


def test_a_street_stand_signs_from_one_network(client, campaign):
    for _ in range(50):
        assert post(client, campaign, person()).status_code == 303

    assert len(read_mails()) == 50
    assert not Signature.objects.held().exists()


def test_more_than_that_is_asked_a_sum_first_and_what_was_typed_is_kept(client, campaign, settings):
    settings.SIGNS_PER_NETWORK = 2
    for _ in range(2):
        post(client, campaign, person())
    form = person(name="Séan Example", city="Bonn")

    asked = post(client, campaign, form)
    assert asked.status_code == 429
    assert 'value="Séan Example"' in asked.content.decode()
    assert "Error:" not in asked.content.decode()
    assert Signature.objects.count() == 2

    assert post(client, campaign, {**form, **question(asked)}).status_code == 303
    signature = Signature.objects.latest("pk")
    assert (signature.name, signature.city, signature.held_at) == ("Séan Example", "Bonn", None)


def test_a_wrong_sum_gets_a_new_one(client, campaign):
    campaigns.guard(campaign)
    form = person()
    first = question(post(client, campaign, form))

    again = post(client, campaign, {**form, **first, "captcha_1": "99"})

    assert again.status_code == 429
    assert "<title>Error:" in again.content.decode()
    assert question(again)["captcha_0"] != first["captcha_0"]
    assert not Signature.objects.exists()


@pytest.mark.parametrize(("answer", "status"), [("0{}", 303), ("9" * 5000, 429), ("²", 429)])
def test_an_answer_in_digits_is_a_number_of_sane_size(client, campaign, answer, status):
    campaigns.guard(campaign)
    solved = question(post(client, campaign, person()))
    typed = {**solved, "captcha_1": answer.format(solved["captcha_1"])}

    assert post(client, campaign, {**person(), **typed}).status_code == status


def test_a_sum_can_be_answered_once(client, campaign):
    campaigns.guard(campaign)
    solved = question(post(client, campaign, person()))

    assert post(client, campaign, {**person(), **solved}).status_code == 303
    assert post(client, campaign, {**person(), **solved}).status_code == 429


def test_who_cannot_answer_signs_all_the_same_and_is_looked_at(client, campaign, mo):
    campaigns.guard(campaign)
    form = person()
    post(client, campaign, form)
    assert post(client, campaign, {**form, "unsolved": "on"}).status_code == 303
    press(client, links(read_mails()[-1])["confirm"])

    signature = Signature.objects.get()
    assert signature.held_reason == "question not answered"
    assert tally.read(campaign).people == 0
    lifecycle.release(signature, mo)
    assert tally.read(campaign).people == 1


@pytest.mark.parametrize("trick", [{"homepage": "x"}, {"unsolved": "on"}])
def test_one_network_cannot_fill_the_queue_of_what_is_held(client, campaign, monkeypatch, trick):
    monkeypatch.setitem(throttle.RATES, "held", "3/h")
    campaigns.guard(campaign)
    answers = [post(client, campaign, person(**trick)) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [303] * 3 + [429] * 2
    assert post(client, campaign, {**person(), **question(answers[-1])}).status_code == 303
    assert Signature.objects.count() == 4


def test_the_hidden_field_is_no_way_around_the_question(client, campaign):
    campaigns.guard(campaign)
    form = person()
    post(client, campaign, {**form, "homepage": "x"})
    post(client, campaign, {**form, "unsolved": "on"})
    press(client, links(read_mails()[-1])["confirm"])

    assert Signature.objects.get().held_reason == "question not answered"


def test_the_hidden_field_is_no_way_around_the_limit_of_a_mail_domain(
    client, campaign, monkeypatch
):
    monkeypatch.setattr(throttle, "SIGNS_A_DOMAIN", 3)
    forms = [person(email=f"{number}@small.example") for number in range(5)]
    for form in forms:
        post(client, campaign, {**form, "homepage": "x"})
        post(client, campaign, form)

    assert Signature.objects.filter(held_reason="many from one mail domain").count() == 4


def test_whether_a_signature_is_held_tells_nothing_of_others(client, campaign, monkeypatch):
    """The last address of each domain is one's own; is the first one known?"""
    confirmed(client, campaign, email="first@confirmed.example")
    lifecycle.deny(sign(client, campaign, email="first@muted.example"))
    monkeypatch.setattr(throttle, "SIGNS_A_DOMAIN", 3)
    Counter.objects.all().delete()
    domains = ["confirmed.example", "muted.example", "unknown.example"]
    for domain in domains:
        for name in ("first", "a", "b", "own"):
            post(client, campaign, person(email=f"{name}@{domain}"))

    held = {signature.email for signature in Signature.objects.held()}
    assert held == {f"own@{domain}" for domain in domains}


def test_the_picture_of_the_sum_is_a_picture(client, campaign):
    campaigns.guard(campaign)
    page = post(client, campaign, person()).content.decode()

    picture = client.get(re.search(r'<img src="([^"]+)"', page)[1])
    assert picture["Content-Type"] == "image/png"
    assert "no-store" in picture["Cache-Control"]
    assert "alt=" in page


def test_an_organiser_starts_and_ends_asking(client, campaign):
    campaigns.guard(campaign)
    assert post(client, campaign, person()).status_code == 429
    campaigns.unguard(campaign)
    assert post(client, campaign, person()).status_code == 303


def test_very_many_suspicions_start_the_asking_by_themselves_for_an_hour(
    client, campaign, clock, monkeypatch, caplog
):
    monkeypatch.setattr(throttle, "SUSPICIONS", 5)
    for _ in range(5):
        post(client, campaign, person(homepage="x"))
    assert "looks like an attack" in caplog.text
    assert post(client, campaign, person()).status_code == 429

    clock.shift(timedelta(minutes=61))
    assert post(client, campaign, person()).status_code == 303


def test_too_many_new_addresses_at_a_small_mail_domain_are_held(
    client, campaign, monkeypatch, caplog
):
    monkeypatch.setattr(throttle, "SIGNS_A_DOMAIN", 3)
    for number in range(6):
        sign(client, campaign, email=f"a{number}@catch-all.example")

    reasons = list(Signature.objects.order_by("pk").values_list("held_reason", flat=True))
    assert reasons == [""] * 3 + ["many from one mail domain"] * 3
    assert len(read_mails()) == 6
    assert len([r for r in caplog.records if "one mail domain" in r.message]) == 1
    assert "catch-all" not in caplog.text


def test_large_mail_providers_know_no_such_brake(client, campaign, monkeypatch):
    monkeypatch.setattr(throttle, "SIGNS_A_DOMAIN", 3)
    for number in range(6):
        sign(client, campaign, email=f"a{number}@gmail.com")

    assert not Signature.objects.held().exists()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "nonsense", True),
    ],
)
def test_networks_are_told_apart_by_their_prefix(db, one, other, same):
    assert (throttle.network(from_address(one)) == throttle.network(from_address(other))) is same


def test_the_key_of_a_network_is_another_one_tomorrow(db, clock):
    today = throttle.network(from_address("192.0.2.1"))
    clock.shift(timedelta(days=1))

    assert throttle.network(from_address("192.0.2.1")) != today
    assert "192.0.2.1" not in today


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (2, "1.2.3.4, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_the_address_is_what_our_own_proxies_saw(settings, proxies, forwarded, seen):
    settings.TRUSTED_PROXIES = proxies
    request = from_address("127.0.0.1", **{"X-Forwarded-For": forwarded})

    assert throttle.client_address(request) == seen


def test_a_forged_header_dodges_no_limit(client, campaign, settings):
    settings.SIGNS_PER_NETWORK = 5
    answers = [
        post(client, campaign, person(), **{"X-Forwarded-For": f"198.51.100.{n}"}).status_code
        for n in range(7)
    ]

    assert answers == [303] * 5 + [429] * 2


def test_the_list_is_read_sixty_times_a_minute_and_no_more(client, campaign):
    answers = [client.get("/en/peace/signatories/").status_code for _ in range(61)]

    assert answers == [200] * 60 + [429]
    assert client.get("/en/peace/").status_code == 200


def test_guessing_links_is_limited_and_leaves_others_alone(client, campaign):
    path = links(_mail(client, campaign))["confirm"]
    answers = [client.get(f"/en/confirm/{'x' * 32}/").status_code for _ in range(101)]

    assert answers == [404] * 100 + [429]
    assert client.get(path).status_code == 200


def _mail(client, campaign):
    sign(client, campaign)
    return read_mails()[-1]


def test_no_counter_lives_longer_than_two_days_but_that_of_the_codes(client, campaign, clock):
    confirmed(client, campaign)
    post(client, campaign, organisation())
    clock.shift(timedelta(hours=49))
    lifecycle.forget()

    assert not Counter.objects.exists()


def test_no_counter_holds_an_address(client, campaign):
    sign(client, campaign, email="canary@example.org")
    client.get("/en/peace/signatories/")

    stored = str(list(Counter.objects.values()))
    assert "canary" not in stored
    assert "127.0.0.1" not in stored


def test_when_the_counter_store_is_away_people_can_sign(client, campaign, settings):
    settings.CACHES = {
        **settings.CACHES,
        "counters": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        },
    }

    assert post(client, campaign, person()).status_code == 303
    assert len(read_mails()) == 1
