"""Pages that only say something."""

from django.conf import settings
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import retention


@require_safe
@cache_control(public=True, max_age=60)
def privacy(request):
    """What we hold, why and how long."""
    context = {"table": retention.table(), "contact": settings.REPLY_TO}
    return render(request, "signatures/privacy.html", context)


@require_safe
@cache_control(public=True, max_age=60)
def denied(request, slug):
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    return render(request, "signatures/denied.html", {"campaign": campaign})


@require_safe
@cache_control(public=True, max_age=60)
def withdrawn(request, slug):
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    return render(request, "signatures/withdrawn.html", {"campaign": campaign})
