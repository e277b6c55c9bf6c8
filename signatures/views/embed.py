"""What other sites show of a campaign: a frame, the count as a picture, a card, and oEmbed.

None of these addresses has a language in its path, so they never follow the visitor's browser: a
picture that is cached for one is seen by all.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import badge as badges
from signatures import card as cards
from signatures import tally
from signatures.openness import framed, readable
from signatures.views.share import SVG

WIDTH, HEIGHT = 480, 360  # of the frame, where the other site leaves it to us
PAGES = {"appeal", "call", "share", "sign", "statistics"}  # that stand for a campaign


@framed
@require_safe
@cache_control(public=True, max_age=60)
def embed(request, slug):
    """The count and the way to the appeal; the only page that may be framed."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    code = known(request.GET.get("lang", ""))
    with override(code):
        context = {"campaign": campaign, "totals": tally.read(campaign)}
        response = render(request, "signatures/embed.html", context)
    response["Content-Language"] = code
    return response


@readable
@require_safe
@cache_control(public=True, max_age=60)
def badge(request, slug):
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    with override(known(request.GET.get("lang", ""))):
        context = badges.context(campaign, tally.read(campaign))
        return render(request, "signatures/badge.svg", context, content_type=SVG)


@readable
@require_safe
@cache_control(public=True, max_age=60)
def card(request, slug, lang):
    """What messengers and networks show of a link to the appeal."""
    if lang not in dict(settings.LANGUAGES):
        raise Http404
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    with override(lang):
        picture = cards.picture(campaign, tally.read(campaign).total)
    return HttpResponse(picture, content_type="image/png")


@readable
@require_safe
@cache_control(public=True, max_age=60)
def oembed(request):
    """For sites that turn a link to an appeal into its frame (oembed.com)."""
    if request.GET.get("format", "json") != "json":
        return HttpResponse("json only", status=501, content_type="text/plain; charset=utf-8")
    if "url" not in request.GET:
        raise BadRequest("No url")
    slug, code = campaign_at(request.GET["url"])
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    width, height = (size(request.GET, *side) for side in (("width", WIDTH), ("height", HEIGHT)))
    with override(code):
        answer = description(request, campaign, code, width, height)
    return JsonResponse(answer)


def known(code: str) -> str:
    """A language of this site; another site's page is no place to complain about a wrong one."""
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def campaign_at(url: str) -> tuple[str, str]:
    """The campaign and the language of a page of ours."""
    if not url.startswith(f"{settings.SITE_URL}/"):
        raise Http404
    path = urlsplit(url).path
    code = path.split("/")[1]
    if code not in dict(settings.LANGUAGES):
        raise Http404
    with override(code):
        try:
            found = resolve(path)
        except Resolver404:
            raise Http404 from None
    if found.namespace != "signatures" or found.url_name not in PAGES:
        raise Http404
    return found.kwargs["slug"], code


def size(query, side: str, ours: int) -> int:
    """Ours, unless the other site has less room."""
    most = query.get(f"max{side}", "")
    return min(ours, int(most)) if most.isascii() and most.isdecimal() and int(most[:6]) else ours


def description(request, campaign, code, width, height) -> dict:
    frame = {
        "address": f"{settings.SITE_URL}{reverse('embed', args=[campaign.slug])}?lang={code}",
        "title": campaign.title,
        "width": width,
        "height": height,
    }
    return {
        "version": "1.0",
        "type": "rich",
        "title": str(campaign.title),
        "provider_name": urlsplit(settings.SITE_URL).hostname,
        "provider_url": f"{settings.SITE_URL}/{code}/",
        "cache_age": 60,
        "thumbnail_url": settings.SITE_URL + reverse("card", args=[campaign.slug, code]),
        "thumbnail_width": cards.WIDTH,
        "thumbnail_height": cards.HEIGHT,
        "html": render(request, "signatures/frame.html", frame).content.decode().strip(),
        "width": width,
        "height": height,
    }
