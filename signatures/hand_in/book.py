"""The book (PDF): what lies on the table of the addressees."""

import math
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from fpdf.enums import XPos, YPos
from fpdf.outline import OutlineSection

from signatures import tally
from signatures.hand_in import words
from signatures.hand_in.contents import Contents, Listed
from signatures.hand_in.typeset import FOOT, GREY, INK, MARGIN, RULE, SIGNAL, Colour, Document
from signatures.models import Kind

ROW = 4.4  # mm, of one name
GUTTER = 8
NUMBER = 14  # mm, for the place in the list
SIZE = 8.5
ENTRY = 5.2  # mm, of a line of the contents


def write(contents: Contents, target: BinaryIO) -> None:
    """A page or two of memory for each thousand names; 100,000 take about half a minute."""
    foot = f"{contents.campaign.hashtag or contents.campaign.title} · {words.title(contents)}"
    document = Document(str(contents.campaign.title), foot, contents.hand_in.digest)
    _cover(document, contents)
    _contents(document, contents)
    _letter(document, contents)
    _figures(document, contents)
    _names(document, _("Organisations"), contents, Kind.ORGANISATION)
    _names(document, _("People"), contents, Kind.INDIVIDUAL, tally.PAPER)
    _method(document, contents)
    document.finish(target)


def _cover(document: Document, contents: Contents) -> None:
    document.add_page()
    document.rule(SIGNAL, 1.2)
    document.ln(8)
    document.paragraph(words.title(contents), 10, colour=GREY, after=14)
    if contents.campaign.hashtag:
        document.paragraph(contents.campaign.hashtag, 12, "B", colour=SIGNAL)
    document.paragraph(str(contents.campaign.title), 25, "B", leading=1.2, after=12)
    document.paragraph(_("To"), 10, colour=GREY, after=1)
    for addressee in contents.addressees:
        document.paragraph(str(addressee.person), 11, "B", after=0)
        document.paragraph(str(addressee.office), 10, after=2)
    document.set_y(max(document.y + 12, 175))
    document.paragraph(words.total(contents), 44, "B", leading=1.05, after=1)
    document.paragraph(words.consent(contents), 13, leading=1.35, after=3)
    for told in words.correction(contents):
        document.paragraph(told, 9, colour=GREY)
    document.set_y(max(document.y + 4, 246))
    document.rule()
    document.ln(3)
    names = " · ".join(str(organiser.name) for organiser in _running(contents))
    document.paragraph(names, 9, after=1)
    if known := words.handed_in(contents):
        document.paragraph(known, 9, colour=GREY, after=0)


def _contents(document: Document, contents: Contents) -> None:
    """Where everything stands, filled in when that is known; its length is known before."""
    parts = 5 + sum(1 for kind in (Kind.ORGANISATION,) for _part in contents.names(kind))
    parts += sum(1 for _part in contents.names(Kind.INDIVIDUAL, tally.PAPER))
    columns = 2 * math.ceil(parts / (2 * _entries_in_column()))
    document.add_page()
    document.insert_toc_placeholder(_fill_contents, pages=columns // 2, reset_page_indices=False)


def _entries_in_column() -> int:
    return int((297 - MARGIN - 22 - FOOT - 6) / ENTRY)


def _fill_contents(document: Any, outline: list[OutlineSection]) -> None:
    width = (document.epw - GUTTER) / 2
    fit = _entries_in_column()
    for place, section in enumerate(outline):
        column, row = divmod(place, fit)
        if place % (2 * fit) == 0:
            if place:
                document.add_page()
            document.set_xy(document.l_margin, MARGIN)
            _heading(document, _("Contents"))
        x = document.l_margin + (column % 2) * (width + GUTTER)
        document.set_xy(x, MARGIN + 22 + row * ENTRY)
        _entry(document, section, width)


def _entry(document: Document, section: OutlineSection, width: float) -> None:
    indent = 0 if section.level == 0 else 4
    link = document.add_link(page=section.page_number)
    document.face(9.5 if section.level == 0 else 9, "B" if section.level == 0 else "")
    document.set_x(document.x + indent)
    document.line_of(section.name, width - indent - 12, ENTRY, link=link)
    document.face(9, colour=GREY)
    document.cell(12, ENTRY, str(section.page_number), align="R", link=link)


def _letter(document: Document, contents: Contents) -> None:
    document.start_section(_("The appeal"))  # on the page after those of the contents
    _heading(document, _("The appeal"))
    document.ln(2)
    document.paragraph(contents.salutation, 11, after=4)
    document.paragraph(str(contents.appeal.opening), 11, after=5)
    for demand in contents.demands:
        top = document.y
        document.face(20, "B", SIGNAL)
        document.cell(12, 8, str(demand.number))
        document.set_y(top + 0.5)
        document.paragraph(str(demand.text), 12, "B", leading=1.4, after=5, indent=14)
    document.ln(4)
    document.paragraph(words.consent(contents), 11, after=8)
    _organisers(document, contents)


def _organisers(document: Document, contents: Contents) -> None:
    supporting = [one for one in contents.organisers if one.part == "supports"]
    for heading, among in (
        (_("Who runs this appeal"), _running(contents)),
        (_("Supported by"), supporting),
    ):
        if among:
            document.paragraph(heading, 9, colour=GREY, after=1)
        for organiser in among:
            document.paragraph(str(organiser.name), 10.5, after=0.5)
        document.ln(3)


def _running(contents: Contents) -> list[Any]:
    return [one for one in contents.organisers if one.part == "runs"]


def _figures(document: Document, contents: Contents) -> None:
    _heading(document, _("The figures"), new_section=True)
    document.ln(3)
    headline(document, contents)
    for told in words.correction(contents):
        document.paragraph(told, 9.5)
    if not contents.country:
        document.ln(3)
        _by_country(document, contents)


def headline(document: Document, contents: Contents) -> None:
    """The figures beside each other, each above what it counts."""
    figures = words.figures(contents)
    width, top = document.epw / len(figures), document.y
    for place, (value, what) in enumerate(figures):
        document.set_xy(document.l_margin + place * width, top)
        document.face(24, "B")
        document.cell(width, 11, value)
        document.set_xy(document.l_margin + place * width, top + 11)
        document.face(9, colour=GREY)
        document.cell(width, 5, what)
    document.set_y(top + 24)


def _by_country(document: Document, contents: Contents) -> None:
    columns = [document.epw - 70, 35, 35]
    _cells(document, columns, [_("Country"), _("Signatures"), _("Of them listed")], 8.5, GREY)
    for part in contents.parts:
        document.rule()
        country = part.country or _("all other countries")
        row = [country, words.number(part.total), words.number(part.listed)]
        _cells(document, columns, row, 9.5, INK)


def _cells(
    document: Document, columns: list[float], row: list[str], size: float, colour: Colour
) -> None:
    if document.will_page_break(6):
        document.add_page()
    document.face(size, colour=colour)
    for place, (width, text) in enumerate(zip(columns, row, strict=True)):
        document.line_of(text, width, 6, align="R" if place else "L")
    document.ln(6)


def _names(document: Document, heading: str, contents: Contents, *kinds: str) -> None:
    """By country, in two columns down and across; a country begins where there is room for it."""
    document.running = ""
    _heading(document, heading, new_section=True)
    page = _Columns(document)
    nobody = True
    for country, listed in contents.names(*kinds):
        nobody = False
        page.country(country, len(listed))
        for row in listed:
            page.name(row)
    document.running = ""
    document.set_y(page.bottom if not nobody else page.top)
    if nobody:
        document.paragraph(_("None."))


class _Columns:
    """Where the next name stands."""

    def __init__(self, document: Document):
        self.document = document
        self.width = (document.epw - GUTTER) / 2
        self.bottom = document.h - FOOT - 8
        self.top = self.y = document.y + 2
        self.column = 0
        self.title = ""

    def country(self, country: str, number: int) -> None:
        """Its name above the first of its names, never alone at the foot of a column."""
        document = self.document
        self.title = country
        self.y += 3 if self.y > self.top else 0
        self.room(4 * ROW)
        document.running = country
        document.set_xy(self.x, self.y)
        document.start_section(country, level=1)
        document.face(10.5, "B")
        document.line_of(country, self.width - 30, 5.5)
        document.face(8, colour=GREY)
        words_ = ngettext("%(number)s listed", "%(number)s listed", number)
        document.cell(30, 5.5, words_ % {"number": words.number(number)}, align="R")
        document.set_draw_color(*RULE)
        document.set_line_width(0.2)
        document.line(self.x, self.y + 6, self.x + self.width, self.y + 6)
        self.y += 7

    @property
    def x(self) -> float:
        return float(self.document.l_margin + self.column * (self.width + GUTTER))

    def room(self, height: float) -> None:
        """Go on in the next column, or on the next page, if it does not fit here."""
        if self.y + height <= self.bottom:
            return
        if self.column == 0:
            self.column, self.y = 1, self.top
            return
        self.document.running = self.title
        self.document.add_page()
        self.column, self.top = 0, self.document.y
        self.y = self.top

    def name(self, row: Listed) -> None:
        document = self.document
        document.face(SIZE)
        for place, line in enumerate(self.lines(row)):
            self.room(ROW)
            document.set_xy(self.x, self.y)
            if place == 0:
                document.line_of(line, self.width - NUMBER, ROW)
                document.face(6, colour=GREY)
                document.cell(NUMBER, ROW, str(row.number), align="R")
                document.face(SIZE)
            else:
                document.set_x(self.x + 3)
                document.line_of(line, self.width - NUMBER - 3, ROW)
            self.y += ROW

    def lines(self, row: Listed) -> Iterator[str]:
        """A name that is too long for one line goes on in the next one, and is never cut."""
        text = f"{row.name}, {row.town}" if row.town else row.name
        width = self.width - NUMBER - 3
        if len(text) * SIZE * 0.18 < width or self.document.width_of(text) <= width:
            yield text
            return
        line = ""
        for word in _pieces(text):
            longer = f"{line} {word}" if line else word
            if line and self.document.width_of(longer) > width:
                yield line
                line = word
            else:
                line = longer
        yield line


def _pieces(text: str, most: int = 30) -> Iterator[str]:
    """Words, and pieces of those that are longer than a line."""
    for word in text.split():
        for begin in range(0, len(word), most):
            yield word[begin : begin + most]


def _method(document: Document, contents: Contents) -> None:
    _heading(document, _("How this list came about"), new_section=True)
    document.ln(2)
    for paragraph in words.method(contents):
        document.paragraph(paragraph, 10, after=3)
    document.ln(2)
    document.paragraph(f"SHA-256: {contents.hand_in.digest}", 8, after=4)
    if note := document.note_about_boxes():
        document.paragraph(note, 10, after=3)


def _heading(document: Document, heading: str, new_section: bool = False) -> None:
    """On a page of its own, unless the page is there already."""
    if new_section:
        document.add_page()
        document.start_section(heading, level=0)
    document.face(20, "B")
    document.cell(
        document.epw, 12, heading, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align=document.start
    )
    document.rule(SIGNAL, 0.6)
    document.ln(4)
