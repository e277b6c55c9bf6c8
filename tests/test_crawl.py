"""A robot follows every link of a site in use, in every language: what does it learn?"""

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import pypdfium2
import pytest
from django.conf import settings as site_settings
from django.contrib.staticfiles import finders
from django.core.management.color import no_style
from django.db import connection
from django.urls import resolve
from django.utils import translation

from campaigns import lifecycle as campaigns
from campaigns.models import Appeal, Call, Campaign, EarlierAppeal, Organiser
from signatures import lifecycle
from signatures.models import OutboxMail, Signature, Token
from tests.factories import (
    approved,
    confirmed,
    make_campaign,
    make_update,
    organisation,
    sealed,
    sign,
    text,
    translate,
)
from tests.pages import Page, Visitor
from tests.routes import ROUTES

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LANGUAGES = [code for code, _name in site_settings.LANGUAGES]
SITE = "http://testserver"
SECURITY = "/.well-known/security.txt"
SHARED_AT = {
    "t.me", "wa.me", "share.joinmastodon.org", "bsky.app", "www.facebook.com", "x.com",
}  # fmt: skip
PICTURES = (".svg", ".png")
ORGANISERS_SITE = "https://wri.example"
AWAY = "https://www.wikipedia.org/"  # for somebody who is watched while reading
CONTACT = "contact@peace.example"
# Rows are numbered from here on, so that a number of a row is known when it is seen.
FIRST_ROW = 987_650_000
ROW = re.compile(r"98765\d{4}")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|%40")
NETWORK = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,}\b")
MOMENT = re.compile(r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}")
SEEN_AT = datetime(2027, 2, 3, 21, 43, tzinfo=UTC)
# Nobody's: when the robot counts and news are published, and when the signatures are handed in.
PUBLIC_MOMENTS = {"21:43", "2027-02-03", "00:00", "11:00"}
EXPIRES = {"2028-02-03", "00:00"}  # of the note about whom to tell of a weakness
LISTED = {"Shown Person", "Shown Action", *(f"Person {number}" for number in "ABC")}
UNLISTED = {
    "Handin Person", "Pending Person", "Hidden Person", "Held Person", "Contact Person",
    "Waiting Action", "Refused Action", "Spoken Person", "Secretville", "Whispered comment",
    "qanary@example.org",
}  # fmt: skip


@dataclass
class Crawl:
    """What a robot has seen: pages by address, and what links lead away."""

    pages: dict[str, Page] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    dead: dict[str, int] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    cookies: dict = field(default_factory=dict)


@pytest.fixture
def site(client, mo, clock, settings):
    """Campaigns in each state, signatures in each state, and whatever they have told us."""
    settings.DEFAULT_FROM_EMAIL = settings.REPLY_TO = CONTACT
    settings.SIGNS_PER_NETWORK = 1_000_000
    when = datetime(2027, 5, 15, 11, tzinfo=UTC)
    campaign = make_campaign(pk=FIRST_ROW, hand_in_at=when, hand_in_place=text(en="Brussels"))
    for number, status in enumerate(("paused", "closed", "handed_in"), start=1):
        make_campaign(status.replace("_", "-"), status, pk=FIRST_ROW + number)
    make_campaign("unborn", "draft", pk=FIRST_ROW + 9, title=text(en="Unborn appeal"))
    Organiser.objects.update(website=ORGANISERS_SITE)
    letter = {"title": text(en="Sign with us"), "body": text(en="Now.\n\nPlease.")}
    Call.objects.create(organiser=campaign.organisers.get(), **letter)
    EarlierAppeal.objects.create(campaign=campaign, title=text(en="Appeal of June"))
    count_rows_from(FIRST_ROW, campaign)
    translate(campaign)
    corrected = campaigns.revise_appeal(campaign.appeal)
    campaigns.publish_appeal(corrected, Appeal.Change.TYPO, text(en="A comma."))
    seed(client, campaign, mo, clock)
    clock.move_to(SEEN_AT, tick=False)
    make_update(campaign, body=text(en="On Monday.", de="Am Montag."))
    make_update(campaign, published=False, title=text(en="Unborn news"))
    return campaign


def count_rows_from(number, campaign):
    row = Signature(
        pk=number, campaign=campaign, appeal=campaign.appeal, kind="individual",
        visibility="count", country="DE", signed_at=SEEN_AT,
    )  # fmt: skip
    row.save(force_insert=True)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [Signature]):
            cursor.execute(statement)
    row.delete()


def seed(client, campaign, mo, clock):
    def later(signed=confirmed, *, form=None, **fields):
        clock.shift(timedelta(hours=1, minutes=7, seconds=13))
        return signed(client, campaign, form, **fields)

    later(name="Shown Person", city="Secretville", comment="Whispered comment")
    for letter in "ABC":
        later(name=f"Person {letter}", country="FR")
    later(name="Handin Person", visibility="handin", updates="on", email="qanary@example.org")
    spoken = {"comment": "Spoken comment", "quote": "on"}
    lifecycle.approve_comment(later(name="Spoken Person", visibility="handin", **spoken), mo)
    later(visibility="count")
    later(sign, name="Pending Person")
    lifecycle.hide(later(name="Hidden Person"), mo, "unprintable insult")
    lifecycle.hold(later(name="Held Person"), mo, "grave doubt")
    lifecycle.withdraw(later(name="Withdrawn Person"))
    lifecycle.correct(later(name="Renamed Person"), name="", visibility="count")
    approved(client, campaign, mo, organisation="Shown Action", name="Contact Person", role="Chief")
    later(form=organisation(organisation="Waiting Action"))
    lifecycle.refuse(later(form=organisation(organisation="Refused Action")), mo, "not genuine")
    sealed(campaign, mo)


def known_secrets() -> set[str]:
    """Everything in the database that is nobody's business."""
    rows = Signature.objects.all()
    told = {value for row in rows for value in (row.address_hash, row.email, row.city, row.role)}
    told |= {name for row in rows for name in (row.listed_name, row.name)}
    told |= {row.comment for row in rows} | {row.held_reason for row in rows}
    told |= {value for token in Token.objects.all() for value in (token.digest, token.code_digest)}
    told |= {mail.message_id for mail in OutboxMail.objects.all()}
    told |= {
        "unprintable insult",
        "not genuine",
        "Unborn appeal",
        "unborn",
        "Unborn news",
        "qanary",
    }
    told |= {"Renamed Person", "Withdrawn Person"}
    return {value for value in told - LISTED - {"Spoken comment"} if value}


def crawl(language) -> Crawl:
    robot, seen = Visitor(headers={"accept-language": language}), Crawl()
    robot.raise_request_exception = False
    asked, waiting = set(), deque(["/", "/robots.txt", SECURITY])
    public = Campaign.objects.public().values_list("slug", flat=True)
    waiting += ["/sitemap.xml", "/api/v1/openapi.json", "/api/v1/campaigns/"]
    waiting += [f"/api/v1/campaigns/{slug}/" for slug in public]
    waiting += [f"/api/v1/campaigns/{slug}/organisations/" for slug in public]
    waiting += [f"/social/{slug}/{language}.png" for slug in public]
    # Where people come to after they have done something.
    waiting += [
        f"/{language}/{slug}/{page}/"
        for slug in public
        for page in ("thanks", "denied", "withdrawn")
    ]
    # A partner sends the address of its letter round; no page of ours does.
    calls = Call.objects.values_list("organiser__campaign__slug", "organiser__code")
    waiting += [f"/{language}/{slug}/call/{code}/" for slug, code in calls]
    while waiting:
        address = waiting.popleft()
        if address in asked:
            continue
        asked.add(address)
        answer = robot.get(address)
        seen.bodies[address] = f"{answer.headers}\n{words_of(answer)}"
        if answer.status_code in {301, 302}:
            waiting.append(answer["Location"])
        elif answer.status_code != 200:
            seen.dead[address] = answer.status_code
        elif answer["Content-Type"].startswith("text/html"):
            page = seen.pages[address] = Page(answer.content.decode(), choices=True)
            here, elsewhere = follow(address, page)
            waiting += sorted(here)
            seen.away |= elsewhere
    seen.cookies = dict(robot.cookies)
    return seen


def words_of(answer) -> str:
    if answer.get("Content-Type") == "image/png":
        return ""
    if answer.get("Content-Type") != "application/pdf":
        return answer.content.decode()
    pages = pypdfium2.PdfDocument(answer.content)
    return "\n".join(page.get_textpage().get_text_range() for page in pages)


def follow(address, page) -> tuple[set[str], set[str]]:
    """The addresses on this site that a page leads to, and those on others."""
    found = {urljoin(f"{SITE}{address}", link) for link in page.links}
    found |= {urljoin(f"{SITE}{address}", f"?{query}") for query in queries(page)}
    here = {urldefrag(link).url.removeprefix(SITE) for link in found if is_here(link)}
    posts = {urljoin(address, path) for path in page.all("form", "action")}
    return here - posts, {link for link in found if not is_here(link)}


def is_here(link: str) -> bool:
    return link.startswith(f"{SITE}/") and not link.startswith(f"{SITE}/static/")


def queries(page) -> set[str]:
    """What the forms that search can ask, with each choice that matters."""
    if "get" not in page.all("form", "method"):
        return set()
    fixed = {name: value for name, value in page.fields.items() if name in {"kind", "q"}}
    choices = set(page.all("option", "value")) & {"", "AD", "DE", "FR", "ZW"}
    return {urlencode({**fixed, "country": country}) for country in choices} | {
        urlencode({**fixed, "q": "action"}) if "q" in fixed else ""
    }


def names_contact(address) -> bool:
    return "/privacy/" in address or "/paper.pdf" in address


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_robot_finds_every_page_and_learns_nothing_that_is_not_meant_for_it(site, language):
    secrets = known_secrets()
    assert secrets >= UNLISTED
    seen = crawl(language)

    assert seen.dead == {}
    assert seen.cookies == {}
    assert len(seen.pages) > 60
    for address, body in seen.bodies.items():
        for secret in secrets:
            assert secret not in body, (address, secret)
        known = "/privacy/" in address or address == SECURITY or names_contact(address)
        named = {found.rstrip(".") for found in ADDRESS.findall(body)}
        assert named <= ({CONTACT} if known else set()), address
        assert not NETWORK.findall(body), address
        assert not ROW.findall(body), address
        expected = PUBLIC_MOMENTS | (EXPIRES if address == SECURITY else set())
        assert set(MOMENT.findall(body)) <= expected, address
    names = {name for page in seen.pages.values() for name in page.names}
    assert names >= LISTED


@pytest.mark.embedded
@pytest.mark.parametrize("language", ["en", "de", "fr", "el", "be"])
def test_every_page_is_whole_and_leads_only_where_it_should(site, language):
    seen = crawl(language)

    for link in seen.away:
        host = urlsplit(link).hostname
        assert link.startswith(f"{SITE}/static/") or is_allowed(link, host), link
    for address, page in seen.pages.items():
        code = address.split("lang=")[-1] if "/embed/" in address else address.split("/")[1]
        assert page.all("html", "lang") == [code], address
        assert page.all("html", "dir") == ["ltr"], address
        assert [tag for tag, _attributes in page.elements].count("h1") == 1, address
        assert [tag for tag, _attributes in page.elements].count("title") == 1, address
        assert page.title.strip(), address
        named = page.ids
        assert len(named) == len(set(named)), address
        for link in page.links:
            assert not link.startswith("#") or link[1:] in named, (address, link)
        for asset in page.assets:
            if asset.partition("?")[0].endswith(PICTURES) and not asset.startswith("/static/"):
                assert asset in seen.bodies, (address, asset)
                continue
            assert asset.startswith("/static/"), (address, asset)
            assert finders.find(asset.removeprefix("/static/")), asset


def is_allowed(link: str, host: str | None) -> bool:
    """To share with others, to an organiser, away, or a mail to nobody yet or to us."""
    if link.startswith("mailto:"):
        return link.startswith("mailto:?") or link == f"mailto:{CONTACT}"
    return link.startswith("https://") and (host in SHARED_AT or link in {ORGANISERS_SITE, AWAY})


def test_the_robot_has_been_on_every_public_page(site):
    paths = {urlsplit(address).path for address in crawl("en").bodies}
    ours = {path for path in paths if path.split("/")[1] not in {*LANGUAGES} - {"en"}}
    with translation.override("en"):
        found = {resolve(path).route for path in ours}

    public = {name for name, route in ROUTES.items() if route.cache in {"public", "figures"}}
    assert public <= found
