"""Versions of the appeal: frozen once signed, corrected or replaced, and nobody signed unasked."""

import pytest
from django.core.management import call_command

from campaigns import lifecycle as campaigns
from campaigns.models import Appeal, Campaign
from signatures import lifecycle, tally
from signatures.lifecycle import renewing
from signatures.models import OutboxMail, Signature
from tests.desk import DeskClient, make_account
from tests.factories import (
    confirmed,
    links,
    make_campaign,
    organisation,
    press,
    read_mails,
    sign,
    text,
    translate,
)
from tests.test_languages import TELLING

pytestmark = pytest.mark.django_db
Change = Appeal.Change
ADD = "/admin/campaigns/appeal/add/"
REVISE = "/admin/campaigns/appeal/{}/revise/"
PUBLISH = "/admin/campaigns/appeal/{}/publish/"
VERSIONS = "/admin/campaigns/campaign/{}/versions/"
NOTE = text(en="The third demand is new.", de="Neu ist die dritte Forderung.")


@pytest.fixture
def campaign(db):
    campaign = make_campaign()
    translate(campaign)
    return campaign


@pytest.fixture
def desk():
    browser = DeskClient()
    browser.force_login(make_account("ed", "editor"))
    return browser


def new_version(campaign, change=Change.SUBSTANCE, note=NOTE, **words) -> Appeal:
    """The next version, with a demand more, published."""
    appeal = campaigns.revise_appeal(campaign.appeal)
    words = words or {"en": "Help!", "de": "Helft!"}
    appeal.demands.create(number=appeal.demands.count() + 1, text=text(**words))
    assert campaigns.publish_appeal(appeal, change, note)
    return appeal


def own_page(client, campaign, **fields) -> tuple[Signature, str]:
    """Somebody who has signed and gets news, and the address of the own page."""
    signature = confirmed(client, campaign, email="sam@example.org", updates="on", **fields)
    sign(client, campaign, email="sam@example.org")  # again: mails the link
    return signature, links(read_mails()[-1])["manage"]


def renewals() -> list[Signature]:
    return [mail.signature for mail in OutboxMail.objects.filter(kind="renew").order_by("pk")]


# At the desk


def test_a_new_version_begins_with_the_words_of_the_last_and_is_signed_once_published(
    desk, client, campaign
):
    first = campaign.appeal
    answer = desk.post(REVISE.format(first.pk))
    second = Appeal.objects.get(version=2)
    assert answer["Location"] == f"/admin/campaigns/appeal/{second.pk}/change/"
    assert [str(demand.text) for demand in second.demands.all()] == ["Stop!", "Talk!"]
    assert campaign.appeal == first

    form = {"change": "typo", "change_note_0": "A comma.", "change_note_1": "Ein Komma."}
    page = desk.post(PUBLISH.format(second.pk), form, follow=True).content.decode()

    assert "From now on this version is signed." in page
    assert campaign.appeal == second
    assert sign(client, campaign).appeal == second
    second.refresh_from_db()
    assert (second.change, second.change_note.data) == (
        "typo",
        {"en": "A comma.", "de": "Ein Komma."},
    )
    events = campaign.events.order_by("-number")[:2]
    assert [(event.verb, event.by.username) for event in events] == [
        ("publish appeal", "ed"),
        ("revise appeal", "ed"),
    ]
    assert events[0].details == {"campaign": "peace", "version": 2, "change": "typo"}


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"change_note_0": "A comma."}, "This field is required."),
        ({"change": "else", "change_note_0": "A comma."}, "Select a valid choice."),
        ({"change": "typo"}, "Say in English at least what has changed."),
        ({"change": "typo", "change_note_1": "Ein Komma."}, "Say in English at least"),
        ({"change": "typo", "change_note_0": "  "}, "Say in English at least"),
    ],
)
def test_without_kind_and_note_nothing_is_published(desk, campaign, form, fault):
    appeal = campaigns.revise_appeal(campaign.appeal)

    assert fault in desk.post(PUBLISH.format(appeal.pk), form).content.decode()
    assert campaign.appeal.version == 1


def test_a_version_with_gaps_is_not_published_and_the_desk_names_them(desk, campaign):
    appeal = campaigns.revise_appeal(campaign.appeal)
    appeal.demands.create(number=3, text=text(en="Help!"))
    form = {"change": "typo", "change_note_0": "A demand more."}

    assert "<li>German: demand 3</li>" in desk.get(PUBLISH.format(appeal.pk)).content.decode()
    page = desk.post(PUBLISH.format(appeal.pk), form).content.decode()

    assert "Not published: 1 text is missing. German: demand 3" in page
    assert not campaigns.publish_appeal(appeal, Change.TYPO, NOTE)
    assert campaign.appeal.version == 1


def test_there_is_one_new_version_at_a_time_and_only_of_the_newest(desk, campaign):
    first = campaign.appeal
    second = campaigns.revise_appeal(first)

    for appeal in (first, second):
        page = desk.post(REVISE.format(appeal.pk), follow=True).content.decode()
        assert "No new version" in page
    assert Appeal.objects.count() == 2


@pytest.mark.parametrize("status", ["draft", "closed", "handed_in"])
def test_before_the_opening_and_after_the_end_there_is_no_new_version(db, status):
    campaign = make_campaign(status=status)

    assert campaigns.revise_appeal(campaign.appeal) is None


def test_a_version_that_waits_is_not_published_after_the_end(desk, campaign):
    appeal = campaigns.revise_appeal(campaign.appeal)
    campaigns.close(campaign)
    form = {"change": "typo", "change_note_0": "A comma."}
    page = desk.post(PUBLISH.format(appeal.pk), form, follow=True).content.decode()

    assert "This version cannot be published" in page
    assert not campaigns.publish_appeal(appeal, Change.TYPO, NOTE)
    assert Appeal.objects.get(version=2).frozen_at is None


def test_the_first_version_is_published_by_opening_alone(desk, db):
    campaign = make_campaign(status="draft")
    form = {"change": "typo", "change_note_0": "A comma."}
    page = desk.post(PUBLISH.format(campaign.appeal.pk), form, follow=True).content.decode()

    assert "it waits for the opening" in page
    assert not campaigns.publish_appeal(campaign.appeal, Change.TYPO, NOTE)
    assert campaign.appeal.frozen_at is None


def test_publishing_twice_changes_nothing(campaign):
    appeal = new_version(campaign)

    assert not campaigns.publish_appeal(appeal, Change.TYPO, text(en="Other words."))
    appeal.refresh_from_db()
    assert (appeal.change, appeal.change_note) == (Change.SUBSTANCE, NOTE)


def test_what_was_said_about_a_version_is_frozen_with_it(desk, campaign):
    appeal = new_version(campaign, note=text(en="The third demand is new."))
    form = {
        "opening_0": "Other words", "change_note_0": "Nothing.", "change_note_1": "Neu.",
        "change": "typo", "demands-TOTAL_FORMS": 0, "demands-INITIAL_FORMS": 0,
    }  # fmt: skip
    desk.post(f"/admin/campaigns/appeal/{appeal.pk}/change/", form)

    appeal.refresh_from_db()
    assert appeal.opening.data["en"] == "We ask you to:"
    assert appeal.change == Change.SUBSTANCE
    assert appeal.change_note.data == {"en": "The third demand is new.", "de": "Neu."}


def test_a_campaign_with_an_appeal_gets_no_other_first_version(desk, campaign):
    assert "Peace now" not in desk.get(ADD).content.decode()
    form = {
        "campaign": campaign.pk, "version": 7, "opening_0": "Hear:",
        "demands-TOTAL_FORMS": 0, "demands-INITIAL_FORMS": 0,
    }  # fmt: skip

    assert "Select a valid choice." in desk.post(ADD, form).content.decode()
    assert Appeal.objects.count() == 1


def test_the_desk_counts_the_signatures_of_each_version_when_asked(client, campaign):
    confirmed(client, campaign)
    sign(client, campaign)
    new_version(campaign)
    for _ in range(2):
        confirmed(client, campaign)
    owner, editor = DeskClient(), DeskClient()
    owner.force_login(make_account("olga", "owner"))
    editor.force_login(make_account("ed", "editor"))
    path = VERSIONS.format(campaign.pk)

    assert "<td>2</td>" not in owner.get(path).content.decode()
    page = owner.get(f"{path}?count").content.decode()
    assert page.index("<td>2</td>") < page.index("<td>1</td>")
    assert "<td>2</td>" not in editor.get(f"{path}?count").content.decode()


# On the web


def test_the_list_of_versions_has_each_of_them_word_for_word(client, campaign):
    new_version(campaign)
    new_version(campaign, Change.TYPO, text(en="A comma."), en="Go on!", de="Weiter!")
    campaigns.revise_appeal(campaign.appeal)

    page = client.get("/en/peace/versions/").content.decode()

    parts = [
        "Version 3", "A correction: earlier signatures stand for this text, too.", "A comma.",
        "Stop!", "Talk!", "Help!", "Go on!",
        "Version 2", "Another text: earlier signatories are asked again.",
        "The third demand is new.", "Stop!", "Talk!", "Help!",
        "Version 1", "The first version.", "Stop!", "Talk!", "</main>",
    ]  # fmt: skip
    place = 0
    for part in parts:
        assert part in page[place:], part
        place = page.index(part, place)
    assert page.count("Go on!") == 1
    assert page.count("Help!") == 2
    assert "Version 4" not in page
    german = client.get("/de/peace/versions/").content.decode()
    assert "Neu ist die dritte Forderung." in german
    assert '<div lang="en"><p>A comma.</p></div>' in german


def test_the_appeal_leads_to_its_versions_once_there_are_several(client, campaign):
    assert "/en/peace/versions/" not in client.get("/en/peace/").content.decode()
    appeal = campaigns.revise_appeal(campaign.appeal)
    assert "/en/peace/versions/" not in client.get("/en/peace/").content.decode()
    campaigns.publish_appeal(appeal, Change.TYPO, NOTE)
    assert 'href="/en/peace/versions/"' in client.get("/en/peace/").content.decode()


def test_the_versions_of_a_draft_are_nobodys_business(client, db):
    make_campaign(status="draft")

    assert client.get("/en/peace/versions/").status_code == 404


# Signing the new text, too


def test_after_another_text_the_own_page_shows_it_and_one_press_signs_it(client, campaign):
    signature, path = own_page(client, campaign)
    before = tally.read(campaign)
    second = new_version(campaign)
    page = client.get(path).content.decode()

    for part in ("You signed version 1.", "The third demand is new.", "Help!", "goes on counting"):
        assert part in page
    answer = press(client, path, action="renew", version="2")

    assert (answer.status_code, answer["Location"]) == (303, path)
    signature.refresh_from_db()
    assert signature.appeal == second
    assert tally.read(campaign) == before
    page = client.get(path).content.decode()
    assert "The text has changed" not in page
    assert "<dd>2</dd>" in page


def test_looking_at_the_new_text_signs_nothing_and_every_signature_goes_on_counting(
    client, campaign
):
    signature, path = own_page(client, campaign)
    new_version(campaign)
    client.get(path)

    signature.refresh_from_db()
    assert signature.appeal.version == 1
    assert tally.read(campaign).total == campaign.signatures.counted().count() == 1


def test_after_a_correction_nobody_is_asked_and_the_own_page_says_so(client, campaign):
    signature, path = own_page(client, campaign)
    second = new_version(campaign, Change.TYPO)
    page = client.get(path).content.decode()

    assert "your signature stands for the corrected text, too" in page
    assert 'value="renew"' not in page
    assert not lifecycle.renew(signature, second)
    press(client, path, action="renew", version="2")
    assert lifecycle.ask_all_again() == 0
    signature.refresh_from_db()
    assert signature.appeal.version == 1


def test_who_signed_another_text_stands_for_its_corrections(client, campaign):
    second = new_version(campaign)
    signature, _path = own_page(client, campaign)
    new_version(campaign, Change.TYPO)

    assert signature.appeal == second
    assert not signature.appeal.is_outdated
    assert lifecycle.ask_all_again() == 0


def test_a_correction_on_top_of_another_text_still_asks_and_the_newest_is_signed(client, campaign):
    signature, path = own_page(client, campaign)
    new_version(campaign)
    third = new_version(campaign, Change.TYPO, text(en="A comma."))
    page = client.get(path).content.decode()

    assert page.index("The third demand is new.") < page.index("A comma.")
    press(client, path, action="renew", version="3")
    signature.refresh_from_db()
    assert signature.appeal == third


@pytest.mark.parametrize("version", ["1", "3", "", "two", "9" * 30])
def test_only_the_version_that_was_shown_is_signed(client, campaign, version):
    signature, path = own_page(client, campaign)
    new_version(campaign)

    assert press(client, path, action="renew", version=version).status_code == 303
    signature.refresh_from_db()
    assert signature.appeal.version == 1


@pytest.mark.parametrize("stop", [campaigns.pause, campaigns.close])
def test_while_nobody_can_sign_nobody_signs_the_new_text_either(client, campaign, stop):
    signature, path = own_page(client, campaign)
    second = new_version(campaign)
    stop(campaign)
    page = client.get(path).content.decode()

    assert "This version cannot be signed at the moment." in page
    assert 'value="renew"' not in page
    press(client, path, action="renew", version="2")
    signature.refresh_from_db()
    assert signature.appeal.version == 1
    assert not lifecycle.renew(signature, second)
    assert lifecycle.ask_all_again() == 0


def test_a_pending_signature_is_not_renewed_before_it_is_confirmed(client, campaign):
    signature = sign(client, campaign)

    assert not lifecycle.renew(signature, new_version(campaign))


def test_an_organisation_signs_the_new_text_too(client, campaign):
    form = organisation(email="olga@example.org", updates="on")
    signature = confirmed(client, campaign, form)
    second = new_version(campaign)
    lifecycle.ask_all_again()
    path = links(read_mails()[-1])["manage"]
    press(client, path, action="renew", version="2")

    signature.refresh_from_db()
    assert signature.appeal == second


# The mail about it


def test_whoever_gets_news_is_told_once_in_the_own_language(client, campaign):
    signature, _path = own_page(client, campaign)
    Signature.objects.update(language="de")
    confirmed(client, campaign)  # wants no news
    sign(client, campaign, updates="on")  # has not confirmed
    read_mails()
    new_version(campaign)

    assert lifecycle.ask_all_again() == 1
    assert lifecycle.ask_all_again() == 0
    (message,) = read_mails()
    assert message.to == ["sam@example.org"]
    path = links(message)["manage"]
    assert path.startswith("/de/")
    assert press(client, path, action="renew", version="2").status_code == 303
    signature.refresh_from_db()
    assert signature.appeal.version == 2


@pytest.mark.parametrize("language", TELLING)
def test_the_mail_names_nobody_and_does_not_tell_what_it_is_about(client, campaign, language):
    own_page(client, campaign, name="Sam Canary")
    Signature.objects.update(language=language)
    new_version(campaign)
    lifecycle.ask_all_again()
    (message,) = read_mails()

    html, _type = message.alternatives[0]
    for words in (message.subject, message.body, html):
        for telling in ["canary", "peace now", "stop!", "help!", *TELLING[language]]:
            assert telling not in words.lower(), telling
    assert message.body.count("http") == 1


def test_every_next_text_asks_again(client, campaign):
    own_page(client, campaign)
    new_version(campaign)
    assert lifecycle.ask_all_again() == 1
    new_version(campaign)
    assert lifecycle.ask_all_again() == 1
    assert lifecycle.ask_all_again() == 0


def test_nobody_is_told_who_is_held_or_stopped_the_news_or_left_meanwhile(client, campaign, mo):
    held = confirmed(client, campaign, updates="on")
    lifecycle.hold(held, mo, "Odd.")
    stopping, leaving, renewing_ = (confirmed(client, campaign, updates="on") for _ in range(3))
    second = new_version(campaign)

    assert lifecycle.ask_all_again() == 3
    lifecycle.stop_updates(stopping)
    lifecycle.withdraw(leaving)
    lifecycle.renew(renewing_, second)
    assert read_mails() == []
    lifecycle.release(held, mo)
    assert lifecycle.ask_all_again() == 1


def test_who_confirms_the_old_text_late_and_after_a_reminder_is_told_too(client, campaign, clock):
    signature = sign(client, campaign, updates="on")
    (message,) = read_mails()
    new_version(campaign)
    clock.shift(lifecycle.REMINDED_AFTER)
    assert (lifecycle.remind(), lifecycle.ask_all_again()) == (1, 0)
    clock.shift(60)
    press(client, links(message)["confirm"])

    assert (lifecycle.ask_all_again(), lifecycle.ask_all_again()) == (1, 0)
    assert renewals() == [signature]


def test_it_goes_on_where_it_was_interrupted_and_tells_nobody_twice(client, campaign, monkeypatch):
    everybody = [confirmed(client, campaign, updates="on") for _ in range(5)]
    new_version(campaign)
    monkeypatch.setattr(renewing, "BATCH", 2)
    monkeypatch.setattr(renewing, "BATCHES", 1)

    assert lifecycle.ask_again(campaign) == 2
    assert renewals() == everybody[:2]
    assert [lifecycle.ask_again(campaign) for _ in range(3)] == [2, 1, 0]
    assert renewals() == everybody


def test_a_crash_between_mail_and_note_leaves_neither(client, campaign, monkeypatch):
    confirmed(client, campaign, updates="on")
    new_version(campaign)

    def crash(signature):
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(renewing.emails, "ask_again", crash)
        with pytest.raises(RuntimeError):
            lifecycle.ask_again(campaign)
    assert lifecycle.ask_again(campaign) == 1


def test_the_sender_tells_people_by_itself_after_what_is_more_urgent(client, campaign):
    own_page(client, campaign)
    new_version(campaign)
    call_command("send_outbox", once=True)

    assert OutboxMail.objects.get(kind="renew").sent_at is not None
    urgent = OutboxMail.objects.filter(kind="confirm").first()
    assert urgent.precedence < OutboxMail.objects.get(kind="renew").precedence


def test_other_campaigns_are_left_alone(client, campaign):
    other = make_campaign("bread")
    confirmed(client, other, updates="on")
    confirmed(client, campaign, updates="on")
    new_version(campaign)

    assert lifecycle.ask_all_again() == 1
    assert [signature.campaign for signature in renewals()] == [campaign]
    assert Campaign.objects.count() == 2
