"""The factsheet (PDF): one page for whoever has one minute."""

from typing import BinaryIO

from django.utils.translation import gettext as _

from signatures.hand_in import words
from signatures.hand_in.book import headline
from signatures.hand_in.contents import Contents, Part
from signatures.hand_in.typeset import GREY, RULE, SIGNAL, Document

SCALES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
COUNTRIES = 8  # as many as are shown by themselves


def write(contents: Contents, target: BinaryIO) -> None:
    """In the largest type in which it fits on one page."""
    for scale in SCALES:
        document = _set(contents, scale)
        if document.page == 1 or scale == SCALES[-1]:
            document.finish(target)
            return
        document.finish()


def _set(contents: Contents, scale: float) -> Document:
    campaign = contents.campaign
    foot = f"{campaign.hashtag or campaign.title} · {words.title(contents)}"
    document = Document(str(campaign.title), foot, contents.hand_in.digest)
    document.add_page()
    document.rule(SIGNAL, 1.2)
    document.ln(5)
    document.paragraph(words.title(contents), 9, colour=GREY, after=2)
    document.paragraph(str(campaign.title), 19 * scale, "B", leading=1.2, after=3)
    document.paragraph(str(campaign.summary), 10 * scale, after=5)
    headline(document, contents)
    _demands(document, contents, scale)
    if not contents.country:
        _countries(document, contents, scale)
    _who(document, contents, scale)
    return document


def _demands(document: Document, contents: Contents, scale: float) -> None:
    names = "; ".join(f"{one.person}, {one.office}" for one in contents.addressees)
    document.paragraph(_("To"), 9 * scale, colour=GREY, after=0.5)
    document.paragraph(names, 9.5 * scale, after=3)
    document.paragraph(str(contents.appeal.opening), 10.5 * scale, after=2)
    for demand in contents.demands:
        top = document.y
        document.face(15 * scale, "B", SIGNAL)
        document.cell(10, 6, str(demand.number))
        document.set_y(top)
        document.paragraph(str(demand.text), 10.5 * scale, "B", after=2.5 * scale, indent=10)


def _countries(document: Document, contents: Contents, scale: float) -> None:
    parts = sorted((p for p in contents.parts if p.code), key=lambda part: -part.total)[:COUNTRIES]
    if not parts:
        return
    document.ln(2)
    document.paragraph(_("Where most signatures come from"), 9 * scale, colour=GREY, after=1)
    most = max(part.total for part in parts)
    for part in parts:
        _bar(document, part, most, 5.4 * scale, scale)
    document.ln(3)


def _bar(document: Document, part: Part, most: int, height: float, scale: float) -> None:
    room = document.epw - 75
    document.face(9 * scale)
    top = document.y
    document.line_of(part.country, 55, height)
    document.set_fill_color(*RULE)
    document.rect(document.l_margin + 55, top + 1, room * part.total / most, height - 2, "F")
    document.set_x(document.l_margin + 55 + room)
    document.cell(20, height, words.number(part.total), align="R")
    document.set_y(top + height)


def _who(document: Document, contents: Contents, scale: float) -> None:
    for told in words.correction(contents):
        document.paragraph(told, 8.5 * scale, colour=GREY)
    document.paragraph(_("Who runs this appeal"), 9 * scale, colour=GREY, after=0.5)
    running = [str(one.name) for one in contents.organisers if one.part == "runs"]
    document.paragraph(" · ".join(running), 9.5 * scale, after=2)
    if known := words.handed_in(contents):
        document.paragraph(known, 9 * scale, colour=GREY)
