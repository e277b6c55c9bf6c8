"""The appeal page as visitors would see it in any language, state and version: for organisers."""

from urllib.parse import urlencode, urljoin

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures.forms import IndividualForm
from signatures.views import appeal

Status = Campaign.Status
SIGNABLE = {Status.DRAFT, Status.OPEN}


@require_safe
def preview(request, pk):
    """Nothing is saved, and nothing can be signed here.

    Who may not see signatures at the desk sees none here, be they public or not.
    """
    if not request.user.has_perm("campaigns.view_campaign"):
        raise PermissionDenied
    campaign = get_object_or_404(Campaign, pk=pk)
    signed = campaign.appeal
    if signed is None:
        messages.warning(request, _("There is no appeal yet that could be shown."))
        return redirect("admin:campaigns_campaign_change", pk)
    versions = {str(version.version): version for version in campaign.appeals.all()}
    chosen = {
        "language": _chosen(request, "language", dict(settings.LANGUAGES), get_language()),
        "state": _chosen(request, "state", Status.values, campaign.status),
        "version": _chosen(request, "version", versions, str(signed.version)),
    }
    choices = _choices(chosen, versions)
    _pretend(campaign, chosen["state"])
    desk_language = get_language()
    with override(chosen["language"]):
        path = reverse("signatures:appeal", args=[campaign.slug])
        context = {
            **appeal.context(campaign, versions[chosen["version"]]),
            **chosen,
            **choices,
            "preview": True,
            "desk_language": desk_language,
            "form": IndividualForm(),
            "page_url": urljoin(settings.SITE_URL, path),
        }
        if not request.user.has_perm("signatures.view_signature"):
            context["recent"] = []
        response = render(request, "signatures/preview.html", context)
    response["Content-Language"] = chosen["language"]
    return response


def _chosen(request, name, known, otherwise) -> str:
    value = request.GET.get(name, otherwise)
    if value not in known:
        raise Http404
    return value


def _choices(chosen, versions) -> dict:
    """The links of the banner, and the page's own to other languages: all lead back to here."""

    def links(name, known):
        return [
            {"code": code, "name": label, "path": f"?{urlencode({**chosen, name: code})}"}
            for code, label in known
        ]

    return {
        "languages": links("language", settings.LANGUAGES),
        "states": links("state", [(code, str(label)) for code, label in Status.choices]),
        "versions": links("version", [(code, code) for code in sorted(versions, key=int)]),
    }


def _pretend(campaign: Campaign, state: str) -> None:
    """The campaign in another state, in memory only; a draft as it will be when it is open."""
    campaign.status = Status.OPEN if state in SIGNABLE else state
    if not campaign.is_open and state in SIGNABLE:
        campaign.closes_at = None
