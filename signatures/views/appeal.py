"""The page people sign on, and a partner's own invitation to it."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Call, Campaign, salutation
from signatures import tally
from signatures.forms import IndividualForm
from signatures.models import Signature
from signatures.openness import scripted

RECENT = 8


@scripted
@require_safe
@cache_control(public=True, max_age=60)
def appeal(request, slug):
    """The appeal with its form, the same bytes for everybody: no cookie, nothing personal."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    return render(
        request, "signatures/appeal.html", {**context(campaign), "form": IndividualForm()}
    )


@scripted
@require_safe
@cache_control(public=True, max_age=60)
def call(request, slug, partner):
    """An organiser's letter, then the appeal; signatures from here carry the organiser's code."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    letter = get_object_or_404(
        Call.objects.select_related("organiser"),
        organiser__campaign=campaign,
        organiser__code=partner,
    )
    form = IndividualForm(initial={"via": partner})
    return render(
        request, "signatures/call.html", {**context(campaign), "form": form, "call": letter}
    )


def context(campaign: Campaign) -> dict:
    """What every page that shows the appeal needs."""
    appeal = campaign.appeal
    addressees = list(campaign.addressees.all())
    organisers = list(campaign.organisers.all())
    return {
        "campaign": campaign,
        "appeal": appeal,
        "demands": list(appeal.demands.all()),
        "addressees": addressees,
        "salutation": salutation(addressees),
        "running": [organiser for organiser in organisers if organiser.part == "runs"],
        "supporting": [organiser for organiser in organisers if organiser.part == "supports"],
        "totals": tally.read(campaign),
        "recent": Signature.objects.listed()
        .filter(campaign=campaign)
        .order_by("-confirmed_at", "-id")[:RECENT],
    }
