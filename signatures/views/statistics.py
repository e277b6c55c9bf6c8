"""How many have signed, since when and from where; nothing that tells fewer than ten apart."""

from datetime import date

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import charts, tally
from signatures import statistics as figures
from signatures.views.share import SVG

DARK = "-dark"


@require_safe
@cache_control(public=True, max_age=60)
def statistics(request, slug):
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    taken = figures.taken(campaign)
    totals = tally.read(campaign)
    countries = charts.named(taken.countries) if taken else []
    context = {
        "campaign": campaign,
        "totals": totals,
        "taken": taken,
        "kinds_height": charts.height(len(kinds_of(totals))),
        "countries": countries,
        "countries_height": charts.height(min(len(countries), charts.MOST_BARS)),
        "days": [(date.fromisoformat(day), number) for day, number in taken.days] if taken else [],
    }
    return render(request, "signatures/statistics.html", context)


@require_safe
@cache_control(public=True, max_age=60)
def chart(request, slug, chart):
    """One of the pictures, in light colours or, with `-dark` at its end, in dark ones."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    name = chart.removesuffix(DARK)
    if name not in CHARTS:
        raise Http404
    context = CHARTS[name](campaign)
    context["colours"] = charts.DARK if chart.endswith(DARK) else charts.LIGHT
    return render(request, f"signatures/charts/{name}.svg", context, content_type=SVG)


def kinds(campaign: Campaign) -> dict:
    return charts.bars(kinds_of(tally.read(campaign)))


def kinds_of(totals: tally.Totals) -> list[tuple[str, int]]:
    """Those that there are."""
    rows = [
        (_("People"), totals.people),
        (_("Organisations"), totals.organisations),
        (_("On paper"), totals.paper),
    ]
    return [row for row in rows if row[1]] or rows


def countries(campaign: Campaign) -> dict:
    numbers = _taken(campaign).countries
    return charts.bars(charts.named(numbers)[: charts.MOST_BARS])


def europe(campaign: Campaign) -> dict:
    return charts.tiles(_taken(campaign).countries)


def days(campaign: Campaign) -> dict:
    return charts.line(_taken(campaign).days)


def _taken(campaign: Campaign):
    taken = figures.taken(campaign)
    if taken is None or not taken.countries or not taken.days:
        raise Http404
    return taken


CHARTS = {"kinds": kinds, "countries": countries, "europe": europe, "days": days}
