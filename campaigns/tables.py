"""Tables as CSV (RFC 4180), line by line, safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

BOM = "\ufeff"  # without it spreadsheets take the file for one of another alphabet
# What a spreadsheet takes for the beginning of a formula, with the full-width twins.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class _Line:
    """What a CSV writer writes to: it gives the line back."""

    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield BOM
    for row in rows:
        yield writer.writerow(map(cell, row))


def cell(value: Any) -> str:
    """As text that no spreadsheet takes for a formula; a whole number stays one."""
    text = "" if value is None else str(value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number or not text.lstrip(" \u00a0").startswith(FORMULA):
        return text
    return f"'{text}"
