"""Tables for spreadsheet programs, which take some texts for formulas: CSV that does no harm.

RFC 4180, UTF-8 with a byte order mark. A text that a program could take for a formula begins with
an apostrophe; `plain` takes it away again, so that nothing is lost on the way.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

BOM = "\ufeff"
BATCH = 500  # lines that leave together
# With their full-width twins, which some programs read as the same.
STARTS = "=+\\-@\t\r\n＝＋－＠"
RISKY = re.compile(f"'*[ \u00a0]*[{STARTS}]")


def safe(text: str) -> str:
    return f"'{text}" if RISKY.match(text) else text


def plain(text: str) -> str:
    """What `safe` was given."""
    return text[1:] if text.startswith("'") and RISKY.match(text) else text


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """The rows as CSV, some hundred at a time; the byte order mark comes first."""
    rows, begin = iter(rows), BOM
    while batch := list(islice(rows, BATCH)):
        sheet = io.StringIO()
        writer = csv.writer(sheet, lineterminator="\r\n")
        writer.writerows([cell(value) for value in row] for row in batch)
        yield begin + sheet.getvalue()
        begin = ""


def cell(value: Any) -> str:
    """As text; a whole number stays one, also below zero."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else safe(str(value))
