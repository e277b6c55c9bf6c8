"""What a mail carries: who it is from, what it says and, above all, what it does not say."""

import email.policy
import re
from datetime import UTC, timedelta
from email import message_from_bytes
from html.parser import HTMLParser

import pytest
from babel import Locale
from django.conf import settings as site
from django.core.management import call_command
from django.utils.timezone import now

from signatures import lifecycle
from tests.factories import links, organisation, person, post, press, read_mails, sign
from tests.test_languages import TELLING

pytestmark = pytest.mark.django_db

LANGUAGES = [language for language, _name in site.LANGUAGES]
LINK = re.compile(r"http[A-Za-z0-9_/:.-]{1,190}")
COUNTRIES = ("RU", "BY", "UA")
LOADS = {"src", "background", "poster", "srcset", "data", "cite"}


@pytest.fixture
def mails(client, campaign, clock, request):
    """One of each kind, in the language of the test."""
    language = getattr(request, "param", "en")
    form = person(email="sam@example.org")
    post(client, campaign, form, language)
    (confirm,) = read_mails()
    clock.shift(timedelta(days=2))
    lifecycle.remind()
    (reminder,) = read_mails()
    press(client, links(confirm)["confirm"])
    post(client, campaign, form, language)
    (own_page,) = read_mails()
    return [confirm, reminder, own_page]


in_every_language = pytest.mark.parametrize("mails", LANGUAGES, indirect=True)


def parsed(message):
    return message_from_bytes(message.message().as_bytes(), policy=email.policy.default)


def parts(message) -> tuple[str, str]:
    """Text and HTML, as a mail program finds them."""
    text, html = parsed(message).iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content(), html.get_content()


def test_every_header_is_there_and_ours(mails, clock, settings):
    signed_at = now() - timedelta(days=2)
    for message in mails:
        head = parsed(message)
        assert head["From"] == head["Reply-To"] == "no-reply@localhost"
        assert head["To"] == "sam@example.org"
        assert re.fullmatch(r"<[0-9.]+@localhost>", head["Message-ID"])
        assert head["Date"].datetime.astimezone(UTC) in {signed_at, signed_at + timedelta(days=2)}
        assert head["Auto-Submitted"] == "auto-generated"
        assert head["X-Auto-Response-Suppress"] == "All"
        assert set(head.keys()) == {
            "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
            "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
        }  # fmt: skip


def test_answers_bounces_and_the_sender_may_be_three_addresses(client, campaign, settings):
    settings.DEFAULT_FROM_EMAIL = "Our Network <hello@act.example.org>"
    settings.REPLY_TO = "people@example.org"
    settings.BOUNCE_ADDRESS = "bounces@act.example.org"
    sign(client, campaign)
    (message,) = read_mails()
    head = parsed(message)

    assert message.from_email == "bounces@act.example.org"  # the sender in the envelope
    assert head["From"] == "Our Network <hello@act.example.org>"
    assert head["Reply-To"] == "people@example.org"
    assert head["Message-ID"].endswith("@act.example.org>")
    assert "bounces" not in str(head)


@pytest.mark.parametrize(
    ("sender", "warned"),
    [
        ("hello@example.org", False),
        ("hello@act.example.org", False),
        ("Us <hello@mail.example.org>", False),
        ("hello@example.com", True),
    ],
)
def test_a_sender_of_another_domain_than_the_links_is_warned_of(settings, capsys, sender, warned):
    settings.SITE_URL, settings.HTTPS = "https://act.example.org", False
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = sender
    call_command("check", tags=["security"])

    assert ("petition_site.W002" in capsys.readouterr().err) is warned


@in_every_language
def test_text_and_html_are_small_and_say_the_same(mails):
    for message in mails:
        text, html = parts(message)
        assert len(message.message().as_bytes()) <= 30_000
        assert LINK.findall(text) == list(dict.fromkeys(LINK.findall(html)))
        for line in (" ".join(line.split()) for line in text.splitlines() if line.strip()):
            assert line in (html if LINK.fullmatch(line) else words_of(html))


def words_of(html) -> str:
    """What is read, on one line."""
    body = html.partition("<body")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", "<body" + body).replace("&#x27;", "'").split())


@in_every_language
def test_each_link_stands_alone_on_a_line_and_survives_any_mail_program(mails):
    for message in mails:
        text, html = parts(message)
        lines = [line for line in text.splitlines() if "http" in line]
        assert len(lines) == len(links(message)) > 0
        for line in lines:
            assert LINK.fullmatch(line)
            assert len(line) < 200
            assert line.encode() in message.message().as_bytes()
        assert f">{lines[0]}</p>" in html


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@in_every_language
def test_the_html_loads_nothing_and_names_its_language(mails, request):
    language = request.node.callspec.params["mails"]
    for message in mails:
        html = parts(message)[1]
        tags = Tags(html).found
        assert {tag for tag, _attributes in tags} <= {
            "html", "head", "meta", "title", "style", "body", "table", "tr", "td", "p", "a",
            "span", "br",
        }  # fmt: skip
        assert not [name for _tag, names in tags for name in names if name in LOADS]
        assert not re.search(r"url\(|@import|@font-face|http-equiv", html)
        assert tags[0] == ("html", {"lang": language, "dir": "ltr"})


def test_a_language_from_right_to_left_says_so(client, campaign, settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("ar", "العربية")]
    sign(client, campaign)
    campaign.signatures.get().mails.update(language="ar")
    (message,) = read_mails()

    assert '<html lang="ar" dir="rtl">' in parts(message)[1]


@in_every_language
def test_subject_and_text_do_not_tell_what_it_is_about(mails, request):
    language = request.node.callspec.params["mails"]
    territories = Locale.parse(language).territories
    words = TELLING[language] + [territories[code].lower() for code in COUNTRIES]
    for message in mails:
        for text in (message.subject, *parts(message)):
            assert not [word for word in words if word in text.lower()]


def test_no_mail_carries_what_was_typed_or_the_name_of_the_appeal(client, campaign):
    typed = {
        "name": "Canary Name", "city": "Canarytown", "comment": "Canary comment.", "via": "wri",
    }  # fmt: skip
    canaries = {
        "organisation": "Canary Action", "website": "https://canary.example/", "role": "Canarian",
    }  # fmt: skip
    sign(client, campaign, person(**typed))
    sign(client, campaign, organisation(**canaries, name="Canary Contact"))
    mails = read_mails()
    seen = "".join(f"{message.subject} {parts(message)}" for message in mails).lower()

    assert len(mails) == 2
    assert "canar" not in seen
    assert campaign.slug not in seen
    assert str(campaign.title).lower() not in seen


def test_only_news_may_be_unsubscribed_from(mails):
    for message in mails:
        assert not [name for name in message.message() if name.lower().startswith("list-")]
