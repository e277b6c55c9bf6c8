"""The public figures as JSON, for other sites and the press."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import listing, tally, throttle
from signatures.models import Kind, Signature
from signatures.openness import readable

DOCUMENT = Path(__file__).with_name("openapi.json")
RETRY_AFTER = 60  # seconds


@readable
@require_safe
@cache_control(public=True, max_age=60)
def campaigns(request):
    """All campaigns that visitors may see, the newest first."""
    shown = list(Campaign.objects.public().order_by("-created_at", "-pk"))
    totals = tally.read_all(shown)
    return JsonResponse({"campaigns": [entry(campaign, totals[campaign.pk]) for campaign in shown]})


@readable
@require_safe
@cache_control(public=True, max_age=30)
def campaign(request, slug):
    """One campaign, with at least `slug status total people organisations paper goal`."""
    shown = get_object_or_404(Campaign.objects.public(), slug=slug)
    return JsonResponse(entry(shown, tally.read(shown)))


@readable
@require_safe
@cache_control(public=True, max_age=60)
def organisations(request, slug):
    """At most fifty: the first signatories, then the newest; `next` leads to the others."""
    shown = get_object_or_404(Campaign.objects.public(), slug=slug)
    if throttle.over_limit(request, "list"):
        return _too_many()
    rows = Signature.objects.listed().filter(campaign=shown, kind=Kind.ORGANISATION)
    try:
        first, others, following = listing.organisations(
            rows, shown.pk, request.GET.get("after", "")
        )
    except listing.BadCursor:
        raise Http404 from None
    listed = [_organisation(signature) for signature in (*first, *others)]
    answer = {"organisations": listed, "next": _next(slug, following) if following else None}
    return JsonResponse(answer)


def _organisation(signature: Signature) -> dict:
    """`name` as it was signed, `names` in other languages, `pinned` a place among the first."""
    others = signature.organisation_names.data if signature.organisation_names else None
    return {
        "name": signature.organisation,
        "names": others if isinstance(others, dict) else {},
        "country": signature.country,
        "website": signature.website,
        "type": signature.organisation_type,
        "pinned": signature.pinned,
    }


def _next(slug: str, following: str) -> str:
    path = reverse("api_organisations", args=[slug])
    return urljoin(settings.SITE_URL, f"{path}?{urlencode({'after': following})}")


def _too_many():
    headers = {"Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
    return JsonResponse({"error": "too many requests"}, status=429, headers=headers)


@readable
@require_safe
@cache_control(public=True, max_age=60)
def openapi(request):
    """What this interface offers, for programs that ask."""
    return JsonResponse({**document(), "servers": [{"url": settings.SITE_URL}]})


@lru_cache
def document() -> dict[str, Any]:
    return json.loads(DOCUMENT.read_text())


def entry(campaign: Campaign, totals: tally.Totals) -> dict[str, Any]:
    return {
        "slug": campaign.slug,
        "status": campaign.status,
        "title": texts(campaign.title),
        "url": {code: address(campaign, code) for code, _name in settings.LANGUAGES},
        "total": totals.total,
        "people": totals.people,
        "organisations": totals.organisations,
        "paper": totals.paper,
        "goal": totals.goal,
    }


def texts(text) -> dict[str, str]:
    """The languages that a text has, by their codes."""
    data = text.data if isinstance(text.data, dict) else {settings.LANGUAGE_CODE: text.data}
    return {code: words for code, words in data.items() if words}


def address(campaign: Campaign, language: str) -> str:
    with override(language):
        return settings.SITE_URL + reverse("signatures:appeal", args=[campaign.slug])
