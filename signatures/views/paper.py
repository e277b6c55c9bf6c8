"""The sheet for collecting signatures by hand."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures.paper import sheet
from signatures.views.limits import limited


@require_safe
@limited("paper", methods=("GET", "HEAD"))
@never_cache
def paper(request, slug):
    """A sheet with a number of its own, which is stored only when the sheet comes back.

    `?via=` is the code of the organiser who collects.
    """
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    if campaign.has_ended:
        return render(request, "signatures/no_paper.html", {"campaign": campaign}, status=410)
    content = sheet.make(campaign, request.GET.get("via", ""))
    return answer(content, campaign)


def answer(content: bytes, campaign: Campaign) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{campaign.slug}.pdf"'
    response["X-Robots-Tag"] = "noindex"
    return response
