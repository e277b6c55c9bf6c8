"""Typesetting on A4: one typeface for Latin, Cyrillic, Greek, Georgian and Arabic script.

Shaping letters that join is slow, so it is done only where a text needs it. What the typeface has
no picture of is shown as a box. The files are not tagged: the page (HTML) is the accessible form.
"""

import re
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _
from fpdf import FPDF, ViewerPreferences
from fpdf.enums import XPos, YPos

FONTS = Path(__file__).resolve().parent.parent / "fonts"
FACE = "dejavu"
MARGIN = 20  # mm, as all lengths here
FOOT = 18
INK, GREY, RULE, SIGNAL = (27, 26, 23), (90, 85, 75), (190, 180, 160), (194, 51, 10)
BOX = "□"
Colour = tuple[int, int, int]
# Scripts whose letters join, turn or pile up, and accents that stand apart from their letter.
COMPLEX = re.compile(
    "[\u0300-\u036f\u0590-\u08ff\u0900-\u0fff\u1000-\u109f\u1780-\u17ff\u200c\u200d\ufb1d-\ufdff"
    "\ufe70-\ufeff]"
)


class Document(FPDF):
    """A4 with a foot on every page: what it is, the digest, the page and how many there are."""

    def __init__(self, title: str, foot: str, digest: str):
        super().__init__(format="A4")
        self._foot, self._digest = foot, digest
        self.running = ""  # stands at the head of a page
        self.boxes = 0  # characters that the typeface does not have
        self.set_margins(MARGIN, MARGIN)
        self.c_margin = 0  # so that text and rules begin at the same place
        self.set_auto_page_break(True, FOOT + 6)
        self.add_font(FACE, "", FONTS / "DejaVuSans.ttf")
        self.add_font(FACE, "B", FONTS / "DejaVuSans-Bold.ttf")
        face: Any = self.fonts[FACE]
        self._known: set[int] = set(face.cmap)
        self.start = "R" if get_language_bidi() else "L"
        self.set_title(self._shown(title))
        self.set_lang(get_language() or "en")
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)

    def finish(self, target: BinaryIO | None = None) -> None:
        """Write the file, unless it is not wanted after all, and close those of the typeface."""
        if target is not None:
            self.output(target)
        for font in self.fonts.values():
            closing: Any = font
            closing.ttfont.close()

    def face(self, size: float, style: str = "", colour: Colour = INK) -> None:
        self.set_font(FACE, style, size)
        self.set_text_color(*colour)

    def line_of(self, text: str, width: float, height: float, align: str = "", **more: Any) -> None:
        """One line, with letters joined where the script wants it."""
        text = self._shown(text)
        if COMPLEX.search(text):
            self.set_text_shaping(True)
            self.cell(width, height, text, align=align or self.start, **more)
            self.set_text_shaping(False)
        else:
            self.cell(width, height, text, align=align or self.start, **more)

    def paragraph(
        self, text: str, size: float = 10, style: str = "", leading: float = 1.45, after: float = 2,
        colour: Colour = INK, indent: float = 0, width: float = 0,
    ) -> None:  # fmt: skip
        """As many lines as it takes, and then a gap."""
        self.face(size, style, colour)
        text = self._shown(text)
        self.set_x(self.l_margin + (indent if self.start == "L" else 0))
        if complex_ := bool(COMPLEX.search(text)):
            self.set_text_shaping(True)
        self.multi_cell(
            width or self.epw - indent, size * leading / self.k, text, align=self.start,
            new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        if complex_:
            self.set_text_shaping(False)
        self.ln(after)

    def width_of(self, text: str) -> float:
        text = self._shown(text)
        if not COMPLEX.search(text):
            return float(self.get_string_width(text))
        self.set_text_shaping(True)
        width = float(self.get_string_width(text))
        self.set_text_shaping(False)
        return width

    def rule(self, colour: Colour = RULE, weight: float = 0.2) -> None:
        self.set_draw_color(*colour)
        self.set_line_width(weight)
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)

    def header(self) -> None:
        if self.running:
            self.set_y(10)
            self.face(7.5, colour=GREY)
            self.line_of(self.running, self.epw, 4, align="R" if self.start == "L" else "L")
            self.set_y(MARGIN)

    def footer(self) -> None:
        self.set_y(-FOOT)
        self.rule()
        self.ln(1.5)
        self.face(7, colour=GREY)
        self.line_of(self._foot, self.epw * 0.8, 3.5)
        self.cell(self.epw * 0.2, 3.5, f"{self.page_no()}/{{nb}}", align="R")
        self.ln(3.5)
        self.face(6, colour=GREY)
        self.line_of(f"SHA-256 {self._digest}", self.epw, 3.5)

    def note_about_boxes(self) -> str:
        """To be said at the end, if there was a need for it."""
        if not self.boxes:
            return ""
        return _(
            "Some names are written in a script that the typeface of this book does not have: "
            "%(box)s stands for each such character. The table and the page (HTML) of the same "
            "list have these names in full."
        ) % {"box": BOX}

    def _shown(self, text: str) -> str:
        if text.isascii():
            return text
        missing = {c for c in text if ord(c) not in self._known and c not in "\n\u200c\u200d"}
        self.boxes += len(missing)
        return text.translate({ord(c): BOX for c in missing}) if missing else text
