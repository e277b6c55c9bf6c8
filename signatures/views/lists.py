"""The public list of signatories: by cursor, fifty a page, people not searchable."""

from urllib.parse import urlencode

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import countries, listing, names, tally
from signatures.models import Kind, Signature
from signatures.views.limits import limited

QUERY_LENGTH = 100
PARAMETERS = {"kind", "country", "q", "after"}


def looks_for_names(request) -> bool:
    """Not with what others glue to links: that leads to the page that everybody sees anyway."""
    return not request.GET or bool(PARAMETERS & request.GET.keys())


@require_safe
@limited("list", methods=("GET", "HEAD"), counts=looks_for_names)
@cache_control(public=True, max_age=60)
def signatories(request, slug):
    """Newest first. `kind`, `country`, `q` (organisations only) and `after` choose the rows."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    kind = Kind.INDIVIDUAL if request.GET.get("kind") == Kind.INDIVIDUAL else Kind.ORGANISATION
    country = request.GET.get("country", "")
    query = (
        request.GET.get("q", "").replace("\0", "")[:QUERY_LENGTH]
        if kind == Kind.ORGANISATION
        else ""
    )
    rows = Signature.objects.listed().filter(campaign=campaign, kind=kind)
    if country:
        rows = rows.filter(country=_known(country))
    if query:
        rows = rows.filter(organisation_folded__contains=names.fold(query))
    first, page, following = _page(rows, campaign, kind, request.GET)
    context = {
        "campaign": campaign,
        "kind": kind,
        "country": country,
        "countries": countries.choices(),
        "query": query,
        "first": first,
        "signatures": page,
        "next": urlencode({"kind": kind, "country": country, "q": query, "after": following})
        if following
        else "",
        "totals": tally.read(campaign),
    }
    response = render(request, "signatures/signatories.html", context)
    response["X-Robots-Tag"] = "noindex, noarchive"
    return response


def _known(country: str) -> str:
    if country not in countries.CODES:
        raise Http404
    return country


def _page(rows, campaign, kind, query) -> tuple[list[Signature], list[Signature], str]:
    """The first signatories, one page of the others, and the cursor of the next one."""
    if {"offset", "cursor"} & query.keys():  # this list knows no other way of paging
        raise Http404
    after = query.get("after", "")
    if "after" in query and not after:
        raise Http404
    try:
        if kind == Kind.ORGANISATION:
            return listing.organisations(rows, campaign.pk, after)
        return [], *listing.page(rows, "confirmed_at", f"{campaign.pk}:{kind}", after)
    except listing.BadCursor:
        raise Http404 from None
