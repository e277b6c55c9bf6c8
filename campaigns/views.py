from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign


@require_safe
@cache_control(public=True, max_age=60)
def home(request):
    """The campaigns; with exactly one, that one."""
    campaigns = list(Campaign.objects.public().order_by("-created_at"))
    if len(campaigns) == 1:
        return redirect(campaigns[0])
    return render(
        request,
        "campaigns/home.html",
        {
            "running": [campaign for campaign in campaigns if not campaign.has_ended],
            "ended": [campaign for campaign in campaigns if campaign.has_ended],
        },
    )
