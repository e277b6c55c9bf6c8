"""The closing ceremony: after it nobody can be found, and the count is what it was."""

import re
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from campaigns import lifecycle as campaigns
from signatures import lifecycle, retention, tally
from signatures.models import Erasure, Moderation, Mute, OutboxMail, Signature, Token
from tests.factories import (
    approved,
    confirmed,
    links,
    make_campaign,
    make_file,
    organisation,
    person,
    post,
    press,
    read_mails,
    sign,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
OTHER = person(email="other@example.org", name="Other Campaign", city="Lviv")


@pytest.fixture
def campaign(transactional_db):
    return make_campaign()


def fill(client, campaign, mo):
    """Everything that can be known of people, and another campaign that goes on."""
    confirmed(client, make_campaign("other"), OTHER)
    sign(client, campaign)
    confirmed(client, campaign, visibility="count", name="", email="counted@example.org")
    confirmed(client, campaign, visibility="handin", name="Hanna Handin", updates="on")
    confirmed(client, campaign, name="Paul Public", city="Kyiv", comment="Enough.", via="wri")
    lifecycle.hide(confirmed(client, campaign, name="Hilde Hidden"), mo, "she is afraid")
    lifecycle.hold(confirmed(client, campaign, name="Hal Held"), mo, "made up?")
    lifecycle.withdraw(confirmed(client, campaign))
    lifecycle.deny(sign(client, campaign))
    approved(client, campaign, mo)
    confirmed(client, campaign, organisation(organisation="Nobody decided"))
    sign(client, campaign, name="Never Confirmed")
    make_file(campaign, mo)


def end(campaign):
    campaigns.close(campaign)
    campaigns.hand_in(campaign)


def close_for_good(capsys, slug="peace"):
    """Both steps, as the operator takes them."""
    capsys.readouterr()
    call_command("close_for_good", slug)
    phrase = re.search(r'--yes "(.*)"', capsys.readouterr().out)[1]
    call_command("close_for_good", slug, yes=phrase)


def test_the_first_step_only_says_what_would_happen(client, campaign, mo, capsys):
    fill(client, campaign, mo)
    end(campaign)
    before = list(Signature.objects.order_by("pk").values())
    call_command("close_for_good", "peace")

    said = capsys.readouterr().out
    assert re.findall(r"^ +(\d+) (.*)$", said, re.MULTILINE) == [
        ("2", "signatures that nobody confirmed"),
        ("2", "signatures that were confirmed but are held, refused or not decided on"),
        ("7", "hashes by which a second signature is recognised"),
        ("7", "names that are not public"),
        ("3", "e-mail addresses"),
        (str(Token.objects.filter(signature__campaign=campaign).count()), "mailed links"),
        ("0", "sheets of paper, with their pictures"),
        ("3", "entries of the ledger of what people took back"),
        ("1", "addresses that wanted no mail"),
        ("5", "lines of sealed lists (their digests stay)"),
        ("1", "files made for the hand-in"),
        ("5", "signatures go on counting"),
        ("1", "people's names that they wanted on the web"),
        ("1", "organisations on the list"),
    ]
    assert list(Signature.objects.order_by("pk").values()) == before


def test_afterwards_only_the_count_organisations_and_public_names_are_there(
    client, campaign, mo, capsys
):
    fill(client, campaign, mo)
    end(campaign)
    counted = tally.read(campaign)
    close_for_good(capsys)

    rows = Signature.objects.filter(campaign=campaign)
    columns = ("email", "name", "city", "comment", "role", "via", "signals", "contact_domain")
    left = {(name, getattr(row, name)) for row in rows for name in columns} - {
        (name, "") for name in columns
    }
    assert left == {("name", "Paul Public")}
    assert {row.organisation for row in rows} == {"", "Example Action e.V."}
    assert {row.address_hash.partition(":")[0] for row in rows.live()} == {"forgotten"}
    assert {row.signed_at.hour for row in rows} == {0}
    assert not Token.objects.filter(signature__campaign=campaign).exists()
    for model in (Erasure, Mute, OutboxMail.objects.filter(signature__campaign=campaign)):
        assert not getattr(model, "objects", model).exists()
    assert set(Moderation.objects.values_list("reason", flat=True)) == {""}
    assert tally.read(campaign) == counted
    assert tally.recount(campaign) == {}
    assert tally.read_gone(campaign)[tally.EXPIRED] == 4


def test_afterwards_a_known_address_is_matched_by_nothing(client, campaign, mo, capsys):
    fill(client, campaign, mo)
    reader = Signature.objects.get(updates=True)
    known = lifecycle.address_hash(campaign, "counted@example.org")
    assert Signature.objects.filter(address_hash=known).exists()
    post(client, campaign, person(email="counted@example.org"))
    own_page = links(read_mails()[-1])["manage"]
    end(campaign)
    close_for_good(capsys)

    assert not Signature.objects.filter(address_hash=known).exists()
    assert post(client, campaign, person(email="counted@example.org")).status_code == 409
    assert read_mails() == []
    assert client.get(own_page).status_code == 404
    assert Signature.objects.get(pk=reader.pk).email == ""


def test_another_campaign_is_left_alone(client, campaign, mo, capsys):
    fill(client, campaign, mo)
    end(campaign)
    close_for_good(capsys)

    other = Signature.objects.get(campaign__slug="other")
    assert (other.name, other.city) == ("Other Campaign", "Lviv")
    assert other.tokens.filter(purpose="manage").exists()
    assert other.address_hash == lifecycle.address_hash(other.campaign, OTHER["email"])


@pytest.mark.embedded  # whose files are at hand
def test_the_files_of_the_database_hold_no_remains(client, campaign, mo, capsys, tmp_path):
    fill(client, campaign, mo)
    known = lifecycle.address_hash(campaign, "counted@example.org").encode()
    held = Signature.objects.get(held_reason="made up?").address_hash.encode()
    assert {known in in_files(tmp_path), held in in_files(tmp_path)} == {True}
    end(campaign)
    close_for_good(capsys)

    assert known not in in_files(tmp_path)
    assert held not in in_files(tmp_path)


def in_files(folder) -> bytes:
    """Database and log, as a thief of the disk sees them."""
    name = Path(connection.settings_dict["NAME"])
    for path in name.parent.glob(f"{name.name}*"):
        shutil.copy(path, folder)
    return b"".join(path.read_bytes() for path in folder.glob(f"{name.name}*"))


def test_the_list_and_the_count_go_on_being_shown(client, campaign, mo, capsys):
    fill(client, campaign, mo)
    end(campaign)
    close_for_good(capsys)

    people = client.get("/en/peace/signatories/?kind=individual").content.decode()
    assert "Paul Public" in people
    assert "Hilde Hidden" not in people
    assert client.get("/en/peace/").context["totals"].total == 5


def test_public_names_go_half_a_year_after_the_hand_in(client, campaign, mo, capsys, clock):
    fill(client, campaign, mo)
    end(campaign)
    close_for_good(capsys)
    clock.shift(179 * 24 * 3600)
    retention.forget()
    assert Signature.objects.exclude(name="").filter(campaign=campaign).count() == 1
    clock.shift(2 * 24 * 3600)
    retention.forget()

    assert Signature.objects.exclude(name="").filter(campaign=campaign).count() == 0
    assert tally.recount(campaign) == {}


def test_the_phrase_fits_only_what_was_looked_at(client, campaign, mo, capsys):
    sign(client, campaign)
    path = links(read_mails()[-1])["confirm"]
    campaigns.close(campaign)
    call_command("close_for_good", "peace")
    phrase = re.search(r'--yes "(.*)"', capsys.readouterr().out)[1]
    press(client, path)
    for wrong in (phrase, "yes", "destroy peace", "destroy other 1"):
        with pytest.raises(CommandError, match="That is not the phrase"):
            call_command("close_for_good", "peace", yes=wrong)

    assert Signature.objects.get().name == "Sam Example"


@pytest.mark.parametrize("status", ["draft", "open", "paused"])
def test_a_campaign_that_has_not_ended_is_refused(transactional_db, status):
    make_campaign("going-on", status)
    with pytest.raises(CommandError, match="Only a campaign that has ended"):
        call_command("close_for_good", "going-on", yes="destroy going-on 0")


def test_an_unknown_campaign_is_named(transactional_db):
    with pytest.raises(CommandError, match="There is no campaign nix"):
        call_command("close_for_good", "nix")


def test_there_is_no_way_back(campaign, capsys):
    campaigns.close(campaign)
    close_for_good(capsys)
    said = capsys.readouterr().out

    assert "delete every backup made before this moment" in said
    assert "destroy ADDRESS_KEY" in said
    assert campaigns.reopen(campaign) is False
    assert [step.verb for step in campaign.events.order_by("pk")][-1] == "close for good"


def test_doing_it_again_does_no_harm(client, campaign, mo, capsys):
    fill(client, campaign, mo)
    end(campaign)
    close_for_good(capsys)
    before = list(Signature.objects.order_by("pk").values())
    close_for_good(capsys)

    assert list(Signature.objects.order_by("pk").values()) == before
