"""The versions of an appeal at the desk, and on demand how many signatures stand under each."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures.models import Signature


@require_safe
def versions(request, pk):
    """Counting looks at every signature of the campaign, so it is done only when asked for."""
    if not request.user.has_perm("campaigns.view_campaign"):
        raise PermissionDenied
    may_count = request.user.has_perm("signatures.view_signature")
    campaign = get_object_or_404(Campaign, pk=pk)
    appeals = list(campaign.appeals.order_by("-version"))
    if counts := may_count and "count" in request.GET:
        numbers = count(campaign)
        for appeal in appeals:
            appeal.signed = numbers.get(appeal.pk, 0)
    context = {
        **admin.site.each_context(request),
        "title": _("Versions of the appeal"),
        "opts": Campaign._meta,
        "campaign": campaign,
        "appeals": appeals,
        "counts": counts,
        "may_count": may_count,
    }
    return render(request, "admin/signatures/versions.html", context)


def count(campaign: Campaign) -> dict[int, int]:
    """How many signatures that count stand under each version, by its key."""
    rows = Signature.objects.counted().filter(campaign=campaign)
    return dict(rows.values_list("appeal").annotate(number=Count("pk")).order_by())
