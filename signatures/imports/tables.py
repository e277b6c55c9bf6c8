"""Tables that organisers bring, as CSV or XLSX: read whole, or refused with every error by line.

Nothing in a file is believed: neither its name nor the sizes that it gives. What comes out are
texts as they stood there; what they may be is for the cleaners to say.
"""

import csv
import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

MOST_BYTES = 5 * 1024 * 1024
MOST_BYTES_UNPACKED = 50 * 1024 * 1024
MOST_BYTES_OF_A_PART = 5 * 1024 * 1024  # of what is neither cells nor texts: read as a whole
MOST_PARTS = 500
MOST_ROWS = 20_000
MOST_COLUMNS = 20
LONGEST_LINE = 10_000
LONGEST_CELL = 1_000
WORKBOOK, ZIP = ".xlsx", b"PK\x03\x04"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
MERGED = re.compile(rb"<(\w+:)?mergeCell[\s/>]")
# What openpyxl raises when a file is no spreadsheet, or a broken one.
BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, InvalidFileException, ParseError, zlib.error,
    struct.error, KeyError, IndexError, ValueError, TypeError, AttributeError, EOFError, OSError,
    NotImplementedError, RuntimeError, AssertionError,
)  # fmt: skip


class Fault(NamedTuple):
    """What is wrong in a line; line 0 is the file as a whole."""

    line: int
    words: str


class Row(NamedTuple):
    """The cells of a line by the name of their column, trimmed; a missing one is empty."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """What could be read, and what is wrong: with a fault nothing of it may be entered."""

    digest: str
    rows: list[Row]
    faults: list[Fault]


class _Refused(Exception):
    """The file as a whole, or from a line on, cannot be read."""

    def __init__(self, words: str, line: int = 0):
        super().__init__(words)
        self.fault = Fault(line, words)


Lines = Iterator[tuple[int, list[str]]]


def read(
    content: bytes, name: str, columns: Collection[str], required: Collection[str] = ()
) -> Table:
    """The rows below a line of headings, which are some of `columns` and all of `required`.

    `name` is what the file is called elsewhere; only its ending means anything.
    """
    digest = hashlib.sha256(content).hexdigest()
    faults: list[Fault] = []
    try:
        lines = _lines(content, name, faults)
        rows = _rows(lines, columns, required, faults)
    except _Refused as refusal:
        return Table(digest, [], [*faults, refusal.fault])
    return Table(digest, rows, faults)


def _lines(content: bytes, name: str, faults: list[Fault]) -> Lines:
    if len(content) > MOST_BYTES:
        raise _Refused(
            _("The file is too large. At most %(most)d MB can be taken; split it.")
            % {"most": MOST_BYTES // 1024 // 1024}
        )
    named_so = name.lower().endswith(WORKBOOK)
    if content.startswith(OLD_WORKBOOK) or (content.startswith(ZIP) and not named_so):
        raise _Refused(_("This is a spreadsheet of another kind. Save it as .xlsx or as CSV."))
    if named_so and not content.startswith(ZIP):
        raise _Refused(_("This is no spreadsheet, although its name says so. Save it as CSV."))
    return _workbook(content) if named_so else _csv(content, faults)


def _rows(
    lines: Lines, columns: Collection[str], required: Collection[str], faults: list[Fault]
) -> list[Row]:
    headings = _headings(lines, columns, required)
    rows: list[Row] = []
    for line, cells in lines:
        if not any(cells):
            continue
        if any(cells[len(headings) :]):
            faults.append(Fault(line, _("There are more cells than headings.")))
        elif any(len(cell) > LONGEST_CELL for cell in cells):
            faults.append(Fault(line, _("A cell is far too long.")))
        else:
            rows.append(
                Row(line, dict(zip(headings, [*cells, *[""] * len(headings)], strict=False)))
            )
        if len(rows) > MOST_ROWS:
            words = _("There are more than %(most)d lines. Split the file.")
            raise _Refused(words % {"most": MOST_ROWS}, line)
    if not rows and not faults:
        raise _Refused(_("There is nothing below the headings."))
    return rows


def _headings(lines: Lines, columns: Collection[str], required: Collection[str]) -> list[str]:
    known = _("Known are: %(names)s.") % {"names": ", ".join(columns)}
    line, cells = next(((line, cells) for line, cells in lines if any(cells)), (0, []))
    headings = [cell.casefold() for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if not headings:
        raise _Refused(_("The file is empty.") + " " + known)
    for heading in headings:
        if heading not in columns:
            words = _("“%(name)s” is no heading that we know.") % {"name": heading[:50]}
            raise _Refused(f"{words} {known}", line)
    if len(set(headings)) < len(headings):
        raise _Refused(_("A heading stands there twice."), line)
    for heading in required:
        if heading not in headings:
            words = _("The heading “%(name)s” is missing.") % {"name": heading}
            raise _Refused(f"{words} {known}", line)
    return headings


# CSV


def _csv(content: bytes, faults: list[Fault]) -> Lines:
    """Each line by itself: what we take has no line breaks in cells, and so a quotation mark that
    is not closed swallows nothing."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        raise _Refused(
            _(
                "The file is not in UTF-8: the first strange sign is number %(column)d of this "
                "line. Save it as “CSV UTF-8”."
            )
            % {"column": error.start - (before.rfind(b"\n") + 1) + 1},
            before.count(b"\n") + 1,
        ) from None
    lines = re.split(r"\r\n|\n|\r", text)
    separator = _separator(lines)
    return _cells(lines, separator, faults)


def _separator(lines: list[str]) -> str:
    first = next((line for line in lines if line.strip()), "")[:LONGEST_LINE]
    return max(",;\t", key=first.count)


def _cells(lines: list[str], separator: str, faults: list[Fault]) -> Lines:
    for number, line in enumerate(lines, start=1):
        if len(line) > LONGEST_LINE:
            faults.append(Fault(number, _("The line is far too long.")))
            continue
        try:
            cells = next(csv.reader([line], delimiter=separator, strict=True), [])
        except csv.Error:
            words = _(
                "A quotation mark is opened and not closed in this line, or stands inside a cell."
            )
            faults.append(Fault(number, words))
            continue
        yield number, [cell.strip() for cell in cells]


# XLSX


def _workbook(content: bytes) -> Lines:
    """Everything that could make reading dear is looked at in the directory of the archive first:
    Python's `zipfile` never unpacks more than that says."""
    try:
        _look_into(content)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False)
        sheets = [sheet for sheet in book.worksheets if _has_content(sheet)]
        if len(sheets) > 1:
            raise _Refused(
                _("Several sheets have something in them: %(names)s. Keep one.")
                % {"names": ", ".join(sheet.title[:31] for sheet in sheets)}
            )
        return iter(list(_sheet(sheets[0])) if sheets else [])
    except BROKEN:
        raise _Refused(
            _("The spreadsheet cannot be read. Open it, and save it again as .xlsx or as CSV.")
        ) from None


def _look_into(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES_UNPACKED:
            raise _Refused(_("Unpacked, the spreadsheet is far too large. Save the list as CSV."))
        for part in parts:
            if part.filename.startswith("xl/worksheets/") and _is_merged(archive, part):
                raise _Refused(
                    _("Cells are merged. Separate them, so that each line has cells of its own.")
                )
            whole = not re.match(r"xl/(worksheets/|sharedStrings)", part.filename)
            if whole and part.file_size > MOST_BYTES_OF_A_PART and part.filename.endswith(".xml"):
                raise _Refused(
                    _("Unpacked, the spreadsheet is far too large. Save the list as CSV.")
                )


def _is_merged(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as stream:
        rest = b""
        while piece := stream.read(1 << 16):
            if MERGED.search(rest + piece):
                return True
            rest = piece[-40:]
    return False


def _has_content(sheet: Any) -> bool:
    return any(any(cell.strip() for cell in cells) for _line, cells in _sheet(sheet, judge=False))


def _sheet(sheet: Any, judge: bool = True) -> Lines:
    sheet.reset_dimensions()  # what the file says about them need not be true
    for number, row in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        if number > 2 * MOST_ROWS:
            words = _("There are more than %(most)d lines. Split the file.")
            raise _Refused(words % {"most": MOST_ROWS}, number)
        yield number, [_text(cell, number, judge) for cell in row]


def _text(cell: Any, line: int, judge: bool) -> str:
    value = cell.value
    if value is None:
        return ""
    if judge and cell.data_type == "f":
        raise _Refused(_("A cell holds a formula. Put its value there instead."), line)
    if judge and (isinstance(value, bool) or not isinstance(value, str | int | float)):
        raise _Refused(_("A cell holds a date or a truth value. Write it as text."), line)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
