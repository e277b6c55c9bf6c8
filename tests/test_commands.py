"""Commands that an operator runs."""

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Campaign
from signatures import tally
from signatures.models import OutboxMail, Signature
from tests.factories import sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def founding(db):
    call_command("load_campaign", verbosity=0)
    return Campaign.objects.get()


def test_demo_fills_the_site_once_and_mails_nobody(founding, capsys):
    call_command("demo", people=200)
    number = Signature.objects.count()
    call_command("demo", people=200)

    assert Signature.objects.count() == number > 200
    assert tally.read(founding).people > 150
    assert Signature.objects.waiting().exists()
    assert not OutboxMail.objects.exists()
    assert "there already" in capsys.readouterr().out


def test_demo_has_no_place_on_a_public_site(founding, settings):
    settings.SITE_URL = "https://petition.example.org"

    with pytest.raises(CommandError, match="no place on a public site"):
        call_command("demo")


def test_the_sender_sends_once_and_stops_when_asked_to(client, campaign, capsys):
    sign(client, campaign)
    call_command("send_outbox", once=True)

    assert OutboxMail.objects.get().sent_at is not None


def test_forgetting_says_what_was_forgotten(client, campaign, clock, capsys):
    sign(client, campaign)
    clock.shift(8 * 24 * 3600)
    call_command("send_outbox", once=True)
    call_command("forget")

    assert capsys.readouterr().out.startswith("0 signatures")


def test_an_unknown_campaign_is_named_with_those_that_there_are(db):
    with pytest.raises(CommandError, match="There is: protection-asylum"):
        call_command("load_campaign", "nix")
