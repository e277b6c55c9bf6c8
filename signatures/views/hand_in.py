"""What was sealed and handed in, and how anybody can check it."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import hand_in as sealed


@require_safe
@cache_control(public=True, max_age=60)
def hand_in(request, slug):
    """All sealed lists with their totals and digests; no name, no line, no leaf."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    lists = [(each, sealed.taken_back(each)) for each in sealed.public(campaign)]
    context = {"campaign": campaign, "lists": lists, "how": sealed.how()}
    return render(request, "signatures/hand_in.html", context)
