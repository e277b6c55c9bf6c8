"""Where others are told of an appeal: plain links to other services, which say nothing of anybody.

They hold the address of the appeal and its title. Who presses one is known to that service alone.
"""

from dataclasses import dataclass
from urllib.parse import quote

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Campaign, Organiser


@dataclass(frozen=True)
class Way:
    """A service to share with, and the link that opens it with a text to be sent."""

    name: str
    url: str


def ways(address: str, title: str) -> list[Way]:
    text, link, both = quote(title, ""), quote(address, ""), quote(f"{title} {address}", "")
    return [
        Way(_("E-mail"), f"mailto:?subject={text}&body={both}"),
        Way("WhatsApp", f"https://wa.me/?text={both}"),
        Way("Telegram", f"https://t.me/share/url?url={link}&text={text}"),
        # It asks for the server; what stands behind the # stays in the browser.
        Way("Mastodon", f"https://share.joinmastodon.org/#text={both}"),
        Way("Bluesky", f"https://bsky.app/intent/compose?text={both}"),
        Way("Facebook", f"https://www.facebook.com/sharer/sharer.php?u={link}"),
        Way("X", f"https://x.com/intent/post?url={link}&text={text}"),
    ]


def organiser_of(campaign: Campaign, code: str) -> Organiser | None:
    """The organiser with a letter of its own; a code that is nobody's does no harm."""
    calls = campaign.organisers.filter(code=code[:40], call__isnull=False) if code else []
    return next(iter(calls), None)


def path(campaign: Campaign, organiser: Organiser | None = None) -> str:
    """Where people sign, in the language of the page."""
    if organiser is None:
        return reverse("signatures:appeal", args=[campaign.slug])
    return reverse("signatures:call", args=[campaign.slug, organiser.code])


def context(campaign: Campaign, organiser: Organiser | None = None) -> dict:
    """What `_share.html` needs."""
    where = path(campaign, organiser)
    address = f"{settings.SITE_URL}{where}"
    title = str(campaign.title)
    return {
        "share_path": where,
        "share_link": address,
        "share_text": f"{title}\n{address}",
        "share_title": title,
        "ways": ways(address, title),
    }
