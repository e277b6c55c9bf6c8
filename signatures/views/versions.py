"""What has changed in the appeal: every version that could be signed, word for word."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Appeal, Campaign


@require_safe
@cache_control(public=True, max_age=60)
def versions(request, slug):
    """Newest first."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    published = campaign.appeals.published().order_by("-version").prefetch_related("demands")
    context = {"campaign": campaign, "versions": list(published)}
    return render(request, "signatures/versions.html", context)


def news_for(signature) -> dict:
    """What the own page tells about versions that were published after the one that was signed."""
    campaign, signed = signature.campaign, signature.appeal
    later = list(campaign.appeals.published().filter(version__gt=signed.version))
    return {
        "later": later,
        "newest": later[0] if later else signed,
        "is_another_text": any(appeal.change == Appeal.Change.SUBSTANCE for appeal in later),
    }
