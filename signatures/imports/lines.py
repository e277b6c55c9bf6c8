"""From the rows of a table to what is entered, through the same door as what is typed in."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from signatures import forms, lifecycle
from signatures.imports.tables import Fault, Table

PAPER_COLUMNS = ("name", "town", "country", "visibility", "number")
EARLIER_COLUMNS = ("name", "country", "website")


class Organisation(NamedTuple):
    name: str
    country: str
    website: str


def paper(table: Table, country: str = "") -> tuple[list[lifecycle.Line], list[Fault]]:
    """The lines of sheets, or what is wrong with them; `country` is that of lines without one."""
    faults = list(table.faults)
    form = forms.PaperLineForm({}, country=country)
    found = [paper_line(cleaned) for _line, cleaned in _cleaned(form, table, faults)]
    if sum(line.number for line in found) > lifecycle.MOST_ON_PAPER:
        words = _("Together these are more than %(most)d signatures. Split the file.")
        faults.append(Fault(0, words % {"most": lifecycle.MOST_ON_PAPER}))
    return found, faults


def paper_line(cleaned: dict[str, Any]) -> lifecycle.Line:
    return lifecycle.Line(
        country=cleaned["country"],
        visibility=cleaned["visibility"],
        name=cleaned["name"],
        city=cleaned["town"],
        number=cleaned["number"],
    )


def organisations(table: Table, there: set[str]) -> tuple[list[Organisation], list[Fault]]:
    """Organisations of an earlier appeal, or what is wrong; `there` are the names it has."""
    faults = list(table.faults)
    found = []
    seen = set(there)
    for line, cleaned in _cleaned(forms.EarlierOrganisationForm({}), table, faults):
        if cleaned["name"] in seen:
            words = _("“%(name)s” is there already, or stands in the file twice.")
            faults.append(Fault(line, words % {"name": cleaned["name"]}))
        seen.add(cleaned["name"])
        found.append(Organisation(cleaned["name"], cleaned["country"], cleaned["website"]))
    return found, faults


def _cleaned(form: Any, table: Table, faults: list[Fault]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row that the form takes. One form cleans all: making one takes longer than cleaning."""
    for row in table.rows:
        form.data = row.cells
        form.full_clean()
        for name, errors in form.errors.items():
            faults.extend(Fault(row.line, f"{name}: {words}") for words in errors)
        if not form.errors:
            yield row.line, form.cleaned_data
