"""What goes with each purpose: fixed columns, no more than the purpose needs.

No purpose has an e-mail address. Rows are read as they leave, so that a million of them take no
more memory than a thousand.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from signatures import countries, small_cells, tally
from signatures.models import Export, Kind, OrganisationType, Signature, Visibility

Row = list[Any]
Purpose = Export.Purpose
BATCH = 2000  # rows that the database hands over together


def table(export: Export) -> tuple[Row, Iterator[Row]]:
    """The heading and the rows, in the language that is active now."""
    return TABLES[Purpose(export.purpose)](export.campaign)


def count(campaign: Campaign, purpose: str) -> int:
    """How many signatures an export is about."""
    return rows_for(campaign, purpose).count()


def rows_for(campaign: Campaign, purpose: str) -> QuerySet[Signature]:
    rows = Signature.objects.counted().filter(campaign=campaign)
    if purpose == Purpose.PETI:
        return rows.exclude(visibility=Visibility.COUNT)
    if purpose in {Purpose.ORGANISATIONS, Purpose.CONTACTS}:
        return rows.filter(kind=Kind.ORGANISATION)
    return rows


def _read(campaign: Campaign, purpose: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    rows = rows_for(campaign, purpose).order_by("pk")
    return rows.values_list(*columns).iterator(chunk_size=BATCH)


def _peti(campaign: Campaign) -> tuple[Row, Iterator[Row]]:
    heading = [
        _("number"), _("kind"), _("name"), _("town"), _("country code"), _("country"),
        _("signed on"),
    ]  # fmt: skip
    return heading, _signed(campaign, _kinds(), dict(countries.choices()), _sums(campaign))


def _signed(
    campaign: Campaign, kinds: dict[str, str], named: dict[str, str], sums: list[Row]
) -> Iterator[Row]:
    columns = ("kind", "batch", "name", "organisation", "city", "country", "signed_at")
    for number, row in enumerate(_read(campaign, Purpose.PETI, *columns), start=1):
        kind, batch, name, organisation, city, country, signed_at = row
        listed = organisation if kind == Kind.ORGANISATION else name
        kind = kinds[tally.PAPER if batch else kind]
        yield [number, kind, listed, city, country, named.get(country, ""), signed_at.date()]
    yield from sums


def _kinds() -> dict[str, str]:
    return {
        Kind.INDIVIDUAL: _("person"),
        Kind.ORGANISATION: _("organisation"),
        tally.PAPER: _("person, on paper"),
    }


def _sums(campaign: Campaign) -> list[Row]:
    """Everybody who signed, with those who are not named."""
    totals = tally.read(campaign)
    return [
        ["", _("all people"), totals.people],
        ["", _("all organisations"), totals.organisations],
        ["", _("all people on paper"), totals.paper],
        ["", _("all signatures"), totals.total],
        ["", _("all countries"), totals.countries],
    ]


def _statistics(campaign: Campaign) -> tuple[Row, Iterator[Row]]:
    rows = Signature.objects.counted().filter(campaign=campaign)
    totals, named = tally.read(campaign), dict(countries.choices())
    weeks = rows.annotate(week=TruncWeek("confirmed_at")).values_list("week")
    by_week = {f"{week:%G-W%V}": number for week, number in weeks.annotate(number=Count("pk"))}
    by_country: dict[str, int] = dict(rows.values_list("country").annotate(number=Count("pk")))
    kinds = [
        [_("kind"), _("people"), totals.people],
        [_("kind"), _("organisations"), totals.organisations],
        [_("kind"), _("on paper"), totals.paper],
    ]
    found = [
        *kinds,
        *_told(_("country"), {named.get(code, code): n for code, n in by_country.items()}),
        *_told(_("week"), by_week),
    ]
    return [_("by"), _("part"), _("signatures")], iter(found)


def _told(by: str, cells: dict[str, int]) -> list[Row]:
    shown, rest = small_cells.suppress(cells)
    told: list[Row] = [[by, part, number] for part, number in sorted(shown.items())]
    return [*told, [by, _("all others together"), rest]] if rest else told


def _organisations(campaign: Campaign) -> tuple[Row, Iterator[Row]]:
    heading = [_("name"), _("country"), _("website"), _("type"), _("other names")]
    named, types = (
        dict(countries.choices()),
        {kind.value: str(kind.label) for kind in OrganisationType},
    )
    columns = ("organisation", "country", "website", "organisation_type", "aliases")
    read = _read(campaign, Purpose.ORGANISATIONS, *columns)
    rows = (
        [name, named.get(country, ""), website, types.get(kind, ""), ", ".join(aliases.split("\n"))]
        for name, country, website, kind, aliases in read
    )
    return heading, rows


def _contacts(campaign: Campaign) -> tuple[Row, Iterator[Row]]:
    heading = [_("organisation"), _("country"), _("website"), _("contact person"), _("role")]
    named = dict(countries.choices())
    columns = ("organisation", "country", "website", "name", "role")
    read = _read(campaign, Purpose.CONTACTS, *columns)
    rows = ([row[0], named.get(row[1], ""), *row[2:]] for row in read)
    return heading, rows


TABLES: dict[Purpose, Callable[[Campaign], tuple[Row, Iterator[Row]]]] = {
    Purpose.PETI: _peti,
    Purpose.STATISTICS: _statistics,
    Purpose.ORGANISATIONS: _organisations,
    Purpose.CONTACTS: _contacts,
}
