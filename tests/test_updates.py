"""Olga writes news in several languages, publishes them, looks at the mail, and has it sent."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail

from campaigns import lifecycle as campaigns
from campaigns import trail
from campaigns.models import AuditEvent, Update
from signatures import emails, mailing, proposals
from signatures.desk import mailings
from signatures.models import Mailing, OutboxMail, Proposal
from tests.desk import make_account
from tests.factories import make_campaign, make_readers, make_update, read_mails, text
from tests.pages import Page

pytestmark = pytest.mark.django_db

LIST = "/admin/campaigns/update/"


@pytest.fixture
def olga(client, campaign):
    user = make_account("olga", "editor")
    client.force_login(user)
    return user


@pytest.fixture
def draft(campaign):
    return make_update(campaign, published=False)


def typed(campaign=None, **texts) -> dict:
    """The form, with `en_title` and so on; the fields of a language are numbered by its place."""
    form = {"campaign": campaign.pk} if campaign else {}
    for number, (code, _name) in enumerate(settings.LANGUAGES):
        for name in ("title", "body"):
            form[f"{name}_{number}"] = texts.get(f"{code}_{name}", "")
    return form


def words(answer) -> str:
    return " ".join(Page(answer.content.decode()).text.split())


def act(client, update, name, **fields):
    return client.post(f"{LIST}{update.pk}/mail/", {"act": name, **fields}, follow=True)


# Writing and publishing


def test_news_are_written_side_by_side_and_published(client, campaign, olga):
    form = typed(
        campaign, en_title="We were heard", en_body="On Monday.\r\n\r\nAt ten.",
        de_title="Wir wurden gehört", de_body="Am Montag.",
    )  # fmt: skip
    client.post(f"{LIST}add/", form)
    update = Update.objects.get()
    assert update.languages == ["en", "de"]
    assert client.get(f"/en/peace/updates/{update.pk}/").status_code == 404

    page = client.post(f"{LIST}{update.pk}/publish/", follow=True)
    assert "Published." in words(page)
    update.refresh_from_db()
    assert update.published_at is not None
    events = AuditEvent.objects.filter(by=olga).order_by("number")
    assert [event.verb for event in events] == ["add", "publish update"]
    assert trail.first_break() is None


@pytest.mark.parametrize(
    ("texts", "missing"),
    [
        ({"de_title": "Neues", "de_body": "Hier."}, "English"),
        ({"en_title": "News", "en_body": "Here.", "de_title": "Neues"}, "Deutsch"),
        ({"en_title": "News", "en_body": "Here.", "uk_body": "Тут."}, "Українська"),
        ({"en_title": "News"}, "English"),
    ],
)
def test_what_has_gaps_is_kept_and_not_published(client, campaign, olga, texts, missing):
    texts = {f"{name}": words for name, words in texts.items()}
    by_name = {"title": {}, "body": {}}
    for name, value in texts.items():
        code, field = name.split("_")
        by_name[field][code] = value
    update = make_update(
        campaign, published=False, title=text(**by_name["title"]), body=text(**by_name["body"])
    )

    page = client.post(f"{LIST}{update.pk}/publish/", follow=True)
    assert f"Look at: {missing}." in words(page)
    assert "Publish</button>" not in page.content.decode()
    update.refresh_from_db()
    assert update.published_at is None
    assert not campaigns.publish_update(update)


def test_what_is_published_cannot_get_gaps(client, campaign, olga):
    update = make_update(campaign)
    page = client.post(f"{LIST}{update.pk}/change/", typed(en_title="News", en_body="Here."))
    assert page.status_code == 302  # German went whole

    page = client.post(
        f"{LIST}{update.pk}/change/", typed(en_title="News", en_body="Here.", de_title="N")
    )
    assert "Look at: Deutsch." in words(page)
    page = client.post(f"{LIST}{update.pk}/change/", typed(de_title="N", de_body="H"))
    assert page.status_code == 200
    update.refresh_from_db()
    assert update.languages == ["en"]


def test_publishing_twice_happens_once_and_looking_does_nothing(client, campaign, olga, draft):
    client.get(f"{LIST}{draft.pk}/publish/")
    draft.refresh_from_db()
    assert draft.published_at is None

    for _ in range(2):
        page = client.post(f"{LIST}{draft.pk}/publish/", follow=True)
    assert "It was published before." in words(page)
    assert AuditEvent.objects.filter(verb="publish update").count() == 1


@pytest.mark.parametrize(
    ("texts", "fault"),
    [
        ({"en_title": "x" * 201, "en_body": "Here."}, "English: Use at most 200 characters."),
        ({"en_title": "N", "en_body": "a\x07b"}, "English: Remove the characters that cannot"),
        ({"de_title": "N\u202eN", "de_body": "b"}, "Deutsch: Remove the invisible characters"),
        ({"en_title": "N", "en_body": "word " * 4000}, "English: too long for a mail."),
        ({"uk_title": "Н", "uk_body": "слово " * 1500}, "Українська: too long for a mail."),
    ],
)
def test_what_cannot_be_shown_or_mailed_is_refused_with_its_language(
    client, campaign, olga, texts, fault
):
    page = client.post(f"{LIST}add/", typed(campaign, **texts))

    assert fault in words(page)
    assert not Update.objects.exists()


def test_the_longest_text_that_is_taken_makes_a_mail_that_arrives_whole(client, campaign, olga):
    body = "\n\n".join(["Це довге речення про те, що сталося в понеділок. " * 8] * 10)
    client.post(f"{LIST}add/", typed(campaign, en_title="N", en_body=body))

    size = len(emails.preview(Update.objects.get(), "en").message().as_bytes())
    assert 15_000 < size <= 30_000


def test_what_has_been_mailed_cannot_be_deleted(client, campaign, olga, mo):
    update, other = make_update(campaign), make_update(campaign)
    mailing.start(update, mo)

    assert client.post(f"{LIST}{update.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{LIST}{other.pk}/delete/", {"post": "yes"}).status_code == 302
    assert list(Update.objects.all()) == [update]


# Reading


def test_news_are_linked_from_the_appeal_and_read_on_their_own_page(client, campaign):
    for number in range(3):
        update = make_update(campaign, title=text(en=f"News {number}"), body=text(en="Here."))
    appeal = client.get("/en/peace/").content.decode()
    assert [name for name in ("News 0", "News 1", "News 2") if name in appeal] == [
        "News 1",
        "News 2",
    ]
    assert 'href="http://testserver/en/peace/updates/feed/"' in appeal

    everything = client.get("/en/peace/updates/")
    assert everything["Cache-Control"] == "public, max-age=60"
    assert re.findall(r"News \d", everything.content.decode()) == ["News 2", "News 1", "News 0"]
    page = client.get(f"/en/peace/updates/{update.pk}/")
    assert page["Cache-Control"] == "public, max-age=60"
    assert not page.cookies
    assert '<h1 lang="en">News 2</h1>' in page.content.decode()


def test_a_page_is_in_its_language_or_in_english_and_says_so(client, campaign):
    update = make_update(campaign)
    german = client.get(f"/de/peace/updates/{update.pk}/").content.decode()
    ukrainian = client.get(f"/uk/peace/updates/{update.pk}/").content.decode()

    assert '<h1 lang="de">Wir wurden gehört</h1>' in german
    assert '<h1 lang="en">We were heard</h1>' in ukrainian
    assert '<div lang="en">' in ukrainian
    for page, canonical in ((german, "de"), (ukrainian, "en")):
        assert set(re.findall(r'rel="alternate" hreflang="(\w+)"', page)) == {"en", "de"}
        address = f"http://testserver/{canonical}/peace/updates/{update.pk}/"
        assert f'<link rel="canonical" href="{address}">' in page


def test_paragraphs_are_kept_links_become_links_and_html_does_not(client, campaign):
    body = "One\r\nline.\r\n\r\n<b>Two</b> https://peace.example/a?b=1&c=2 javascript:alert(1)"
    update = make_update(campaign, body=text(en=body), title=text(en="<i>T</i>"))
    page = client.get(f"/en/peace/updates/{update.pk}/").content.decode()

    assert "<p>One<br>line.</p>" in page
    assert '<a href="https://peace.example/a?b=1&amp;c=2"' in page
    assert "&lt;b&gt;Two&lt;/b&gt;" in page
    assert 'href="javascript' not in page
    assert "<i>" not in page


def test_what_is_not_public_is_not_found(client, campaign, draft):
    other = make_update(make_campaign("bread"))
    secret = make_update(make_campaign("secret", status="draft"))
    for path in (
        f"/en/peace/updates/{draft.pk}/", f"/en/peace/updates/{other.pk}/",
        f"/en/secret/updates/{secret.pk}/", "/en/secret/updates/",
        f"/en/peace/updates/{'9' * 30}/", f"/en/peace/updates/{'9' * 5000}/",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert "We were heard" not in client.get("/en/peace/updates/").content.decode()


# The mail


def test_the_mail_is_shown_as_it_leaves(client, campaign, olga, draft):
    page = client.get(f"{LIST}{draft.pk}/mail/")
    shown = page.content.decode()
    for code in ("en", "de"):
        message = emails.preview(draft, code)
        text_part = Page(shown).text
        assert message.subject in text_part
        assert message.body.strip() in text_part
        letter = client.get(f"{LIST}{draft.pk}/letter/?language={code}")
        assert letter.content.decode() == message.alternatives[0][0]
        assert letter["Content-Security-Policy"].endswith("sandbox")
        assert "script" not in letter["Content-Security-Policy"]
    assert Update.objects.get().published_at is None
    assert not OutboxMail.objects.exists()


def test_who_sends_it_to_himself_gets_it_and_the_address_is_kept_nowhere(
    client, campaign, olga, draft
):
    page = act(client, draft, "try", email="olga@example.org", language="de")
    (message,) = read_mails()

    assert "on its way to you" in words(page)
    assert message.to == ["olga@example.org"]
    assert "Wir wurden gehört" in message.body
    assert message.body == emails.preview(draft, "de").body
    assert OutboxMail.objects.get().recipient == ""
    event = AuditEvent.objects.get(verb="try mail")
    assert event.details == {"campaign": "peace", "language": "de"}
    link = re.search(r"/de/unsubscribe/\S+/", message.body)[0]
    assert client.get(link).status_code == 404


def test_it_can_be_tried_a_few_times_a_day(client, campaign, olga, draft, clock):
    for _ in range(mailing.TRIALS_A_DAY):
        act(client, draft, "try", email="olga@example.org", language="en")
    page = act(client, draft, "try", email="olga@example.org", language="en")
    assert "At most 6 a day." in words(page)
    assert len(read_mails()) == mailing.TRIALS_A_DAY

    clock.shift(timedelta(days=1, seconds=1))
    client.force_login(olga)
    act(client, draft, "try", email="olga@example.org", language="en")
    assert len(read_mails()) == 1


@pytest.mark.parametrize(
    "fields", [{"email": "", "language": "en"}, {"email": "no", "language": "en"},
               {"email": "olga@example.org", "language": "uk"}, {"email": "olga@example.org"}],
)  # fmt: skip
def test_a_wrong_address_or_language_is_said_on_the_page(client, campaign, olga, draft, fields):
    page = client.post(f"{LIST}{draft.pk}/mail/", {"act": "try", **fields})

    assert page.status_code == 422
    assert "errorlist" in page.content.decode()
    assert not OutboxMail.objects.exists()


def test_first_the_number_of_readers_by_language_then_the_mails(client, campaign, olga):
    update = make_update(campaign)
    make_readers(campaign, 3, "de")
    make_readers(campaign, 2, "uk")
    page = client.get(f"{LIST}{update.pk}/mail/").content.decode()
    cells = re.findall(r"<td>([^<]*)</td>", page)
    assert cells == ["Deutsch", "3", "Deutsch", "Українська", "2", "English", "5", ""]
    assert "Mail it to 5 readers" in page
    assert not Mailing.objects.exists()

    assert "on their way" in words(act(client, update, "send"))
    row = Mailing.objects.get()
    assert (row.update, row.by) == (update, olga)
    while mailing.work():
        pass
    assert len(read_mails()) == 5
    assert "(UTC): 5 mails." in words(client.get(f"{LIST}{update.pk}/mail/"))


def test_a_second_press_mails_nothing_again(client, campaign, olga):
    update = make_update(campaign)
    make_readers(campaign, 1)
    act(client, update, "send")
    page = act(client, update, "send")

    assert "Nothing has changed" in words(page)
    assert AuditEvent.objects.filter(verb="mail").count() == 1


def test_to_many_nobody_mails_alone(client, campaign, olga, monkeypatch):
    monkeypatch.setattr(mailings, "ALONE", 3)
    update = make_update(campaign)
    make_readers(campaign, 4)
    page = act(client, update, "send")
    act(client, update, "send")

    assert "Proposed." in words(page)
    assert "Proposed by olga." in words(page)
    proposal = Proposal.objects.get()
    assert (proposal.act, proposal.number, proposal.by) == ("mail", 4, olga)
    assert not Mailing.objects.exists()
    assert not proposals.agree(proposal, olga)
    owner = make_account("otto", "owner")
    assert proposals.agree(proposal, owner)
    assert Mailing.objects.get().by == olga


def test_a_thousand_may_be_mailed_alone():
    assert mailings.ALONE == 1000


@pytest.mark.parametrize("why", ["draft", "nobody"])
def test_without_publishing_or_readers_there_is_nothing_to_send(client, campaign, olga, why):
    update = make_update(campaign, published=why != "draft")
    if why == "draft":
        make_readers(campaign, 1)
    page = words(client.get(f"{LIST}{update.pk}/mail/"))
    act(client, update, "send")

    assert "Mail it" not in page
    assert not Mailing.objects.exists()


def test_the_stop_button_takes_back_what_has_not_left(client, campaign, olga):
    update = make_update(campaign)
    make_readers(campaign, 3)
    act(client, update, "send")
    mailing.work()
    page = act(client, update, "stop")

    assert "Stopped." in words(page)
    assert read_mails() == mail.outbox == []
    assert "stopped after 3 mails" in words(page)
    assert "Nothing has changed" in words(act(client, update, "stop"))


def test_who_edits_texts_and_may_not_mail_sees_no_mail_page(client, campaign, draft):
    client.force_login(make_account("mo", "moderator"))

    for path in ("mail/", "letter/", "publish/", "change/"):
        assert client.get(f"{LIST}{draft.pk}/{path}").status_code == 403
        assert client.post(f"{LIST}{draft.pk}/{path}").status_code in {403, 405}
