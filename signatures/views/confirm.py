"""What the links of the confirmation mail lead to. A GET shows, only a pressed button acts."""

from datetime import timedelta

from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.models import Campaign
from signatures import keys, lifecycle, openness, sharing, tally, tokens
from signatures.forms import ConfirmForm
from signatures.views import answers
from signatures.views.limits import limited

Purpose = tokens.Purpose
OWN_PAGE_SHOWN_FOR = timedelta(hours=1)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("press")
def confirm(request, token):
    signature = tokens.find(Purpose.CONFIRM, token)
    if signature is None:
        return answers.unknown_link(request)
    campaign = signature.campaign
    if signature.is_pending and lifecycle.is_too_late(campaign):
        return render(request, "signatures/too_late.html", {"campaign": campaign}, status=410)
    form = ConfirmForm(request.POST)
    if request.method == "POST" and form.is_valid():
        seen, hide_name = form.cleaned_data["seen"], form.cleaned_data["hide_name"]
        if lifecycle.confirm_as_read(signature, seen, hide_name):
            return answers.thanks(request, signature, tokens.derive(token, Purpose.MANAGE))
        return answers.SeeOther("signatures:confirm", token)  # to read what it says now
    context = {
        "campaign": campaign,
        "signature": signature,
        "form": ConfirmForm(initial={"seen": lifecycle.gist(vars(signature))}),
        "not_me_token": tokens.derive(token, Purpose.NOT_ME),
    }
    return render(request, "signatures/confirm.html", context)


@require_safe
def tidy(request, token):
    """The link without what was glued to its end."""
    return redirect("signatures:confirm", token, permanent=True)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("press")
def not_me(request, token):
    """Somebody else typed this address: erase and leave it in peace."""
    signature = tokens.find(Purpose.NOT_ME, token)
    if signature is None:
        return answers.unknown_link(request)
    if request.method == "POST":
        lifecycle.deny(signature)
        return answers.SeeOther("signatures:denied", signature.campaign.slug)
    return render(request, "signatures/not_me.html", {"campaign": signature.campaign})


@openness.sharing
@never_cache
@require_safe
def thanks(request, slug, ticket=""):
    """Thanks, the count, ways to share; for an hour also the way to the own page."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    own_page_token = _own_page_token(ticket)
    context = {
        "campaign": campaign,
        "totals": tally.read(campaign),
        **sharing.context(campaign),
        "own_page_token": own_page_token,
        "signature": tokens.find(Purpose.MANAGE, own_page_token) if own_page_token else None,
    }
    return render(request, "signatures/thanks.html", context)


def _own_page_token(ticket: str) -> str:
    try:
        return keys.read_ticket("thanks", ticket, OWN_PAGE_SHOWN_FOR)[0] if ticket else ""
    except keys.BadSeal:
        return ""
