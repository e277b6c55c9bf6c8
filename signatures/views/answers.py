"""Answers that several pages give."""

from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render
from django.urls import reverse

from signatures import keys, throttle, tokens
from signatures.models import Signature
from signatures.views import limits


class SeeOther(HttpResponseRedirectBase):
    """After a POST: go and read another page."""

    status_code = 303

    def __init__(self, name: str, *args: str):
        super().__init__(reverse(name, args=args))


def thanks(request, signature: Signature, own_page_token: str):
    """To the thanks page, which for an hour shows the way to the own page."""
    if not tokens.keep_for_managing(signature, own_page_token):  # withdrawn a moment ago
        return unknown_link(request)
    ticket = keys.ticket("thanks", own_page_token)
    return SeeOther("signatures:thanks", signature.campaign.slug, ticket)


def unknown_link(request):
    """One page for every link that leads nowhere, whatever it once was."""
    if throttle.over_limit(request, "unknown link"):
        return limits.too_many(request)
    return render(request, "signatures/unknown_link.html", status=404)
