"""Whoever finds a weakness finds out whom to tell."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

PATH = "/.well-known/security.txt"


def told(client) -> dict[str, str]:
    answer = client.get(PATH)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    return dict(line.split(": ", 1) for line in answer.content.decode().splitlines())


def test_whom_to_tell_in_which_language_and_until_when(client, settings, clock):
    settings.SECURITY_CONTACT = "security@act.example.org"
    settings.SITE_URL = "https://act.example.org"

    assert told(client) == {
        "Contact": "mailto:security@act.example.org",
        "Expires": "2027-11-24T00:00:00Z",
        "Preferred-Languages": "en, de, fr, it, el, es, nl, ru, uk, be",
        "Canonical": "https://act.example.org/.well-known/security.txt",
    }


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        ("Our team <team@act.example.org>", "mailto:team@act.example.org"),
        ("mailto:team@act.example.org", "mailto:team@act.example.org"),
        ("https://act.example.org/security", "https://act.example.org/security"),
    ],
)
def test_the_contact_may_be_an_address_or_a_page(client, settings, contact, line):
    settings.SECURITY_CONTACT = contact

    assert told(client)["Contact"] == line


def test_it_never_ends_in_the_past_and_never_later_than_in_a_year(client, clock):
    for days in (0, 1, 500):
        clock.move_to("2028-02-28 23:59:59Z", tick=False)
        clock.shift(timedelta(days=days))
        ends = told(client)["Expires"]
        clock.shift(timedelta(days=364))
        assert told(client)["Expires"] > ends
        assert ends > clock_reads()
        clock.shift(timedelta(days=1))
        assert ends < clock_reads()


def clock_reads() -> str:
    return f"{now():%Y-%m-%dT%H:%M:%SZ}"
