"""Every address of the site, declared: what it may be asked, and who may keep its answer.

Who adds a route adds a line here, or `test_routes` fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from captcha.models import CaptchaStore
from django.apps import apps
from django.conf import settings
from django.core.serializers.python import Serializer
from django.urls import URLPattern, get_resolver

from campaigns.models import Call, Campaign, EarlierAppeal
from signatures import keys, lifecycle, tokens
from signatures.models import Counter, Signature, Token
from tests.factories import (
    approved,
    confirmed,
    links,
    make_campaign,
    make_update,
    read_mails,
    sign,
    text,
)

READING = ("GET", "HEAD")
PRESSING = ("GET", "HEAD", "POST")
METHODS = (*PRESSING, "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "BREW")


@dataclass(frozen=True)
class Route:
    """`cache` is who may keep the answer: `public` and `figures` (for other sites, too) anybody for
    a minute, `personal`, `health` and `desk` nobody. `address` leads to a page of `Site`.
    `openness` is what the page may do beyond the others: run a `script`, `share`, be a `frame`."""

    cache: str
    address: str
    methods: tuple[str, ...] = READING
    status: int = 200
    openness: str = ""


ROUTES = {
    "": Route("personal", "/", status=302),  # depends on the visitor's browser
    "healthz": Route("health", "/healthz"),
    "readyz": Route("health", "/readyz"),
    "robots.txt": Route("public", "/robots.txt"),
    ".well-known/security.txt": Route("public", "/.well-known/security.txt"),
    "captcha/image/<hash:key>/": Route("personal", "/captcha/image/{question}/"),
    "captcha/audio/<hash:key>.wav": Route(
        "personal",
        "/captcha/audio/{question}.wav",
        status=200 if settings.CAPTCHA_FLITE_PATH else 404,
    ),
    "sitemap.xml": Route("public", "/sitemap.xml"),
    "api/v1/openapi.json": Route("figures", "/api/v1/openapi.json"),
    "api/v1/campaigns/": Route("figures", "/api/v1/campaigns/"),
    "api/v1/campaigns/<code:slug>/": Route("figures", "/api/v1/campaigns/peace/"),
    "api/v1/campaigns/<code:slug>/organisations/": Route(
        "figures", "/api/v1/campaigns/peace/organisations/"
    ),
    "embed/<code:slug>/": Route("public", "/embed/peace/?lang=en", openness="frame"),
    "badge/<code:slug>.svg": Route("figures", "/badge/peace.svg?lang=en"),
    "social/<code:slug>/<code:lang>.png": Route("figures", "/social/peace/en.png"),
    "oembed": Route("figures", "/oembed?url={site}/en/peace/&format=json"),
    "hooks/mail/": Route("personal", "/hooks/mail/", ("POST",), status=405),
    "en/": Route("public", "/en/"),
    "en/privacy/": Route("public", "/en/privacy/"),
    "en/integrity/": Route("public", "/en/integrity/"),
    "en/confirm/<token:token>/": Route("personal", "/en/confirm/{confirm}/", PRESSING),
    r"en/^confirm/(?P<token>[A-Za-z0-9_-]{20,64})/?[.,;:!)>\]\s]+/?$": Route(
        "personal", "/en/confirm/{confirm}.", status=301
    ),
    "en/not-me/<token:token>/": Route("personal", "/en/not-me/{not_me}/", PRESSING),
    "en/manage/<token:token>/": Route("personal", "/en/manage/{manage}/", PRESSING),
    "en/unsubscribe/<token:token>/": Route("personal", "/en/unsubscribe/{unsubscribe}/", PRESSING),
    "en/<code:slug>/updates/": Route("public", "/en/peace/updates/"),
    "en/<code:slug>/updates/feed/": Route("public", "/en/peace/updates/feed/"),
    "en/<code:slug>/updates/<int:pk>/": Route("public", "/en/peace/updates/{update}/"),
    "en/<code:slug>/": Route("public", "/en/peace/", openness="script"),
    "en/<code:slug>/sign/": Route("personal", "/en/peace/sign/", PRESSING),
    "en/<code:slug>/sign/sent/<seal:ticket>/": Route(
        "personal", "/en/peace/sign/sent/{sent}/", PRESSING
    ),
    "en/<code:slug>/thanks/": Route("personal", "/en/peace/thanks/", openness="share"),
    "en/<code:slug>/thanks/<seal:ticket>/": Route(
        "personal", "/en/peace/thanks/{thanks}/", openness="share"
    ),
    "en/<code:slug>/denied/": Route("public", "/en/peace/denied/"),
    "en/<code:slug>/withdrawn/": Route("public", "/en/peace/withdrawn/"),
    "en/<code:slug>/signatories/": Route("public", "/en/peace/signatories/"),
    "en/<code:slug>/versions/": Route("public", "/en/peace/versions/"),
    "en/<code:slug>/comments/": Route("public", "/en/peace/comments/"),
    "en/<code:slug>/earlier/": Route("public", "/en/peace/earlier/"),
    "en/<code:slug>/paper.pdf": Route("personal", "/en/peace/paper.pdf"),
    "en/<code:slug>/hand-in/": Route("public", "/en/peace/hand-in/"),
    "en/<code:slug>/share/": Route("public", "/en/peace/share/", openness="share"),
    "en/<code:slug>/qr.svg": Route("public", "/en/peace/qr.svg"),
    "en/<code:slug>/statistics/": Route("public", "/en/peace/statistics/"),
    "en/<code:slug>/statistics/<code:chart>.svg": Route("public", "/en/peace/statistics/kinds.svg"),
    "en/<code:slug>/call/<code:partner>/": Route(
        "public", "/en/peace/call/wri/", openness="script"
    ),
}
DESK = f"{settings.ADMIN_PATH}/"  # whatever is below is the organisers' desk


@dataclass
class Site:
    """A site in use, and the secrets that its mails and its pages have handed out."""

    campaign: Campaign
    pending: Signature
    signed: Signature
    secrets: dict[str, str]

    def address(self, route: Route) -> str:
        return route.address.format(site=settings.SITE_URL, **self.secrets)


def make_site(client, moderator) -> Site:
    campaign = make_campaign()
    make_campaign("bread", status="closed", title=text(en="Bread for all"))
    letter = {"title": text(en="Sign with us"), "body": text(en="Now.")}
    Call.objects.create(organiser=campaign.organisers.get(), **letter)
    EarlierAppeal.objects.create(campaign=campaign, title=text(en="Appeal of June"))
    approved(client, campaign, moderator)
    signed = confirmed(client, campaign, name="Shown Person", updates="on")
    pending = sign(client, campaign, name="Waiting Person")
    mailed = links(read_mails()[-1])
    token = {name: mailed[name].split("/")[-2] for name in mailed}
    address_hash = lifecycle.address_hash(campaign, "sam@example.org")
    own_page, unsubscribe = tokens.new(), tokens.new()
    tokens.keep_for_managing(signed, own_page)
    Token.objects.create(
        signature=signed, purpose=Token.Purpose.UNSUBSCRIBE, digest=tokens.digest(unsubscribe)
    )
    return Site(
        campaign,
        pending,
        signed,
        {
            "confirm": token["confirm"],
            "not_me": token["not-me"],
            "manage": own_page,
            "unsubscribe": unsubscribe,
            "sent": keys.ticket("sent", "individual", address_hash, "typed"),
            "thanks": keys.ticket("thanks", own_page),
            "question": CaptchaStore.generate_key(),
            "update": str(make_update(campaign).pk),
        },
    )


def walk(patterns=None, prefix="") -> Iterator[str]:
    """All routes of the URLconf, as they are written there."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from walk(pattern.url_patterns, route)


def everything() -> list[dict]:
    """All rows of all tables, but for the counters that slow down abuse."""
    models = [model for model in apps.get_models() if model is not Counter]
    return [row for model in models for row in Serializer().serialize(model.objects.order_by("pk"))]
