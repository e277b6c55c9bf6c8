from django.shortcuts import get_object_or_404, redirect, render
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


@require_safe
@cache_control(public=True, max_age=60)
def updates(request, slug):
    """The news of a campaign, each in the language of the page or in English."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    news = list(campaign.updates.published())
    written = {language for update in news for language in update.languages}
    context = {"campaign": campaign, "updates": news, "written": written}
    return render(request, "campaigns/updates.html", context)


@require_safe
@cache_control(public=True, max_age=60)
def update(request, slug, pk):
    """One piece of news."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    news = get_object_or_404(campaign.updates.published(), pk=pk)
    context = {"campaign": campaign, "update": news, "written": news.languages}
    return render(request, "campaigns/update.html", context)
