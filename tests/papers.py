"""Signatures on paper, and files with them, as organisers bring them."""

import io

from openpyxl.workbook import Workbook

from signatures import lifecycle
from signatures.lifecycle import Line
from signatures.models import PaperBatch
from signatures.paper import numbers

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def batch(campaign, by, **fields) -> PaperBatch:
    """Not entered yet."""
    return PaperBatch(campaign=campaign, entered_by=by, language="en", **fields)


def entered(campaign, by, *lines, sheets=(), **fields) -> PaperBatch:
    """A batch that has been entered, by default with one public name."""
    unsaved = batch(campaign, by, **fields)
    lines = lines or (Line("DE", "public", "Paula Paper", "Berlin"),)
    assert lifecycle.enter(unsaved, lines, sheets).is_done
    return unsaved


def sheet_numbers(number=1) -> list[str]:
    return [numbers.new() for _each in range(number)]


def workbook(*rows, change=None) -> bytes:
    """An XLSX file with these rows; `change` may spoil it."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
