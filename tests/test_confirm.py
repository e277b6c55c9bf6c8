"""Sam confirms, or says that it was somebody else."""

import re

import pytest
from django.utils.timezone import timedelta

from campaigns import lifecycle as campaigns
from signatures import lifecycle, tally
from signatures.models import Mute, Signature, Token
from tests.factories import (
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


@pytest.fixture
def signature(client, campaign):
    return sign(client, campaign, email="sam@example.org")


@pytest.fixture
def mail(signature):
    return read_mails()[-1]


def test_following_the_link_alone_does_not_confirm(client, signature, mail):
    for _ in range(20):
        assert client.get(links(mail)["confirm"]).status_code == 200
    client.head(links(mail)["confirm"])
    assert client.options(links(mail)["confirm"]).status_code == 405

    signature.refresh_from_db()
    assert signature.is_pending


def test_pressing_the_button_counts_the_signature_once(client, campaign, signature, mail):
    answers = [press(client, links(mail)["confirm"]) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {303}
    assert tally.read(campaign).people == 1
    assert tally.recount(campaign) == {}


def test_thanks_show_the_count_and_the_way_to_the_own_page(client, signature, mail):
    answer = press(client, links(mail)["confirm"])
    token = links(mail)["confirm"].split("/")[3]
    assert token not in answer["Location"]

    page = client.get(answer["Location"]).content.decode()
    own_page = re.search(r"/en/manage/[A-Za-z0-9_-]+/", page)[0]
    assert client.get(own_page).status_code == 200
    assert "https://t.me/share/" in page


def test_pressing_again_leads_to_the_same_own_page(client, signature, mail):
    pages = [
        client.get(press(client, links(mail)["confirm"])["Location"]).content.decode()
        for _ in range(2)
    ]

    own_pages = {re.search(r"/en/manage/[A-Za-z0-9_-]+/", page)[0] for page in pages}
    assert len(own_pages) == 1
    assert Token.objects.filter(purpose="manage").count() == 1


def test_the_way_to_the_own_page_is_shown_for_an_hour(client, signature, mail, clock):
    place = press(client, links(mail)["confirm"])["Location"]
    clock.shift(timedelta(minutes=61))

    page = client.get(place)
    assert page.status_code == 200
    assert b"/manage/" not in page.content


def test_the_confirm_page_shows_what_will_happen_and_no_address(client, signature, mail):
    page = client.get(links(mail)["confirm"]).content.decode()

    assert "Peace now" in page
    assert "Sam Example" in page
    assert "sam@example.org" not in page
    assert "<title>Please confirm</title>" in page


def test_the_name_can_be_hidden_at_the_last_moment(client, signature, mail):
    press(client, links(mail)["confirm"], hide_name="on")

    signature.refresh_from_db()
    assert (signature.visibility, signature.name) == ("handin", "Sam Example")


def test_the_button_confirms_only_what_was_read(client, campaign, clock):
    form = person(visibility="count")
    post(client, campaign, form)
    confirm = links(read_mails()[-1])["confirm"]
    seen = re.search(r'name="seen" value="([^"]+)"', client.get(confirm).content.decode())[1]
    changes = {"visibility": "public", "name": "Whom Mallory suspects", "city": "Bonn"}
    changes |= {"comment": "A slander", "updates": "on", "country": "FR"}
    post(client, campaign, {**form, **changes})

    answer = press(client, confirm, seen=seen)

    assert answer["Location"] == confirm
    assert Signature.objects.get().is_pending
    page = client.get(confirm).content.decode()
    for words in ("Whom Mallory suspects", "Bonn", "A slander", "you want news", "France"):
        assert words in page
    again = re.search(r'name="seen" value="([^"]+)"', page)[1]
    assert press(client, confirm, seen=again).status_code == 303
    assert press(client, confirm, seen=seen)["Location"].startswith("/en/peace/thanks/")
    assert tally.recount(campaign) == {}


def test_what_changes_at_the_moment_of_the_press_is_not_confirmed(client, campaign, clock):
    form = person(country="DE")
    signature = sign(client, campaign, form)
    clock.shift(1)
    post(client, campaign, {**form, "country": "FR"})

    assert not lifecycle.confirm(signature)
    assert Signature.objects.get().is_pending


def test_confirming_erases_the_address_of_those_who_want_no_news(client, campaign):
    assert confirmed(client, campaign).email == ""
    assert confirmed(client, campaign, updates="on", email="news@example.org").email == (
        "news@example.org"
    )


def test_token_pages_are_not_kept_and_not_passed_on(client, signature, mail):
    token = links(mail)["confirm"].split("/")[3]
    for path in (*links(mail).values(), f"/en/confirm/{token}/a.css", f"/en/confirm/{token}x/"):
        answer = client.get(path)
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"


def test_secrets_are_stored_as_digests_only(client, signature, mail):
    secrets = [path.split("/")[3] for path in links(mail).values()]
    stored = str(list(Token.objects.values()))

    assert len(secrets) == 2
    assert all(len(secret) >= 22 for secret in secrets)
    assert not any(secret in stored for secret in secrets)


def test_a_token_is_good_for_one_purpose(client, signature, mail):
    confirm = links(mail)["confirm"].split("/")[3]
    not_me = links(mail)["not-me"].split("/")[3]

    assert press(client, f"/en/confirm/{not_me}/").status_code == 404
    assert press(client, f"/en/not-me/{confirm}/").status_code == 404
    assert press(client, f"/en/manage/{confirm}/").status_code == 404


def test_every_link_that_leads_nowhere_gets_the_same_page(client, campaign, clock):
    token = links(_mail_of(client, campaign))["confirm"].split("/")[3]
    clock.shift(timedelta(days=8))

    pages = {
        re.sub(r"/confirm/[^/]+/", "", client.get(f"/en/confirm/{path}/").content.decode())
        for path in (token, token[:-6], "x" * 32)
    }
    assert len(pages) == 1
    assert 'class="button" href="/en/"' in pages.pop()


def _mail_of(client, campaign):
    sign(client, campaign)
    return read_mails()[-1]


def test_a_link_lives_seven_days_from_the_moment_its_mail_left(client, campaign, clock):
    sign(client, campaign)
    clock.shift(timedelta(days=2))  # the mail server was down
    path = links(read_mails()[-1])["confirm"]

    clock.shift(timedelta(days=6, hours=23))
    lifecycle.forget()
    assert client.get(path).status_code == 200
    clock.shift(timedelta(hours=2))
    lifecycle.forget()
    assert client.get(path).status_code == 404
    assert not Signature.objects.exists()


def test_pending_signatures_are_forgotten_after_seven_days(client, campaign, clock):
    sign(client, campaign)
    confirmed(client, campaign)
    clock.shift(timedelta(days=7, minutes=1))

    assert lifecycle.forget()["signatures"] == 1
    assert Signature.objects.pending().count() == 0
    assert Signature.objects.confirmed().count() == 1


def test_one_reminder_after_a_day_adds_nothing_to_the_time(client, campaign, clock):
    sign(client, campaign)
    read_mails()
    clock.shift(timedelta(hours=25))
    assert [lifecycle.remind(), lifecycle.remind()] == [1, 0]
    (message,) = read_mails()
    clock.shift(timedelta(days=6))

    assert client.get(links(message)["confirm"]).status_code == 404


def test_a_campaign_may_do_without_reminders(client, campaign, clock):
    campaign.reminds = False
    campaign.save()
    sign(client, campaign)
    clock.shift(timedelta(hours=25))

    assert lifecycle.remind() == 0


def test_what_mail_programs_glue_to_a_link_is_taken_off(client, signature, mail):
    path = links(mail)["confirm"]
    for glued in (".", ")", ">", "%3E", "%0A", "),", "./"):
        answer = client.get(path.rstrip("/") + glued)
        assert (answer.status_code, answer["Location"]) == (301, path)


def test_not_me_asks_first(client, signature, mail):
    assert client.get(links(mail)["not-me"]).status_code == 200

    assert Signature.objects.count() == 1


def test_not_me_erases_what_was_typed_and_mutes_the_address(client, signature, mail):
    answer = press(client, links(mail)["not-me"])

    assert answer["Location"] == "/en/peace/denied/"
    assert not Signature.objects.exists()
    assert Mute.objects.count() == 1
    assert press(client, links(mail)["confirm"]).status_code == 404


def test_not_me_also_ends_a_signature_that_somebody_had_confirmed(client, campaign, mail):
    press(client, links(mail)["confirm"])
    press(client, links(mail)["not-me"])

    assert tally.read(campaign).people == 0
    assert Signature.objects.get().name == ""


def test_who_signed_in_time_confirms_up_to_seven_days_after_closing(client, campaign, mail, clock):
    campaigns.close(campaign)
    assert press(client, links(mail)["confirm"]).status_code == 303
    assert tally.read(campaign).people == 1


def test_a_link_that_comes_too_late_says_so(client, campaign, clock):
    campaigns.close(campaign)
    clock.shift(timedelta(days=8))
    campaigns.reopen(campaign)
    path = links(_mail_of(client, campaign))["confirm"]
    campaign.refresh_from_db()
    campaigns.close(campaign)
    campaign.closed_at -= timedelta(days=8)
    campaign.save()

    assert client.get(path).status_code == 410
    assert press(client, path).status_code == 410
    assert tally.read(campaign).people == 0


def test_pausing_stops_signing_and_not_confirming(client, campaign, mail):
    campaigns.pause(campaign)

    assert press(client, links(mail)["confirm"]).status_code == 303


def test_an_organisation_counts_only_after_it_was_approved(client, campaign, mo):
    signature = confirmed(client, campaign, organisation())
    assert tally.read(campaign).organisations == 0

    lifecycle.approve(signature, mo)
    assert tally.read(campaign).organisations == 1


def test_the_thanks_page_tells_an_organisation_that_somebody_will_look(client, campaign):
    sign(client, campaign, organisation())
    answer = press(client, links(read_mails()[-1])["confirm"])

    assert b"The organisers look at every organisation" in client.get(answer["Location"]).content


def test_the_mail_quotes_nothing_from_the_form(client, campaign):
    canaries = {
        "name": "Canary Name",
        "city": "Canaryville",
        "comment": "Canary comment",
        "via": "canary-code",
    }
    sign(client, campaign, **canaries)
    raw = read_mails()[-1].message().as_string().lower()

    assert "canary" not in raw
    assert "peace" not in raw


def test_the_mail_is_plain_and_neutral(client, campaign):
    sign(client, campaign)
    message = read_mails()[-1]

    assert message.subject == "Please confirm your e-mail address"
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert message.extra_headers["Message-ID"].endswith("@localhost>")
    assert "List-Unsubscribe" not in message.extra_headers
    html = message.alternatives[0].content
    assert '<html lang="en" dir="ltr">' in html
    assert "<img" not in html
    assert links(message)["confirm"] in html
    assert "http://testserver" + links(message)["confirm"] in message.body


def test_the_mail_speaks_the_language_of_the_form(client, campaign):
    post(client, campaign, person(), language="de")
    assert links(read_mails()[-1])["confirm"].startswith("/de/")


def test_a_token_of_one_campaign_does_nothing_in_another(client, campaign, mail):
    other = make_campaign("bread")
    press(client, links(mail)["confirm"])

    assert (tally.read(campaign).people, tally.read(other).people) == (1, 0)
