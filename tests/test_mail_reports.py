"""The mail provider reports what came back and what was called spam."""

import hashlib
import hmac
import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from signatures import lifecycle, outbox, tally
from signatures.models import Mute, OutboxMail, Signature
from tests.factories import confirmed, links, person, post, press, read_mails, sign

pytestmark = pytest.mark.django_db
KEY = "only-for-tests-abcdefghijklmnopqrstuvwxyz"
DOOR = "/hooks/mail/"


@pytest.fixture(autouse=True)
def _door_is_open(settings):
    settings.MAIL_WEBHOOK_KEY = KEY


def proof(body: bytes) -> str:
    return hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()


def send(client, body: bytes, signature=None, content_type="application/json"):
    headers = {"X-Signature": proof(body) if signature is None else signature}
    return client.post(DOOR, body, content_type=content_type, headers=headers)


def report(client, message_id, event="bounce", name="r1", **facts):
    facts = {"id": name, "event": event, "message_id": message_id, "permanent": True, **facts}
    return send(client, json.dumps(facts).encode())


@pytest.fixture
def waiting(client, campaign, clock):
    """A signature whose mail has been handed over."""
    signature = sign(client, campaign, email="sam@example.org")
    read_mails()
    return signature


def message_id() -> str:
    return OutboxMail.objects.latest("pk").message_id


def test_a_bounce_ends_the_reminders_and_the_address_goes_in_time(client, waiting, clock, campaign):
    assert report(client, message_id()).status_code == 200
    mail = OutboxMail.objects.get()
    assert (mail.sent_at, mail.last_error, mail.recipient) == (None, "bounced", "")
    assert mail.failed_at is not None

    clock.shift(timedelta(days=2))
    assert lifecycle.remind() == 0
    assert Signature.objects.pending().count() == 1
    clock.shift(timedelta(days=5, seconds=1))
    lifecycle.forget()
    assert not Signature.objects.exists()
    assert tally.read(campaign).total == 0


def test_without_a_bounce_there_is_a_reminder(client, waiting, clock):
    clock.shift(timedelta(days=2))

    assert lifecycle.remind() == 1


def test_the_angle_brackets_of_a_message_id_may_be_missing(client, waiting):
    report(client, message_id().strip("<>"))

    assert OutboxMail.objects.get().last_error == "bounced"


def test_a_bounce_that_may_pass_changes_nothing(client, waiting):
    assert report(client, message_id(), permanent=False).status_code == 200

    assert OutboxMail.objects.get().failed_at is None


def test_a_bounce_of_a_mail_that_still_waits_ends_its_tries(client, campaign):
    sign(client, campaign)
    report(client, message_id())

    assert read_mails() == []
    assert OutboxMail.objects.get().recipient == ""


def test_news_end_a_week_after_a_mail_came_back(client, campaign, clock):
    form = person(email="sam@example.org", updates="on")
    signature = confirmed(client, campaign, form)
    post(client, campaign, form)
    read_mails()
    report(client, message_id())
    clock.shift(timedelta(days=6))
    lifecycle.forget()
    signature.refresh_from_db()
    assert signature.email == "sam@example.org"

    clock.shift(timedelta(days=1))
    lifecycle.forget()
    signature.refresh_from_db()
    assert (signature.email, signature.updates) == ("", False)
    assert tally.read(campaign).total == 1


def test_a_complaint_about_a_pending_signature_erases_it_and_mutes_the_address(
    client, waiting, campaign
):
    assert report(client, message_id(), "complaint").status_code == 200

    assert not Signature.objects.exists()
    assert Mute.objects.get().address_hash == waiting.address_hash
    assert tally.read_gone(campaign)[tally.DENIED] == 1
    sign_again = post(client, campaign, person(email="sam@example.org"))
    assert sign_again.status_code == 303
    assert read_mails() == []


def test_a_complaint_about_a_confirmed_signature_ends_the_news_and_nothing_else(
    client, campaign, clock
):
    signature = confirmed(client, campaign, email="sam@example.org", updates="on")
    assert report(client, message_id(), "complaint").status_code == 200
    signature.refresh_from_db()

    assert (signature.email, signature.updates, signature.is_counted) == ("", False, True)
    assert not Mute.objects.exists()
    post(client, campaign, person(email="sam@example.org"))
    assert links(read_mails()[0]).keys() == {"manage"}


def test_a_report_that_comes_again_changes_nothing(client, campaign, clock):
    signature = confirmed(client, campaign, email="sam@example.org", updates="on")
    report(client, message_id(), "complaint")
    assert lifecycle.want_updates(signature, "sam@example.org")
    for _ in range(10):
        assert report(client, message_id(), "complaint").status_code == 200
    signature.refresh_from_db()

    assert signature.updates


def test_reports_are_remembered_for_as_long_as_mails_are(client, campaign, clock):
    confirmed(client, campaign)
    known = message_id()
    assert outbox.reported("r1", known) is not None
    assert outbox.reported("r1", known) is None
    clock.shift(outbox.KEPT_FOR + timedelta(seconds=1))
    lifecycle.forget()

    assert outbox.reported("r1", known) is None


def test_a_mail_that_nobody_knows_is_no_mistake(client, waiting):
    assert report(client, "<unknown@example.org>").status_code == 200

    assert OutboxMail.objects.get().failed_at is None


def test_without_a_key_there_is_no_door(client, waiting, settings):
    settings.MAIL_WEBHOOK_KEY = ""

    assert report(client, message_id()).status_code == 404
    assert client.get(DOOR).status_code == 404


def test_a_key_that_could_be_guessed_keeps_the_site_from_starting(settings):
    settings.MAIL_WEBHOOK_KEY = "secret"

    with pytest.raises(SystemCheckError, match=r"petition_site\.E013"):
        call_command("check", tags=["security"])


@pytest.mark.parametrize("signature", ["", "0" * 64, "é", "x" * 5000, proof(b"another body")])
def test_a_wrong_signature_is_refused(client, waiting, signature):
    body = json.dumps({"id": "r1", "event": "complaint", "message_id": message_id()}).encode()

    assert send(client, body, signature).status_code == 403
    assert Signature.objects.count() == 1


GOOD = {"id": "r1", "event": "bounce", "message_id": "<a@b>", "permanent": True}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"null",
        b"[1]",
        b'"text"',
        b"[" * 30_000,
        b'{"id":' * 9_000,
        b"1" * 5000,
        *[
            json.dumps({**GOOD, **change}).encode()
            for change in (
                {"id": None},
                {"id": 7},
                {"id": ""},
                {"id": "x" * 201},
                {"id": "two words"},
                {"id": "\0"},
                {"id": "\ud800"},
                {"event": "opened"},
                {"event": ["bounce"]},
                {"event": {"bounce": 1}},
                {"message_id": "two words"},
                {"message_id": "x" * 200},
                {"message_id": "<\0@b>"},
                {"message_id": None},
                {"permanent": "yes"},
                {"permanent": None},
            )
        ],
    ],
)
def test_what_is_no_report_is_refused(client, body):
    assert send(client, body).status_code == 400


def test_only_json_is_taken(client, waiting):
    body = json.dumps({**GOOD, "message_id": message_id()}).encode()
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
        assert send(client, body, content_type=content_type).status_code == 415

    assert OutboxMail.objects.get().failed_at is None
    assert send(client, body, content_type="application/json; charset=utf-8").status_code == 200


def test_five_megabytes_are_not_even_read(client):
    stream = io.BytesIO(b"x" * 5_000_000)
    headers = {"X-Signature": "0" * 64}
    answer = client.generic(
        "POST",
        DOOR,
        stream.getvalue(),
        "application/json",
        headers=headers,
        **{"wsgi.input": stream},
    )

    assert answer.status_code == 413
    assert stream.tell() == 0


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_refused(client, method):
    answer = client.generic(method, DOOR)

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"


def test_only_this_door_is_exempt_from_the_rules_for_forms(client, waiting):
    body = json.dumps(GOOD).encode()
    link = "/en/peace/sign/"
    answer = client.post(
        link, body, content_type="application/json", headers={"X-Signature": proof(body)}
    )

    assert answer.status_code == 415


def test_a_browser_elsewhere_cannot_report_without_the_key(client, waiting):
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = client.post(DOOR, b"{}", content_type="application/json", headers=headers)

    assert answer.status_code == 403
    press(client, "/en/")  # and the site goes on
    assert Signature.objects.count() == 1
