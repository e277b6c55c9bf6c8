"""Why people sign: what they let us show, after an organiser has read it."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import listing
from signatures.models import Signature
from signatures.views.limits import limited


@require_safe
@limited("list", methods=("GET", "HEAD"), counts=lambda r: not r.GET or "after" in r.GET)
@cache_control(public=True, max_age=60)
def comments(request, slug):
    """Those that were approved last come first; `after` leads on."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    rows = Signature.objects.quotable().filter(campaign=campaign)
    scope, after = f"{campaign.pk}:comments", request.GET.get("after", "")
    try:
        page, following = listing.page(rows, "comment_approved_at", scope, after)
    except listing.BadCursor:
        raise Http404 from None
    context = {"campaign": campaign, "signatures": page, "next": following}
    response = render(request, "signatures/comments.html", context)
    response["X-Robots-Tag"] = "noindex, noarchive"
    return response
