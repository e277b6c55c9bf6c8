"""Olga and Mo come to the desk: a password, a second factor, and out again in time."""

import base64
import hashlib
import logging
import os
import re
import subprocess
import sys
from urllib.parse import urljoin, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.hashers import MD5PasswordHasher, identify_hasher, make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core import mail
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory, override_settings
from django.urls import NoReverseMatch, reverse

from petition_site import settings as source_settings
from petition_site.staff import accounts, limits
from petition_site.staff.gate import ENROLMENT
from signatures import keys
from signatures.models import Counter
from tests.desk import (
    PASSWORD,
    DeskClient,
    app_code,
    give_factor,
    has_factor,
    log_in,
    make_account,
    pages,
)

pytestmark = pytest.mark.django_db
SECOND = "/admin/login/second/"
ACTIVATE = "/admin/second-factor/app/"
CODES = "/admin/second-factor/codes/"
INDEX = "/admin/"
MINUTE, HOUR = 60, 3600


@pytest.fixture
def olga(db):
    """Olga owns the desk, and has no second factor yet."""
    return make_account("olga", "owner")


@pytest.fixture
def factor(olga):
    return give_factor(olga)


def enter(client, secret, later=0, name="olga"):
    """The whole way in."""
    log_in(client, name)
    return client.post(SECOND, {"code": app_code(secret, later)})


def key_on(page) -> str:
    return re.search(r"<code>([A-Z2-7]+)</code>", page.content.decode())[1]


def codes_on(page) -> list[str]:
    return re.findall(r"<code>(\d{12})</code>", page.content.decode())


def new_codes(client) -> list[str]:
    client.post(f"{CODES}new/")
    return codes_on(client.get(CODES))


def recovery_data() -> dict:
    return Authenticator.objects.get(type="recovery_codes").data


def is_in(client) -> bool:
    return client.get(INDEX).status_code == 200


# The first login


def test_the_first_login_sets_up_an_app_and_shows_the_codes_for_paper_once(client, olga):
    assert log_in(client, "olga")["Location"] == INDEX
    assert client.get(INDEX)["Location"] == ACTIVATE
    secret = key_on(client.get(ACTIVATE))

    answer = client.post(ACTIVATE, {"code": app_code(secret)})

    assert answer["Location"] == CODES
    codes = codes_on(client.get(CODES))
    assert len(set(codes)) == 10
    assert is_in(client)
    again = client.get(CODES).content.decode()
    assert "10 codes are left." in again
    assert codes[0] not in again


def test_a_wrong_code_sets_nothing_up(client, olga):
    log_in(client, "olga")
    client.get(ACTIVATE)

    assert client.post(ACTIVATE, {"code": "000000"}).status_code == 200
    assert not has_factor(olga)
    assert not is_in(client)


# Every other login


def test_password_and_code_let_in(client, factor):
    assert log_in(client, "olga")["Location"] == SECOND
    assert not is_in(client)

    assert client.post(SECOND, {"code": app_code(factor)})["Location"] == INDEX
    assert is_in(client)


def test_a_code_is_taken_once_by_all_processes_together(client, factor, clock):
    enter(client, factor)
    other = Client()
    log_in(other, "olga")
    code = app_code(factor)
    for typed in (code, f"{code[:3]} {code[3:]}"):
        cache.clear()  # as another process begins: each has this one for itself
        other.post(SECOND, {"code": typed})
        assert not is_in(other)

    clock.shift(30)
    other.post(SECOND, {"code": app_code(factor)})
    assert is_in(other)


@pytest.mark.parametrize(("later", "let_in"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_clocks_may_differ_by_one_code(client, factor, clock, later, let_in):
    enter(client, factor, later)
    assert is_in(client) is let_in


def test_a_code_on_paper_lets_in_once(client, factor, olga):
    enter(client, factor)
    (code, *_rest) = new_codes(client)

    for number, let_in in ((1, True), (2, False)):
        other = Client()
        log_in(other, "olga")
        other.post(SECOND, {"code": f"{code[:4]} {code[4:8]} {code[8:]}"})
        assert is_in(other) is let_in, number


def test_nobody_gets_to_the_second_step_without_the_first(client, factor):
    assert client.get(SECOND)["Location"] == "/admin/login/"
    assert client.post(SECOND, {"code": app_code(factor)})["Location"] == "/admin/login/"


def test_between_the_two_steps_one_can_leave(client, factor):
    log_in(client, "olga")
    client.post("/admin/logout/")

    assert client.get("/admin/login/").status_code == 200
    assert client.get(SECOND)["Location"] == "/admin/login/"


def test_logging_out_is_a_press_and_ends_the_visit(client, factor):
    enter(client, factor)
    assert client.get("/admin/logout/").status_code == 405
    assert is_in(client)

    assert client.post("/admin/logout/")["Location"] == "/admin/login/"
    assert not is_in(client)
    assert not Session.objects.exists()


def test_whoever_is_no_organiser_is_refused_like_an_unknown_name(client, olga):
    User.objects.create_user("visitor", password=PASSWORD)
    User.objects.create_user("gone", password=PASSWORD, is_staff=True, is_active=False)

    answers = {
        re.sub(r'value="(visitor|gone|nobody|olga)"|name="csrf\S+" value="\w+"', "", page)
        for page in (
            log_in(client, name, password).content.decode()
            for name, password in (
                ("visitor", PASSWORD),
                ("gone", PASSWORD),
                ("nobody", PASSWORD),
                ("olga", "wrong password"),
            )
        )
    }

    assert len(answers) == 1
    assert "not correct" in answers.pop()


class CountingHasher(MD5PasswordHasher):
    algorithm = "counting"
    work = 0

    def encode(self, password, salt):
        CountingHasher.work += 1
        return super().encode(password, salt)


def test_a_name_that_there_is_and_one_that_there_is_not_cost_the_same_work(client, settings):
    settings.PASSWORD_HASHERS = ["tests.test_staff.CountingHasher"]
    make_account("olga")
    make_account("gone", is_active=False)
    work = []
    for name in ("olga", "gone", "nobody"):
        CountingHasher.work = 0
        log_in(client, name, "wrong password")
        work.append(CountingHasher.work)

    assert work == [1, 1, 1]


@pytest.mark.parametrize(
    "name", ["account_signup", "account_reset_password", "account_email", "account_set_password"]
)
def test_there_is_no_page_that_signs_up_or_mails_a_password(name):
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_an_account_with_an_address_gets_no_mail_and_is_not_found_by_it(client, factor, olga):
    olga.email = "olga@example.org"
    olga.save()
    assert "not correct" in log_in(client, "olga@example.org").content.decode()
    enter(client, factor)

    assert is_in(client)
    assert not mail.outbox
    assert not EmailAddress.objects.exists()


def test_the_login_of_another_site_s_page_is_refused(factor):
    browser = Client(enforce_csrf_checks=True)
    assert log_in(browser, "olga").status_code == 403
    assert browser.get(SECOND)["Location"] == "/admin/login/"


# D02
@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "https:evil.example", "javascript:alert(1)", "http://testserver.evil.example/",
        "http://testserver/en/", "evil.example",
    ],
)  # fmt: skip
def test_the_login_sends_nobody_to_another_host(client, olga, target):
    answer = log_in(client, "olga", query_params={"next": target})
    client.post("/admin/logout/")
    posted = client.post("/admin/login/", {"login": "olga", "password": PASSWORD, "next": target})

    for location in (answer["Location"], posted["Location"]):
        # What a browser makes of it, who takes \\ for /.
        assert urlsplit(urljoin("http://testserver", location)).hostname == "testserver"
        assert location == INDEX


def test_the_login_leads_to_where_one_wanted_to_go(client, factor):
    wanted = "/admin/campaigns/campaign/"
    asked = client.get(wanted)["Location"]
    assert asked == f"/admin/login/?next={wanted}"

    client.post(asked, {"login": "olga", "password": PASSWORD})
    assert client.post(SECOND, {"code": app_code(factor)})["Location"] == wanted


# D01: guessing


@pytest.mark.slow
def test_a_thousand_passwords_are_guessed_at_no_more_than_five_times(client, factor):
    for number in range(1000):
        page = log_in(client, "olga", f"password number {number}")
        assert page.status_code == 200
    assert "Too many" in page.content.decode()

    log_in(client, "olga")
    assert client.get(SECOND)["Location"] == "/admin/login/"


def test_the_owner_comes_in_from_elsewhere_meanwhile_and_later_from_here(client, factor, clock):
    for _ in range(10):
        log_in(client, "olga", "wrong password")
    elsewhere = Client(REMOTE_ADDR="203.0.113.7")
    enter(elsewhere, factor)
    assert is_in(elsewhere)

    clock.shift(16 * MINUTE)
    enter(client, factor)
    assert is_in(client)


def test_one_network_cannot_try_many_names(client, factor):
    for number in range(31):
        page = log_in(client, f"name{number}", "a common password")
    assert "Too many" in page.content.decode()

    assert "Too many" in log_in(client, "olga").content.decode()
    assert log_in(Client(REMOTE_ADDR="203.0.113.7"), "olga")["Location"] == SECOND


def test_who_slips_and_then_remembers_does_not_get_slower(client, factor, clock):
    for _ in range(20):
        for _ in range(4):
            log_in(client, "olga", "wrong password")
        assert log_in(client, "olga")["Location"] == SECOND
        client.post("/admin/logout/")
        clock.shift(16 * MINUTE)


def test_an_office_logs_in_all_day(client, factor):
    for _ in range(40):
        assert log_in(client, "olga")["Location"] == SECOND
        client.post("/admin/logout/")


def test_limits_answer_a_name_that_there_is_not_in_the_same_way(client, olga):
    for _ in range(6):
        pages = [log_in(client, name, "wrong").content.decode() for name in ("olga", "nobody")]
    assert ["Too many" in page for page in pages] == [True, True]


def test_codes_are_guessed_no_more_than_five_times_here_and_thirty_in_all(factor, clock):
    for number in range(6):
        robot = Client(REMOTE_ADDR=f"203.0.113.{number}")
        log_in(robot, "olga")
        pages = [robot.post(SECOND, {"code": "123456"}).content.decode() for _ in range(6)]
        assert ["Too many" in page for page in pages] == [False] * 5 + [True]

    owner = Client(REMOTE_ADDR="198.51.100.1")
    enter(owner, factor)
    assert not is_in(owner)
    clock.shift(HOUR)
    enter(owner, factor)
    assert is_in(owner)


@pytest.mark.slow
def test_a_thousand_wrong_tries_from_200_networks_do_not_keep_the_owner_out(factor, clock):
    home = {"REMOTE_ADDR": "198.51.100.1"}
    enter(Client(**home), factor)
    for number in range(200):
        robot = Client(REMOTE_ADDR=f"203.0.113.{number}")
        if number % 2:  # a stranger who knows the name, and one who has the password
            pages = [log_in(robot, "olga", "wrong password") for _ in range(5)]
        else:
            log_in(robot, "olga")
            pages = [robot.post(SECOND, {"code": "123456"}) for _ in range(5)]
    assert "Too many" not in pages[-1].content.decode()
    assert "Too many" in robot_with_the_password("203.0.113.250")

    clock.shift(30)
    owner = Client(**home)
    enter(owner, factor)
    assert is_in(owner)
    # Whose coming in gives the strangers no new tries.
    assert "Too many" in robot_with_the_password("203.0.113.251")


def robot_with_the_password(address) -> str:
    robot = Client(REMOTE_ADDR=address)
    log_in(robot, "olga")
    return robot.post(SECOND, {"code": "123456"}).content.decode()


def test_who_guesses_from_where_the_owner_comes_in_has_five_tries_too(factor, clock):
    enter(Client(), factor)
    robot = Client()
    log_in(robot, "olga")
    pages = [robot.post(SECOND, {"code": "123456"}).content.decode() for _ in range(6)]

    assert ["Too many" in page for page in pages] == [False] * 5 + [True]


@pytest.mark.parametrize(("days", "let_in"), [(29, True), (31, False)])
def test_a_network_is_known_for_a_month_after_the_last_login(factor, clock, days, let_in):
    home, moved = {"REMOTE_ADDR": "2001:db8::1"}, {"REMOTE_ADDR": "2001:db8::2"}  # one /64
    enter(Client(**home), factor)
    clock.shift(days * 24 * HOUR)
    for number in range(6):
        for _ in range(5):
            robot_with_the_password(f"203.0.113.{number}")

    owner = Client(**moved)
    enter(owner, factor)
    assert is_in(owner) is let_in


def test_a_password_alone_makes_no_network_known(factor):
    robot_with_the_password("203.0.113.7")

    assert not Counter.objects.filter(key__contains="desk:known").exists()


def test_a_network_is_known_for_one_account_and_kept_as_a_code(factor):
    give_factor(make_account("otto"))
    enter(Client(REMOTE_ADDR="203.0.113.7"), factor)

    (key,) = Counter.objects.filter(key__contains="desk:known").values_list("key", flat=True)
    assert not re.search(r"olga|203\.0", key)
    request = RequestFactory(REMOTE_ADDR="203.0.113.7").get(INDEX)
    assert [limits.is_known(request, name) for name in ("olga", "OLGA", "otto", "nobody")] == [
        True, True, False, False,
    ]  # fmt: skip


def test_limits_keep_no_name_and_no_network(client, olga):
    log_in(Client(REMOTE_ADDR="203.0.113.7"), "olga", "wrong password")

    kept = list(Counter.objects.values_list("key", flat=True))
    assert len(kept) == 2
    assert not re.search(r"olga|203\.0", " ".join(kept))


# Nothing without a second factor


def test_a_password_alone_opens_nothing(client, olga):
    make_account("superuser", is_superuser=True)
    for name in ("olga", "superuser"):
        log_in(client, name)
        for path in desk_paths():
            for method in (client.get, client.post):
                answer = method(path)
                assert (answer.status_code, answer["Location"]) == (302, ACTIVATE), path
        client.post("/admin/logout/")


def desk_paths() -> list[str]:
    """An address for every page of the desk but those that a password alone must reach."""
    paths = [path for name, path in pages() if name not in ENROLMENT | {"account_login"}]
    assert len(paths) > 30
    return paths


def test_a_visit_that_never_began_is_none(olga, factor):
    stray = Client()
    stray.force_login(olga)  # a session without the marks of the site's own login

    assert stray.get(INDEX)["Location"] == f"/admin/login/?next={INDEX}"
    assert not Session.objects.exists()


# Visits end


@pytest.mark.parametrize(("pause", "goes_on"), [(29 * MINUTE, True), (31 * MINUTE, False)])
def test_a_visit_ends_after_half_an_hour_without_a_request(client, olga, clock, pause, goes_on):
    client.force_login(olga)
    for _ in range(3):
        clock.shift(pause)
        assert is_in(client) is goes_on


def test_a_visit_ends_after_eight_hours_whatever_happens(client, olga, clock):
    client.force_login(olga)
    for _ in range(8 * 3 - 1):
        clock.shift(20 * MINUTE)
        assert is_in(client)
    clock.shift(20 * MINUTE)
    assert not is_in(client)


def test_each_login_gets_a_new_session(client, factor):
    log_in(client, "olga")
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post(SECOND, {"code": app_code(factor)})

    assert client.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert Session.objects.count() == 1


def change_password(user):
    user.set_password("another long enough one")
    user.save()


def change_role(user):
    user.groups.clear()


def become_superuser(user):
    user.is_superuser = True
    user.save()


def lose_factor(user):
    Authenticator.objects.filter(user=user, type="totp").delete()


def switch_off(user):
    user.is_active = False
    user.save()


def stop_being_an_organiser(user):
    user.is_staff = False
    user.save()


@pytest.mark.parametrize(
    "change",
    [
        change_password, change_role, become_superuser, lose_factor, switch_off,
        stop_being_an_organiser, accounts.reset_second_factor,
    ],
)  # fmt: skip
def test_visits_end_when_password_role_or_factor_change(client, olga, change):
    client.force_login(olga)
    assert is_in(client)

    change(User.objects.get(pk=olga.pk))

    assert client.get(INDEX)["Location"].startswith("/admin/login/")
    assert not client.session.get("_auth_user_id")


def test_who_changes_the_own_password_stays_and_all_other_visits_end(olga):
    here, there = DeskClient(), DeskClient()
    for browser in (here, there):
        browser.force_login(olga)
    new = "nine blue geese drink tea"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

    assert here.post("/admin/password_change/", form).status_code == 302

    assert is_in(here)
    assert not is_in(there)


def test_the_own_password_changes_only_with_the_old_one(client, olga):
    client.force_login(olga)
    new = "nine blue geese drink tea"
    form = {"old_password": "not my password", "new_password1": new, "new_password2": new}

    assert client.post("/admin/password_change/", form).status_code == 200
    olga.refresh_from_db()
    assert olga.check_password(PASSWORD)


@pytest.mark.parametrize(
    "typed", [PASSWORD.upper(), f"{PASSWORD} ", f" {PASSWORD}", PASSWORD[:-1], f"{PASSWORD}x"]
)
def test_a_password_is_compared_exactly_as_it_was_typed(client, olga, typed):
    assert log_in(client, "olga", typed).status_code == 200
    assert log_in(client, "olga", PASSWORD).status_code == 302


def test_every_page_of_the_desk_has_a_way_out(client, olga, campaign):
    client.force_login(olga)
    for path in (
        INDEX,
        "/admin/signatures/signature/",
        f"/admin/campaigns/campaign/{campaign.pk}/change/",
    ):
        assert 'action="/admin/logout/"' in client.get(path).content.decode(), path


def test_sessions_have_names_that_nobody_guesses(client, factor):
    enter(client, factor)
    name = client.cookies[settings.SESSION_COOKIE_NAME].value

    assert re.fullmatch("[a-z0-9]{32}", name)  # 165 bits


def test_who_changes_the_own_factor_stays_and_all_other_visits_end(olga):
    here, there = DeskClient(), DeskClient()
    for browser in (here, there):
        browser.force_login(olga)
    before = here.cookies[settings.SESSION_COOKIE_NAME].value

    assert here.post(f"{CODES}new/")["Location"] == CODES

    assert is_in(here)
    assert here.cookies[settings.SESSION_COOKIE_NAME].value != before
    assert not is_in(there)


def test_who_removes_the_only_factor_sets_up_another_one_first(client, olga):
    client.force_login(olga)
    assert client.post("/admin/second-factor/app/remove/").status_code == 302

    assert client.get(INDEX)["Location"] == ACTIVATE
    client.post(ACTIVATE, {"code": app_code(key_on(client.get(ACTIVATE)), 1)})
    assert is_in(client)


def test_factors_change_only_soon_after_a_login_or_after_the_password_once_more(
    client, olga, clock
):
    client.force_login(olga)
    clock.shift(16 * MINUTE)
    again = "/admin/login/again/"
    assert client.post(f"{CODES}new/")["Location"].startswith(f"{again}?next=")
    assert not Authenticator.objects.filter(type="recovery_codes").exists()

    wrong = client.post(f"{again}?next={CODES}new/", {"password": "wrong"})
    assert wrong.status_code == 200
    client.post(f"{again}?next={CODES}new/", {"password": PASSWORD})
    assert Authenticator.objects.filter(type="recovery_codes").exists()
    assert is_in(client)


def test_a_session_holds_nothing_that_can_be_read(client, olga):
    log_in(client, "olga")
    secret = key_on(client.get(ACTIVATE))

    rows = list(Session.objects.values_list("session_data", flat=True))
    assert len(rows) == 1
    assert not re.search(f"olga|{secret}|{olga.pk}:|auth_user", rows[0])
    kept = str(dict(client.session.items()))
    assert "olga" not in kept
    assert "127.0.0.1" not in kept


def test_a_session_under_a_lost_key_is_an_ended_one(client, olga, settings):
    client.force_login(olga)
    settings.SEAL_KEYS = [Fernet.generate_key().decode()]

    assert not is_in(client)


def test_a_factor_under_a_lost_key_takes_no_code(client, factor, olga, settings):
    Authenticator.objects.create(
        user=olga, type="recovery_codes", data={"seed": "x", "used_mask": 0}
    )
    settings.SEAL_KEYS = [Fernet.generate_key().decode()]
    log_in(client, "olga")

    for code in (app_code(factor), totp.format_hotp_value(totp.hotp_value("", 0)), "", "0" * 12):
        assert client.post(SECOND, {"code": code}).status_code == 200
    assert not is_in(client)


def test_a_factor_outlives_a_rotation_of_the_keys(client, factor, olga, settings, capsys):
    client.force_login(olga)
    client.post(f"{CODES}new/")
    (code, *_rest) = codes_on(client.get(CODES))
    new = Fernet.generate_key().decode()
    settings.SEAL_KEYS = [new, *settings.SEAL_KEYS]
    call_command("rotate_keys")
    settings.SEAL_KEYS = [new]

    assert capsys.readouterr().out.startswith("2 texts sealed anew.")
    for typed in (app_code(factor), code):
        browser = Client()
        log_in(browser, "olga")
        browser.post(SECOND, {"code": typed})
        assert is_in(browser)


def test_factors_are_encrypted_in_the_database(client, olga):
    secret = give_factor(olga)
    client.force_login(olga)
    codes = new_codes(client)

    kept = " ".join(str(data) for data in Authenticator.objects.values_list("data", flat=True))
    assert secret not in kept
    assert not any(code in kept for code in codes)


def test_of_codes_on_paper_that_were_shown_only_hashes_are_kept_under_the_seal(client, olga):
    client.force_login(olga)
    with override_settings(PASSWORD_HASHERS=source_settings.PASSWORD_HASHERS):
        codes = new_codes(client)

    assert recovery_data().keys() == {"hashes"}
    hashes = keys.unseal(recovery_data()["hashes"]).split()
    assert len(set(hashes)) == len(codes) == 10
    assert all(kept.startswith("argon2$argon2id$") for kept in hashes)


def test_a_code_on_paper_that_was_not_shown_yet_lets_nobody_in(client, factor, olga):
    client.force_login(olga)
    client.post(f"{CODES}new/")
    (code, *_rest) = Authenticator.objects.get(type="recovery_codes").wrap().generate_codes()
    robot = Client()
    log_in(robot, "olga")
    robot.post(SECOND, {"code": code})
    assert not is_in(robot)

    assert code in codes_on(client.get(CODES))
    robot.post(SECOND, {"code": code})
    assert is_in(robot)


def test_new_codes_on_paper_make_the_old_ones_void_and_used_ones_are_not_counted(client, olga):
    client.force_login(olga)
    old, new = new_codes(client), new_codes(client)
    assert not set(old) & set(new)

    for code, let_in in ((old[0], False), (new[0], True), (new[9], True)):
        browser = Client()
        log_in(browser, "olga")
        browser.post(SECOND, {"code": code})
        assert is_in(browser) is let_in
    assert "8 codes are left." in client.get(CODES).content.decode()
    assert len(keys.unseal(recovery_data()["hashes"]).split()) == 8


def test_two_pages_at_once_show_the_codes_on_one_of_them(client, olga):
    client.force_login(olga)
    client.post(f"{CODES}new/")
    first, second = (Authenticator.objects.get(type="recovery_codes").wrap() for _ in range(2))
    for codes in (first, second):
        assert not codes.did_view
        codes.mark_as_viewed()

    assert len(set(first.get_unused_codes())) == 10
    assert second.get_unused_codes() == ["****"] * 10


def test_a_code_of_an_app_costs_no_hash_of_a_code_on_paper(client, olga, settings):
    client.force_login(olga)
    settings.PASSWORD_HASHERS = ["tests.test_staff.CountingHasher"]
    new_codes(client)
    codes = Authenticator.objects.get(type="recovery_codes").wrap()
    CountingHasher.work = 0

    assert not any(map(codes.validate_code, ("123456", "", "x" * 12, "1" * 13, "٣" * 11)))
    assert CountingHasher.work == 0


# Passwords


@pytest.mark.parametrize(
    "password",
    [
        "fourteen chars", "a" * 129, "aaaaaaaaaaaaaaaa", "123456789012345678", "passwordpassword",
        "Frieden jetzt 2026", "Olga.Olga.Olga.2026", "Petition-2026-petition",
        "peace-now-peace-now!", "testserver-testserver", "signature signature 1",
    ],
)  # fmt: skip
def test_a_password_that_is_easily_guessed_here_is_refused(olga, campaign, password):
    with pytest.raises(ValidationError):
        validate_password(password, olga)


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "a b c d e f g h i",
        "abcdefghij" * 12,
        "сім зелених сов їдять",
        "🦉🍲🐝🌻🐌🍵 and owls",
    ],
)
def test_a_long_password_of_any_kind_is_taken(olga, campaign, password):
    validate_password(password, olga)


def test_a_password_may_have_fifteen_to_128_characters(olga):
    text = "".join(chr(ord("a") + n % 26) for n in range(129))
    validate_password(text[:15], olga)
    validate_password(text[:128], olga)
    for wrong in (text[:14], text):
        with pytest.raises(ValidationError):
            validate_password(wrong, olga)


def test_passwords_are_hashed_with_argon2id_and_older_hashes_are_renewed(client, olga):
    hashers = source_settings.PASSWORD_HASHERS
    with override_settings(PASSWORD_HASHERS=hashers):
        olga.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
        olga.save()
        log_in(client, "olga")
        olga.refresh_from_db()

        assert identify_hasher(olga.password).algorithm == "argon2"
        assert "argon2id" in olga.password


def test_passwords_can_be_pasted_and_kept_by_a_password_manager(client):
    page = client.get("/admin/login/").content.decode()

    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="username"' in page
    assert "onpaste" not in page


# Lost factors, and what is written down


def test_the_command_resets_a_lost_factor(client, factor, olga, capsys):
    call_command("reset_second_factor", "olga")

    assert "sets up a new one" in capsys.readouterr().out
    assert not has_factor(olga)
    log_in(client, "olga")
    assert client.get(INDEX)["Location"] == ACTIVATE
    with pytest.raises(CommandError, match="no account “nobody”"):
        call_command("reset_second_factor", "nobody")


def test_what_happens_to_an_account_stands_in_its_history(client, olga):
    log_in(client, "olga")
    client.post(ACTIVATE, {"code": app_code(key_on(client.get(ACTIVATE)))})
    accounts.reset_second_factor(olga, make_account("otto"))

    history = LogEntry.objects.order_by("pk")
    assert [(entry.user.username, str(entry.get_change_message())) for entry in history] == [
        ("olga", "Changed second factor."),
        ("otto", "Deleted second factor “olga”."),
    ]


def test_logins_and_refusals_are_logged_without_a_name_or_a_network(factor, olga, caplog):
    caplog.set_level(logging.INFO)
    client = Client(REMOTE_ADDR="203.0.113.7")
    log_in(client, "olga", "wrong password")
    enter(client, factor)
    for _ in range(7):
        log_in(Client(REMOTE_ADDR="203.0.113.7"), "olga", "wrong password")

    lines = [record.getMessage() for record in caplog.records]
    assert f"Account {olga.pk} has logged in." in lines
    assert lines.count("A login was refused.") == 6
    assert lines.count("Too many tries of a login fail; they are slowed down.") == 1
    assert not re.search(r"olga|203\.0\.113|wrong|otpauth", caplog.text)


# What the answers say


def test_answers_of_the_desk_are_kept_by_nobody_and_framed_by_nobody(client, olga, campaign):
    outside = DeskClient()
    client.force_login(olga)
    for _name, path in pages():
        for browser in (outside, client):
            answer = browser.get(path)
            assert answer["Cache-Control"] == "no-store", path
            assert answer["X-Frame-Options"] == "DENY", path
            policy = answer["Content-Security-Policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert not answer.has_header("ETag"), path


def test_the_desk_may_ask_for_a_security_key_and_for_nothing_else(client, olga):
    client.force_login(olga)
    features = dict(
        feature.split("=")
        for feature in client.get("/admin/second-factor/keys/add/")["Permissions-Policy"].split(
            ", "
        )
    )

    allowed = {feature for feature, origins in features.items() if origins != "()"}
    assert allowed == {"publickey-credentials-create", "publickey-credentials-get"}


def test_pages_around_the_login_hold_no_script_or_style_of_their_own(client, olga):
    for path in (
        "/admin/login/",
        ACTIVATE,
        "/admin/second-factor/keys/add/",
        "/admin/login/again/",
    ):
        page = client.get(path).content.decode()
        for tag in re.findall(r"<script[^>]*>", page):
            assert " src=" in tag or 'type="application/json"' in tag, path
        assert not re.search(r"<style|\sstyle=|\son\w+=|https?://(?!www\.w3\.org)", page), path
        if path == "/admin/login/":
            client.force_login(olga, second_factor=False)


def test_the_session_cookie_is_hidden_from_scripts_and_other_sites_and_ends_with_the_browser(
    client, factor
):
    enter(client, factor)
    client.post("/admin/signatures/signature/find/", {"q": "@"})  # leaves a message

    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["expires"]
    assert set(client.cookies) == {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert not client.cookies[settings.CSRF_COOKIE_NAME]["expires"]
    assert not client.cookies[settings.CSRF_COOKIE_NAME]["max-age"]


def test_a_big_file_for_the_login_is_refused_before_it_is_taken(olga):
    browser = Client(enforce_csrf_checks=True)
    browser.get("/admin/login/")
    form = {
        "csrfmiddlewaretoken": browser.cookies["csrftoken"].value,
        "file": SimpleUploadedFile("big", b"x" * settings.DESK_POST_MAX_BYTES),
    }

    assert browser.post("/admin/login/", form).status_code == 413


def test_public_pages_know_no_cookie(client, olga, campaign):
    client.force_login(olga)
    answer = client.get("/en/peace/")

    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


def test_the_desk_can_be_somewhere_else():
    code = (
        "import django; django.setup();"
        "from django.urls import reverse; from django.test import Client;"
        "print(reverse('admin:index'), reverse('account_login'), reverse('mfa_index'));"
        "answer = Client().get('/werkstatt/'); print(answer.status_code, answer['Location']);"
        "print(Client().get('/admin/').status_code, Client().get('/admin/login/').status_code)"
    )
    environment = {
        **os.environ,
        "ADMIN_PATH": "werkstatt",
        "DJANGO_SETTINGS_MODULE": "petition_site.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [
        "/werkstatt/", "/werkstatt/login/", "/werkstatt/second-factor/",
        "302", "/werkstatt/login/?next=/werkstatt/", "404", "404",
    ]  # fmt: skip


def test_the_script_of_the_desk_runs_only_as_it_was_collected(client, olga, settings, tmp_path):
    client.force_login(olga)
    client.post("/admin/login/again/", {"password": PASSWORD})
    page = client.get("/admin/second-factor/keys/add/").content.decode()
    script, integrity = re.search(
        r'<script src="/static/(js/security_key\S*)" integrity="sha384-(\S+)"', page
    ).groups()

    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = source_settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    collected = (tmp_path / staticfiles_storage.stored_name(script)).read_bytes()
    assert base64.b64encode(hashlib.sha384(collected).digest()).decode() == integrity
