"""Sam has had enough news; mail programs may press the button, too (RFC 8058)."""

import pytest
from django.test import Client

from signatures import tokens
from signatures.models import Token
from tests.factories import confirmed, press

pytestmark = pytest.mark.django_db


@pytest.fixture
def signature(client, campaign):
    return confirmed(client, campaign, updates="on", email="sam@example.org")


@pytest.fixture
def link(signature):
    token = tokens.new()
    Token.objects.create(
        signature=signature, purpose=tokens.Purpose.UNSUBSCRIBE, digest=tokens.digest(token)
    )
    return f"/en/unsubscribe/{token}/"


def test_looking_at_the_page_stops_nothing(client, signature, link):
    page = client.get(link)

    signature.refresh_from_db()
    assert page.status_code == 200
    assert "<button" in page.content.decode()
    assert signature.updates


def test_one_click_stops_the_news_and_leads_nowhere(signature, link):
    strict = Client(enforce_csrf_checks=True)
    body = "List-Unsubscribe=One-Click"
    for _ in range(2):
        answer = strict.post(link, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200

    signature.refresh_from_db()
    assert (signature.updates, signature.email) == (False, "")
    assert signature.is_counted


def test_a_link_for_something_else_does_not_unsubscribe(client, signature):
    assert press(client, f"/en/unsubscribe/{'x' * 32}/").status_code == 404
