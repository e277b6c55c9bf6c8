"""Finding a signature by its address, which stands in no URL, no log and no history.

The audit trail keeps who looked for one, and how many signatures there were.

The list's own search is a GET: what is typed there ends in the browser's history and in the logs of
whatever stands in front of the site. So the box posts, and the list gets the numbers of what was
found, sealed.
"""

from datetime import timedelta
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns import trail
from campaigns.models import Campaign
from signatures import keys, lifecycle
from signatures.models import Signature

LASTS = timedelta(hours=8)
TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (the name of a field)


class FoundFilter(admin.SimpleListFilter):
    """What `find` has found."""

    title = _("address")
    parameter_name = "found"

    def lookups(self, request, model_admin):
        return [(self.value(), _("the address you looked for"))] if self.value() else []

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        try:
            found = keys.read_ticket("found", self.value(), LASTS)
        except keys.BadSeal:
            return queryset.none()
        return queryset.filter(pk__in=found)


@require_POST
def find(request):
    """By address, if it is one; else the list's own search for organisations, filters kept."""
    if not request.user.has_perm("signatures.view_signature"):
        raise PermissionDenied
    typed = request.POST.get("q", "").strip()
    if "@" not in typed:
        kept = {name: value for name, value in request.POST.items() if name != TOKEN}
        return to_list(kept)
    found = made_with(typed)
    trail.record("look for an address", request.user, found=len(found))
    if not found:
        messages.warning(request, _("No signature was made with this address."))
        return to_list({})
    return to_list({"found": keys.ticket("found", *map(str, found))})


def made_with(address: str) -> list[int]:
    """The signatures in all campaigns; each has a hash of its own of the same address."""
    hashes = [lifecycle.address_hash(campaign, address) for campaign in Campaign.objects.all()]
    return list(Signature.objects.filter(address_hash__in=hashes).values_list("pk", flat=True))


def to_list(query: dict):
    return redirect(f"{reverse('admin:signatures_signature_changelist')}?{urlencode(query)}")
