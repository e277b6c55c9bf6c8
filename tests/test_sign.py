"""Sam signs."""

import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now, timedelta
from django.utils.translation import gettext, override

from campaigns import lifecycle as campaigns
from signatures import lifecycle, tally
from signatures.models import Mute, OutboxMail, Signature
from tests.factories import (
    code,
    confirmed,
    links,
    make_campaign,
    organisation,
    person,
    post,
    press,
    read_mails,
    sign,
)

pytestmark = pytest.mark.django_db


def test_a_person_signs_and_is_asked_to_confirm(client, campaign):
    answer = post(client, campaign, person(email="Sam@Example.org", updates="on", city="Bonn"))

    assert answer.status_code == 303
    assert answer["Location"].startswith("/en/peace/sign/sent/")
    signature = Signature.objects.get()
    assert signature.is_pending
    assert (signature.name, signature.email) == ("Sam Example", "Sam@example.org")
    assert (signature.country, signature.city) == ("DE", "Bonn")
    assert (signature.visibility, signature.language) == ("public", "en")
    assert signature.appeal == campaign.appeal
    assert [message.to for message in read_mails()] == [["Sam@example.org"]]
    assert tally.read(campaign).total == 0


def test_an_organisation_signs_through_the_same_door(client, campaign):
    answer = post(client, campaign, organisation(email="olga@action.example.org"))

    assert answer.status_code == 303
    signature = Signature.objects.get()
    assert signature.organisation == "Example Action e.V."
    assert (signature.website, signature.role) == ("https://action.example.org/", "Chair")
    assert signature.contact_domain == "action.example.org"


def test_a_call_gives_its_code_to_the_signature(client, campaign):
    assert sign(client, campaign, via="wri").via == "wri"


def test_an_unknown_or_odd_code_is_no_reason_to_refuse(client, campaign):
    assert sign(client, campaign, via="<script>").via == ""


def test_who_only_wants_to_be_counted_leaves_no_name(client, campaign):
    signature = sign(client, campaign, visibility="count", city="Bonn", comment="Because.")

    assert (signature.name, signature.city, signature.comment) == ("", "", "")


def test_who_only_wants_to_be_counted_is_not_asked_for_a_name(client, campaign):
    form = person(visibility="count")
    del form["name"]

    assert post(client, campaign, form).status_code == 303


@pytest.mark.parametrize("visibility", ["handin", "public"])
def test_a_name_that_is_to_be_used_has_to_be_given(client, campaign, visibility):
    answer = post(client, campaign, person(visibility=visibility, name=""))

    assert answer.status_code == 422
    assert b"Enter your name, or choose to be counted only." in answer.content


def test_no_answer_about_visibility_is_an_error_and_none_is_preselected(client, campaign):
    form = person()
    del form["visibility"]

    assert post(client, campaign, form).status_code == 422
    assert b"checked" not in client.get("/en/peace/sign/").content


def test_errors_are_summed_up_named_at_the_field_and_values_kept(client, campaign):
    answer = post(client, campaign, person(email="nonsense", name="Séan"))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<title>Error:" in page
    assert 'href="#id_email"' in page
    assert 'id="id_email_error"' in page
    assert 'aria-invalid="true"' in page
    assert 'value="nonsense"' in page
    assert 'value="Séan"' in page
    assert 'action="/en/peace/sign/#errors"' in page
    assert 'id="errors"' in page
    assert not Signature.objects.exists()


def test_errors_speak_the_language_of_the_page(client, campaign):
    answer = post(client, campaign, person(email=""), language="de")

    with override("de"):
        words = gettext("Enter your e-mail address.")
    assert words != "Enter your e-mail address."
    assert words in answer.content.decode()


def test_signing_again_while_pending_keeps_the_newest_details(client, campaign):
    form = person(name="Sam Exmaple")
    sign(client, campaign, form)
    first = read_mails()[0]
    post(client, campaign, {**form, "name": "Sam Example", "visibility": "handin"})

    signature = Signature.objects.get()
    assert (signature.name, signature.visibility) == ("Sam Example", "handin")
    assert b"Sam Example" in client.get(links(first)["confirm"]).content
    press(client, links(first)["confirm"])
    signature.refresh_from_db()
    assert signature.confirmed_at is not None


def test_signing_again_after_confirming_changes_nothing_and_mails_the_own_page(client, campaign):
    form = person(name="Sam Example")
    confirmed(client, campaign, form)
    post(client, campaign, {**form, "name": "Somebody Else", "visibility": "handin"})

    signature = Signature.objects.get()
    assert (signature.name, signature.visibility) == ("Sam Example", "public")
    (message,) = read_mails()
    assert set(links(message)) == {"manage"}
    assert client.get(links(message)["manage"]).status_code == 200


def test_the_answer_never_tells_whether_an_address_is_known(client, campaign):
    pending, done, gone, denied = (person() for _ in range(4))
    sign(client, campaign, pending)
    confirmed(client, campaign, done)
    lifecycle.withdraw(confirmed(client, campaign, gone))
    lifecycle.deny(sign(client, campaign, denied))

    answers = [post(client, campaign, form) for form in (person(), pending, done, gone, denied)]

    assert {answer.status_code for answer in answers} == {303}
    assert {len(answer["Location"]) for answer in answers} == {len(answers[0]["Location"])}
    pages = [client.get(answer["Location"]) for answer in answers]
    bodies = {
        without_ticket(page, answer["Location"])
        for page, answer in zip(pages, answers, strict=True)
    }
    headers = {tuple(sorted(set(page.headers) - {"Expires"})) for page in pages}
    assert len(bodies) == len(headers) == 1


def test_a_person_and_an_organisation_may_share_an_address(client, campaign):
    address = {"email": "olga@example.org"}
    confirmed(client, campaign, person(**address))
    confirmed(client, campaign, organisation(**address))

    assert Signature.objects.confirmed().count() == 2


def test_all_spellings_of_an_address_are_one_signature(client, campaign):
    for address in ("o.lena@gmail.com", "OLena@googlemail.com", "olena+x@gmail.com"):
        post(client, campaign, person(email=address))

    assert Signature.objects.count() == 1


def test_the_same_address_may_sign_another_campaign_under_another_hash(client, campaign):
    other = make_campaign("bread")
    form = person()
    sign(client, campaign, form)
    sign(client, other, form)

    assert len(set(Signature.objects.values_list("address_hash", flat=True))) == 2


def test_the_database_refuses_a_second_live_signature_of_an_address(client, campaign):
    signature = sign(client, campaign)
    signature.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        signature.save(force_insert=True)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"visibility": "count"},  # keeps a name
        {"visibility": "anyone"},
        {"kind": "robot"},
        {"kind": "organisation"},  # without the organisation's name
        {"held_at": now()},  # for no reason
        {"withdrawn_at": now()},  # keeps something personal
    ],
)
def test_the_database_refuses_what_must_not_be(client, campaign, nonsense):
    signature = sign(client, campaign)

    with pytest.raises(IntegrityError), transaction.atomic():
        Signature.objects.filter(pk=signature.pk).update(**nonsense)


def test_what_a_robot_sends_is_held_and_mails_nobody(client, campaign):
    answer = post(client, campaign, person(homepage="http://spam.example"))

    assert answer.status_code == 303
    signature = Signature.objects.get()
    assert signature.held_reason == "honeypot"
    assert read_mails() == []


def test_the_owner_of_an_address_that_a_robot_used_signs_as_everybody(client, campaign):
    form = person()
    post(client, campaign, {**form, "homepage": "http://spam.example"})
    confirmed(client, campaign, form)

    assert tally.read(campaign).people == 1


def test_an_address_gets_three_mails_a_day_and_no_fourth(client, campaign, clock):
    form = person()
    for _ in range(5):
        post(client, campaign, form)
    assert len(read_mails()) == 3

    clock.shift(timedelta(hours=25))
    post(client, campaign, form)
    assert len(read_mails()) == 1


def work(client, campaign, form) -> list[str]:
    """What signing has the database write."""
    with CaptureQueriesContext(connection) as queries:
        assert post(client, campaign, form).status_code == 303
    words = [query["sql"].split("(")[0].split()[:3] for query in queries]
    return sorted(" ".join(what) for what in words if what[0] == "INSERT")


def test_a_mail_too_many_is_as_much_work_as_one_that_is_sent(client, campaign):
    form = person()
    works = [work(client, campaign, form) for _ in range(6)][1:]

    assert all(each == works[0] for each in works), works
    assert len(read_mails()) == 3


@pytest.mark.parametrize("state", [sign, confirmed])
def test_what_a_robot_sends_is_as_much_work_for_every_address(client, campaign, state):
    form = person(email="sam@gmail.com", homepage="http://spam.example")
    new = work(client, campaign, form)
    Signature.objects.all().delete()
    signature = state(client, campaign, email="sam@gmail.com")
    read_mails()
    before = Signature.objects.filter(pk=signature.pk).values().get()

    assert work(client, campaign, form) == new
    assert Signature.objects.values().get() == before
    assert read_mails() == []


def test_a_mailbox_within_reach_of_the_state_is_written_to_only_after_a_warning(client, campaign):
    form = person(email="sam@mail.ru")

    answer = post(client, campaign, form)
    assert answer.status_code == 200
    assert not Signature.objects.exists()
    assert not OutboxMail.objects.exists()

    assert post(client, campaign, {**form, "mailbox": "go-on"}).status_code == 303
    assert len(read_mails()) == 1


@pytest.mark.parametrize("status", ["paused", "closed", "handed_in"])
def test_nobody_can_sign_what_is_not_open(client, db, status):
    campaign = make_campaign(status=status)
    answer = post(client, campaign, person())

    assert answer.status_code == 409
    assert not Signature.objects.exists()


def test_a_campaign_takes_no_signature_after_its_last_day_even_before_it_is_closed(
    client, campaign, clock
):
    campaign.closes_at = now() + timedelta(days=1)
    campaign.save()
    clock.shift(timedelta(days=2))

    assert post(client, campaign, person()).status_code == 409
    assert campaigns.close_overdue() == 1


def test_the_first_mail_is_not_needed_if_the_code_is_typed(client, campaign):
    answer = post(client, campaign, person())
    (message,) = read_mails()

    done = press(client, answer["Location"], code=f" {code(message)[:3]} {code(message)[3:]} ")

    assert done.status_code == 303
    assert "/en/peace/thanks/" in done["Location"]
    assert tally.read(campaign).people == 1


def test_five_wrong_codes_end_the_code_and_not_the_link(client, campaign):
    answer = post(client, campaign, person())
    (message,) = read_mails()
    wrong = f"{(int(code(message)) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert press(client, answer["Location"], code=wrong).status_code == 422

    assert press(client, answer["Location"], code=code(message)).status_code == 422
    assert tally.read(campaign).people == 0
    assert press(client, links(message)["confirm"]).status_code == 303
    assert tally.read(campaign).people == 1


def test_guessing_codes_tells_nothing_about_an_address(client, campaign):
    known = post(client, campaign, person())["Location"]
    confirmed_form = person()
    confirmed(client, campaign, confirmed_form)
    done = post(client, campaign, confirmed_form)["Location"]
    read_mails()
    muted_form = person()
    lifecycle.deny(sign(client, campaign, muted_form))
    muted = post(client, campaign, muted_form)["Location"]

    pages = [
        [without_ticket(press(client, place, code="000000"), place) for _ in range(6)]
        for place in (known, done, muted)
    ]
    assert pages[0] == pages[1] == pages[2]
    assert pages[0][4] != pages[0][5]


def without_ticket(page, place) -> str:
    """A page as everybody gets it: its own address holds a part that is never the same."""
    return page.content.decode().replace(place.split("/")[-2], "")


def test_a_code_confirms_only_what_its_owner_typed(client, campaign):
    form = person(visibility="count")
    place = post(client, campaign, form)["Location"]
    typed = code(read_mails()[-1])
    post(client, campaign, {**form, "visibility": "public", "name": "Whom Mallory suspects"})

    answer = press(client, place, code=typed)

    assert answer["Location"].startswith("/en/confirm/")
    assert Signature.objects.get().is_pending
    page = client.get(answer["Location"]).content.decode()
    assert "Whom Mallory suspects" in page
    not_me = re.search(r"/en/not-me/[^/]+/", page)[0]
    assert press(client, not_me).status_code == 303
    assert not Signature.objects.exists()


def test_a_code_confirms_what_was_typed_twice_the_same(client, campaign):
    form = person()
    place = post(client, campaign, form)["Location"]
    post(client, campaign, form)

    answer = press(client, place, code=code(read_mails()[-1]))

    assert answer["Location"].startswith("/en/peace/thanks/")


def test_guessing_does_not_tell_when_the_owner_types_the_code(client, campaign):
    forms = [person(), person()]
    pages = []
    for form, is_typed in zip(forms, (True, False), strict=True):
        place = post(client, campaign, form)["Location"]
        (message,) = read_mails()
        guess = post(client, campaign, form)["Location"]
        read_mails()
        wrong = f"{(int(code(message)) + 1) % 1_000_000:06}"
        pages.append([])
        for number in range(7):
            if number == 3 and is_typed:
                assert press(client, place, code=code(message)).status_code == 303
            answer = press(client, guess, code=wrong)
            pages[-1].append(without_ticket(answer, guess).replace(wrong, ""))

    assert pages[0] == pages[1]


def test_five_guesses_are_all_whatever_ticket_they_come_with(client, campaign):
    form = person()
    place = post(client, campaign, form)["Location"]
    (message,) = read_mails()
    wrong = f"{(int(code(message)) + 1) % 1_000_000:06}"
    for _ in range(5):
        press(client, post(client, campaign, form)["Location"], code=wrong)

    assert press(client, place, code=code(message)).status_code == 422
    assert Signature.objects.get().is_pending


def test_a_ticket_that_was_not_made_here_leads_nowhere(client, campaign):
    assert client.get(f"/en/peace/sign/sent/{'A' * 120}/").status_code == 404


def test_a_muted_address_gets_no_mail_and_leaves_no_row(client, campaign):
    form = person()
    lifecycle.deny(sign(client, campaign, form))
    for _ in range(3):
        assert post(client, campaign, form).status_code == 303

    assert not Signature.objects.exists()
    assert read_mails() == []


def test_an_address_is_muted_for_ninety_days(client, campaign, clock):
    form = person()
    lifecycle.deny(sign(client, campaign, form))
    clock.shift(timedelta(days=91))
    lifecycle.forget()
    post(client, campaign, form)

    assert not Mute.objects.exists()
    assert len(read_mails()) == 1


@pytest.mark.parametrize(
    "path", ["/en/peace/", "/en/peace/sign/", "/en/peace/sign/?as=organisation"]
)
def test_who_is_watched_can_leave_without_script_and_without_telling_from_where(
    client, campaign, path
):
    page = client.get(path).content.decode()
    way_out = '<a href="https://www.wikipedia.org/" rel="noreferrer">Leave this page</a>'

    before_the_form, form = page.split('<form method="post"')
    assert way_out in before_the_form
    assert way_out in form.split("</form>")[0]


@pytest.mark.parametrize(
    "website",
    ["javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "//", "file:///etc"],
)
def test_a_website_is_an_address_on_the_web(client, campaign, website):
    answer = post(client, campaign, organisation(website=website))

    assert answer.status_code == 422
    assert "Write a web address like https://example.org." in answer.content.decode()
    assert not Signature.objects.exists()
