"""Passing an appeal on: links, a QR code, a frame and a picture for other sites."""

from io import BytesIO

import segno
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import openness, sharing

SVG = "image/svg+xml; charset=utf-8"


@openness.sharing
@require_safe
@cache_control(public=True, max_age=60)
def share(request, slug):
    """Ways to pass it on; `via` is the code of an organiser with a letter of its own."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    organiser = sharing.organiser_of(campaign, request.GET.get("via", ""))
    context = {
        "campaign": campaign,
        "organiser": organiser,
        "query": f"?via={organiser.code}" if organiser else "",
        **sharing.context(campaign, organiser),
    }
    return render(request, "signatures/share.html", context)


@require_safe
@cache_control(public=True, max_age=60)
def qr(request, slug):
    """The address of the appeal, or of an organiser's letter, as a QR code for posters."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    organiser = sharing.organiser_of(campaign, request.GET.get("via", ""))
    code = segno.make(
        f"{settings.SITE_URL}{sharing.path(campaign, organiser)}", error="m", micro=False
    )
    picture = BytesIO()
    # Dark on light in every colour scheme, or phones do not read it.
    code.save(
        picture, kind="svg", scale=8, light="#ffffff", xmldecl=False, svgclass=None, lineclass=None
    )
    return HttpResponse(picture.getvalue(), content_type=SVG)
