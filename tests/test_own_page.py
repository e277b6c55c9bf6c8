"""Sam sees, corrects and withdraws what was signed."""

import pytest

from signatures import lifecycle, tally
from signatures.models import Erasure, OutboxMail, Signature, Token
from tests.factories import confirmed, links, organisation, person, post, press, read_mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def signature(client, campaign):
    return confirmed(client, campaign, email="sam@example.org", city="Bonn", comment="Because.")


@pytest.fixture
def own_page(client, campaign, signature):
    post(client, campaign, person(email="sam@example.org"))
    return links(read_mails()[-1])["manage"]


def test_the_own_page_shows_what_is_kept(client, own_page):
    page = client.get(own_page).content.decode()

    for kept in ("Sam Example", "Bonn", "Because."):
        assert kept in page
    assert "sam@example.org" not in page


def test_the_name_and_its_use_can_be_corrected(client, own_page, signature):
    answer = press(client, own_page, action="correct", name="Samira Example", visibility="handin")

    assert (answer.status_code, answer["Location"]) == (303, own_page)
    signature.refresh_from_db()
    assert (signature.name, signature.visibility) == ("Samira Example", "handin")


def test_being_only_counted_removes_the_name(client, campaign, own_page, signature):
    press(client, own_page, action="correct", name="Sam Example", visibility="count")

    signature.refresh_from_db()
    assert (signature.name, signature.city, signature.comment) == ("", "", "")
    assert tally.read(campaign).people == 1


def test_the_comment_and_leave_to_show_it_can_be_changed_and_taken_back(
    client, own_page, signature, mo
):
    page = client.get(own_page).content.decode()
    assert "It is not shown on the web." in page
    assert ">\nBecause.</textarea>" in page
    fields = {"action": "correct", "name": "Sam Example", "visibility": "public"}

    press(client, own_page, **fields, comment="Because.", quote="on")
    signature.refresh_from_db()
    lifecycle.approve_comment(signature, mo)
    assert "It is shown on the web, with your name." in client.get(own_page).content.decode()

    press(client, own_page, **fields, comment="Because of my brother.", quote="on")
    signature.refresh_from_db()
    assert (signature.comment, signature.quote) == ("Because of my brother.", True)
    assert signature.comment_approved_at is None
    assert "once an organiser has read it" in client.get(own_page).content.decode()

    press(client, own_page, **fields, comment="", quote="on")
    signature.refresh_from_db()
    assert (signature.comment, signature.quote) == ("", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "", "visibility": "public"},
        {"name": "=1+1", "visibility": "public"},
        {"name": "Sam", "visibility": "public", "comment": "x" * 501},
        {"name": "Sam", "visibility": "public", "comment": "\ufffd"},
        {},
    ],
)
def test_a_wrong_correction_is_answered_like_on_the_form(client, own_page, signature, wrong):
    assert press(client, own_page, action="correct", **wrong).status_code == 422

    signature.refresh_from_db()
    assert signature.name == "Sam Example"


def test_withdrawing_takes_two_presses(client, campaign, own_page):
    assert press(client, own_page, action="ask-withdraw").status_code == 200
    assert tally.read(campaign).people == 1

    answer = press(client, own_page, action="withdraw")
    assert answer["Location"] == "/en/peace/withdrawn/"
    assert client.get(answer["Location"]).status_code == 200
    assert tally.read(campaign).people == 0


def test_withdrawing_leaves_nothing_that_leads_to_a_person(client, own_page, signature):
    press(client, own_page, action="withdraw")

    signature.refresh_from_db()
    for field in ("name", "email", "city", "comment", "address_hash", "exact_hash", "role"):
        assert getattr(signature, field) == ""
    assert not Token.objects.exists()
    assert not OutboxMail.objects.exists()
    assert client.get(own_page).status_code == 404


def test_erasing_leaves_no_row_and_the_ledger_knows_it(client, campaign, own_page, signature):
    assert press(client, own_page, action="ask-erase").status_code == 200
    assert tally.read(campaign).people == 1
    press(client, own_page, action="erase")

    assert not Signature.objects.exists()
    assert tally.read(campaign).people == 0
    assert tally.read_gone(campaign)["erased"] == 1
    entry = Erasure.objects.get()
    assert (entry.address_hash, entry.kind) == (signature.address_hash, "individual")


def test_news_are_asked_for_with_the_address_that_signed_and_stopped_at_once(
    client, own_page, signature
):
    press(client, own_page, action="want-updates", email="Sam@Example.org")
    signature.refresh_from_db()
    assert (signature.updates, signature.email) == (True, "Sam@example.org")

    press(client, own_page, action="stop-updates")
    signature.refresh_from_db()
    assert (signature.updates, signature.email) == (False, "")


# Somewhere the second one may be another person's.
@pytest.mark.parametrize("email", ["mallory@example.org", "sam+news@example.org"])
def test_news_go_to_no_other_address(client, own_page, signature, email):
    answer = press(client, own_page, action="want-updates", email=email)

    assert answer.status_code == 422
    assert "This is not the address with which you signed." in answer.content.decode()
    signature.refresh_from_db()
    assert not signature.updates


def test_the_way_to_the_own_page_is_mailed_to_the_very_address_alone(client, campaign, signature):
    for email, theirs in (("sam+other@example.org", False), ("SAM@example.org", True)):
        answer = post(client, campaign, person(email=email, name="Somebody Else"))
        assert answer.status_code == 303
        mail = read_mails()[-1]
        assert mail.to == [email]
        assert ("manage" in links(mail)) is theirs
        assert ("spelt a little differently" in mail.body) is not theirs
    signature.refresh_from_db()
    assert signature.name == "Sam Example"


@pytest.mark.parametrize("email", ["s.am+tag@gmail.com", "SAM@googlemail.com"])
def test_where_all_spellings_are_one_mailbox_they_all_lead_to_it(client, campaign, email):
    confirmed(client, campaign, email="sam@gmail.com")
    post(client, campaign, person(email=email))

    assert "manage" in links(read_mails()[-1])


def test_a_pending_signature_has_one_owner_and_what_another_tag_was_mailed_is_void(
    client, campaign
):
    post(client, campaign, person(email="sam@example.org", name="Sam Example"))
    first = links(read_mails()[-1])["confirm"]
    post(client, campaign, person(email="sam+other@example.org", name="Somebody Else"))
    second = links(read_mails()[-1])["confirm"]

    assert client.get(first).status_code == 404
    assert "Somebody Else" in client.get(second).content.decode()


def test_a_mail_that_still_waits_goes_to_no_former_owner(client, campaign):
    post(client, campaign, person(email="sam@example.org"))
    post(client, campaign, person(email="sam+other@example.org"))

    assert [mail.to for mail in read_mails()] == [["sam+other@example.org"]]


def test_everything_that_is_kept_can_be_taken_along(client, own_page, signature, mo):
    lifecycle.hide(signature, mo, "Asked to.")
    data = client.get(f"{own_page}?download=json")

    assert data["Content-Disposition"] == "attachment; filename=signature.json"
    kept = data.json()
    for name in ("name", "city", "comment", "country", "visibility", "language", "address_hash"):
        assert kept[name] == getattr(signature, name)
    assert kept["mails"][0]["kind"] == "confirm"
    assert kept["decisions"][0]["reason"] == "Asked to."
    text = client.get(f"{own_page}?download=text").content.decode()
    assert "name: Sam Example" in text
    for field in Signature._meta.fields:
        assert field.name in kept or field.name in {"id", "opinion_wanted_by"}


def test_whoever_withdrew_may_sign_again(client, campaign, own_page):
    press(client, own_page, action="withdraw")
    confirmed(client, campaign, email="sam@example.org")

    assert tally.read(campaign).people == 1
    assert tally.recount(campaign) == {}


def test_an_organisation_withdraws_in_the_same_way(client, campaign, mo):
    signature = confirmed(client, campaign, organisation(email="olga@example.org"))
    lifecycle.approve(signature, mo)
    post(client, campaign, organisation(email="olga@example.org"))
    own_page = links(read_mails()[-1])["manage"]
    assert (
        press(client, own_page, action="correct", name="X", visibility="count").status_code == 422
    )

    press(client, own_page, action="withdraw")

    assert tally.read(campaign).organisations == 0
    assert Signature.objects.get().organisation == ""


def test_an_unknown_action_only_shows_the_page(client, campaign, own_page):
    assert press(client, own_page, action="destroy").status_code == 200
    assert tally.read(campaign).people == 1
