"""How many signatures came through each organiser's letter and sheets: numbers, never who."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures.models import Signature


@require_safe
def through(request):
    """One grouped count for each campaign that has organisers; it reads the rows, so at the desk
    only. Codes of nobody are not shown: anybody may put anything into an address."""
    if not request.user.has_perm("signatures.view_signature"):
        raise PermissionDenied
    campaigns = Campaign.objects.prefetch_related("organisers").order_by("-created_at")
    context = {
        **admin.site.each_context(request),
        "title": _("Signatures by organiser"),
        "opts": Signature._meta,
        "campaigns": [(campaign, by_organiser(campaign)) for campaign in campaigns],
    }
    return render(request, "admin/signatures/through.html", context)


def by_organiser(campaign: Campaign) -> list[dict]:
    """For each organiser what counts, online and on paper."""
    organisers = list(campaign.organisers.all())
    rows = Signature.objects.counted().filter(campaign=campaign)
    on_paper = _numbers(rows.exclude(batch=None), "batch__via", organisers)
    online = _numbers(rows.filter(batch=None), "via", organisers)
    return [
        {
            "organiser": organiser,
            "people": online.get(organiser.code, (0, 0))[0],
            "organisations": online.get(organiser.code, (0, 0))[1],
            "paper": sum(on_paper.get(organiser.code, (0, 0))),
        }
        for organiser in organisers
    ]


def _numbers(rows, column: str, organisers) -> dict[str, tuple[int, int]]:
    parts = (
        rows.filter(**{f"{column}__in": [organiser.code for organiser in organisers]})
        .values_list(column)
        .annotate(
            people=Count("pk", filter=Q(kind="individual")),
            organisations=Count("pk", filter=Q(kind="organisation")),
        )
    )
    return {code: (people, organisations) for code, people, organisations in parts}
