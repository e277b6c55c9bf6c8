"""The public figures as JSON, for other sites and the press."""

from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import tally


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
        headers={"Access-Control-Allow-Origin": "*"},
    )
