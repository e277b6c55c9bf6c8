"""The sealed list as a table: what the book says, for programs and for screen readers."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from campaigns import spreadsheet
from signatures import tally
from signatures.hand_in import words
from signatures.hand_in.contents import Contents
from signatures.models import Kind

Row = list[Any]
WIDTH = 5


def write(contents: Contents, target: BinaryIO) -> None:
    for piece in spreadsheet.lines(_padded(contents)):
        target.write(piece.encode())


def _padded(contents: Contents) -> Iterator[Row]:
    for row in _rows(contents):
        yield [*row, *[""] * (WIDTH - len(row))]


def _rows(contents: Contents) -> Iterator[Row]:
    yield from _heading(contents)
    yield []
    yield [_("country"), _("signatures"), _("of them listed")]
    for part in contents.parts:
        yield [part.country or _("all other countries"), part.total, part.listed]
    yield []
    yield [_("country"), _("kind"), _("name"), _("town"), _("number in the list")]
    number = 0
    for row in _names(contents):
        number += 1
        yield row
    yield [_("end of the list: %(number)d names") % {"number": number}]


def _heading(contents: Contents) -> Iterator[Row]:
    yield [str(contents.campaign.title)]
    yield [words.title(contents)]
    if known := words.handed_in(contents):
        yield [known]
    for addressee in contents.addressees:
        yield [str(addressee.person), str(addressee.office)]
    yield [contents.salutation]
    yield [str(contents.appeal.opening)]
    for demand in contents.demands:
        yield [str(demand.number), str(demand.text)]
    yield [words.consent(contents)]
    for value, what in words.figures(contents):
        yield [what, value]
    for paragraph in (*words.correction(contents), *words.method(contents)):
        yield [paragraph]
    yield ["SHA-256", contents.hand_in.digest]


def _names(contents: Contents) -> Iterator[Row]:
    kinds = {
        Kind.ORGANISATION: _("organisation"),
        Kind.INDIVIDUAL: _("person"),
        tally.PAPER: _("person, on paper"),
    }
    for among in ([Kind.ORGANISATION], [Kind.INDIVIDUAL, tally.PAPER]):
        for country, listed in contents.names(*among):
            for row in listed:
                yield [country, kinds[row.kind], row.name, row.town, row.number]
