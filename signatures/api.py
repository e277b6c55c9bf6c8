"""The public figures as JSON, for other sites and the press."""

from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import listing, tally, throttle
from signatures.models import Kind, Signature

EVERYBODY = {"Access-Control-Allow-Origin": "*"}
RETRY_AFTER = 60  # seconds


@require_safe
@cache_control(public=True, max_age=30)
def campaign(request, slug):
    """`slug status total people organisations paper goal`, readable from every other site."""
    shown = get_object_or_404(Campaign.objects.public(), slug=slug)
    totals = tally.read(shown)
    return JsonResponse(
        {
            "slug": shown.slug,
            "status": shown.status,
            "total": totals.total,
            "people": totals.people,
            "organisations": totals.organisations,
            "paper": totals.paper,
            "goal": totals.goal,
        },
        headers=EVERYBODY,
    )


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
    return JsonResponse(answer, headers=EVERYBODY)


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
    headers = {**EVERYBODY, "Retry-After": RETRY_AFTER, "Cache-Control": "no-store"}
    return JsonResponse({"error": "too many requests"}, status=429, headers=headers)
