"""A journalist reads how the count comes about."""

import re

import pytest

from campaigns import lifecycle as campaigns
from signatures import lifecycle
from signatures.models import Signature, Tally
from tests.factories import (
    approved,
    confirmed,
    make_campaign,
    organisation,
    person,
    post,
    read_mails,
    sign,
)

pytestmark = pytest.mark.django_db


def numbers(page) -> dict[str, int]:
    rows = re.findall(r'<th scope="row">(.*?)</th><td>([\d,]+)</td>', page.content.decode())
    return {what: int(number.replace(",", "")) for what, number in rows}


def test_every_signature_is_accounted_for(client, campaign, mo, clock):
    sign(client, campaign)
    read_mails()
    clock.shift(8 * 24 * 3600)
    lifecycle.forget()
    sign(client, campaign)
    post(client, campaign, person(homepage="x"))
    lifecycle.deny(sign(client, campaign))
    confirmed(client, campaign)
    lifecycle.withdraw(confirmed(client, campaign))
    lifecycle.erase(confirmed(client, campaign))
    lifecycle.hold(confirmed(client, campaign), mo, "why")
    confirmed(client, campaign, organisation())
    lifecycle.refuse(confirmed(client, campaign, organisation()), mo, "why")
    lifecycle.hide(approved(client, campaign, mo), mo, "why")
    campaigns.close(campaign)

    page = client.get("/en/integrity/")

    assert numbers(page) == {
        "Counted": 2,
        "Of these on paper": 0,
        "Waiting for their confirmation": 1,
        "Held back until somebody has looked": 2,
        "Organisations that wait for a decision": 1,
        "Organisations that were not taken up": 1,
        "Withdrawn": 1,
        "Together": Signature.objects.count(),
        "Erased when their time was up, most of them never confirmed": 1,
        "Erased because the owner of the address had not signed": 1,
        "Erased because the signatory wanted it": 1,
        "Typed in from paper by mistake, and taken out again": 0,
        "Approved": 1,
        "Refused": 1,
        "Held back": 1,
        "Released": 0,
        "Name hidden from the web": 1,
        "Name shown again": 0,
    }
    assert "the count that we show is exact" in page.content.decode()


def test_signing_for_somebody_tells_nothing_by_the_numbers(client, campaign, clock):
    confirmed(client, campaign, email="confirmed@example.org")
    sign(client, campaign, email="pending@example.org")
    before = numbers(client.get("/en/integrity/"))
    for name in ("confirmed", "pending", "unknown", "another"):
        for trick in ({"homepage": "x"}, {}):
            post(client, campaign, person(email=f"{name}@example.org", **trick))
            assert numbers(client.get("/en/integrity/")) == before

    read_mails()
    clock.shift(8 * 24 * 3600)
    lifecycle.forget()
    assert numbers(client.get("/en/integrity/")) == before
    assert before["Together"] == 1


def test_a_count_that_differs_from_the_rows_is_admitted(client, campaign):
    confirmed(client, campaign)
    Tally.objects.update(number=5)

    assert "differs from the rows" in client.get("/en/integrity/").content.decode()


def test_a_draft_is_not_accounted_for(client, db):
    make_campaign(status="draft")
    assert "Peace now" not in client.get("/en/integrity/").content.decode()
