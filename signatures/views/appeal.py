"""The page people sign on, and a partner's own invitation to it."""

from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Appeal, Call, Campaign, salutation
from signatures import hand_in, tally
from signatures.forms import IndividualForm
from signatures.models import Signature
from signatures.openness import scripted

RECENT = 8
QUOTES = 3
NEWS = 2


@scripted
@require_safe
@cache_control(public=True, max_age=60)
def appeal(request, slug):
    """The appeal with its form, the same bytes for everybody: no cookie, nothing personal."""
    campaign = _campaign(slug)
    told = {**context(campaign), "hand_ins": _hand_ins(campaign), "form": IndividualForm()}
    return render(request, "signatures/appeal.html", told)


@scripted
@require_safe
@cache_control(public=True, max_age=60)
def call(request, slug, partner):
    """An organiser's letter, then the appeal; signatures from here carry the organiser's code."""
    campaign = _campaign(slug)
    letter = get_object_or_404(
        Call.objects.select_related("organiser"),
        organiser__campaign=campaign,
        organiser__code=partner,
    )
    form = IndividualForm(initial={"via": partner})
    told = {**context(campaign), "hand_ins": _hand_ins(campaign), "form": form, "call": letter}
    return render(request, "signatures/call.html", told)


def _campaign(slug: str) -> Campaign:
    campaigns = Campaign.objects.public().annotate(has_lists=hand_in.HAS_LISTS)
    return get_object_or_404(campaigns, slug=slug)


def _hand_ins(campaign: Campaign) -> list:
    """No question to the database for the many that have sealed nothing yet."""
    return hand_in.public(campaign) if campaign.has_lists else []


def context(campaign: Campaign, version: Appeal | None = None) -> dict:
    """What every page that shows the appeal needs: the version that is signed, or another one."""
    appeal = version or campaign.appeal
    addressees = list(campaign.addressees.all())
    organisers = list(campaign.organisers.all())
    listed = Signature.objects.listed().filter(campaign=campaign)
    return {
        "campaign": campaign,
        "appeal": appeal,
        "demands": list(appeal.demands.all()),
        "addressees": addressees,
        "salutation": salutation(addressees),
        "running": [organiser for organiser in organisers if organiser.part == "runs"],
        "supporting": [organiser for organiser in organisers if organiser.part == "supports"],
        "has_earlier": campaign.earlier_appeals.exists(),
        "totals": tally.read(campaign),
        "first": listed.pinned(),
        "recent": listed.filter(pinned=None).order_by("-confirmed_at", "-id")[:RECENT],
        "news": list(campaign.updates.published()[:NEWS]),
        "quotes": Signature.objects.quotable()
        .filter(campaign=campaign)
        .order_by("-comment_approved_at", "-id")[:QUOTES],
    }
