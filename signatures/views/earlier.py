"""What came before a campaign: earlier appeals and who signed them, counted nowhere."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import countries


@require_safe
@cache_control(public=True, max_age=60)
def earlier(request, slug):
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    appeals = campaign.earlier_appeals.prefetch_related("organisations").order_by("-signed_on")
    if not appeals:
        raise Http404
    shown = [(appeal, in_order(appeal.organisations.all())) for appeal in appeals]
    return render(request, "signatures/earlier.html", {"campaign": campaign, "appeals": shown})


def in_order(organisations) -> list:
    """By country in the language of the page, those without one at the end; then by name."""
    place = {code: number for number, (code, _name) in enumerate(countries.choices())}
    return sorted(organisations, key=lambda one: (place.get(one.country, len(place)), one.name))
