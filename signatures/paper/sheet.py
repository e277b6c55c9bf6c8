"""The sheet on which signatures are collected by hand: A4, in the language of the page.

Lengths are millimetres, sizes of type are points. Everything is placed as if it were read from left
to right; for languages that are not, the page is mirrored.
"""

import io
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, get_language_bidi, pgettext
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, XPos, YPos

from campaigns.models import Campaign, Organiser, salutation
from signatures.paper import numbers

FONTS = Path(__file__).resolve().parent.parent / "fonts"
# Scripts whose letters change with their neighbours, or that run from right to left.
SHAPED = re.compile(
    "[\u0590-\u08ff\u0900-\u0fff\u1000-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufeff]"
)
MOST_SHEETS = 200

WIDTH, HEIGHT = 210.0, 297.0
MARGIN = 11.0
INNER = WIDTH - 2 * MARGIN
QR = 27
ROW, LARGEST_ROW = 9.6, 11.5  # what a hand needs, and what it does not
MOST_ROWS, ENOUGH_ROWS, FEWEST_ROWS = 12, 10, 5
SIZES = (10.5, 10, 9.5, 9, 8.5, 8, 7.5, 7)  # of the appeal; the largest that leaves enough rows
LEADING = 1.28
POINT = 25.4 / 72
INK, GREY, PALE = 27, 90, 238
# Of the table: number, name, town, country, three boxes, signature.
COLUMNS = (7.0, 53.0, 30.0, 27.0, 13.5, 13.5, 13.5, 30.5)
BETWEEN_BOXES = (5, 6)
BOX = 4.4


@dataclass(frozen=True)
class Text:
    """What stands on a sheet, in one language."""

    title: str
    salutation: str
    opening: str
    demands: list[str]
    version: int
    organiser: str
    running: str
    send_to: str
    hand_in: str
    sign_url: str
    print_url: str
    contact: str


def make(campaign: Campaign, via: str = "", sheets: int = 1) -> bytes:
    """A PDF of so many sheets, each with a number of its own, in the active language.

    `via` is the code of the organiser who collects; an unknown one makes a sheet of the campaign.
    """
    text = _text(campaign, via)
    sheet = Sheet(text)
    for _each in range(min(sheets, MOST_SHEETS)):
        sheet.draw(numbers.new())
    return bytes(sheet.pdf.output())


def _text(campaign: Campaign, via: str) -> Text:
    organisers = list(campaign.organisers.all())
    running = [organiser for organiser in organisers if organiser.part == Organiser.Part.RUNS]
    collecting = next((organiser for organiser in organisers if organiser.code == via), None)
    receiving = collecting or next(iter(running), None)
    query = f"?{urlencode({'via': collecting.code})}" if collecting else ""
    appeal = campaign.appeal
    return Text(
        title=str(campaign.title),
        salutation=salutation(campaign.addressees.all()),
        opening=str(appeal.opening),
        demands=[str(demand.text) for demand in appeal.demands.all()],
        version=appeal.version,
        organiser=str(collecting.name) if collecting else "",
        running=", ".join(str(organiser.name) for organiser in running),
        send_to=_address(receiving),
        hand_in=_hand_in(campaign),
        sign_url=_absolute("sign", campaign) + query,
        print_url=_absolute("paper", campaign) + query,
        contact=settings.REPLY_TO,
    )


def _absolute(page: str, campaign: Campaign) -> str:
    return urljoin(settings.SITE_URL, reverse(f"signatures:{page}", args=[campaign.slug]))


def _address(organiser: Organiser | None) -> str:
    if organiser is None:
        return settings.REPLY_TO
    # Without the last slash, which in a line from right to left would end up at the other end.
    where = organiser.website.rstrip("/") or settings.REPLY_TO
    return f"{organiser.name}, {where}"


def _hand_in(campaign: Campaign) -> str:
    sentences = []
    if campaign.closes_at:
        words = _("Please send it so that it arrives before %(day)s.")
        sentences.append(words % {"day": date_format(campaign.closes_at, "DATE_FORMAT")})
    if campaign.hand_in_at:
        words = _("The signatures will be handed in on %(moment)s (UTC): %(place)s")
        moment = date_format(campaign.hand_in_at, "DATETIME_FORMAT")
        sentences.append(words % {"moment": moment, "place": campaign.hand_in_place})
    elif campaign.hand_in_when:
        words = _("The signatures will be handed in %(when)s.")
        sentences.append(words % {"when": campaign.hand_in_when})
    return " ".join(sentences)


class Sheet:
    """Draws; what is the same on every sheet is worked out once."""

    def __init__(self, text: Text):
        self.text = text
        self.rtl = get_language_bidi()
        self.pdf = _document()
        self.pdf.set_title(text.title)
        self.pdf.set_lang(get_language() or settings.LANGUAGE_CODE)
        self.qr = io.BytesIO()
        segno.make(text.sign_url, error="m", micro=False).save(
            self.qr, kind="png", scale=12, border=0
        )
        self.pdf.add_page()
        self.foot = HEIGHT - MARGIN - self._foot(0, dry=True)
        self.size = self._fitting()
        self.fresh = True

    def draw(self, number: str) -> None:
        """One sheet; two pages only if the appeal leaves no room for names."""
        self._new_page()
        self._foot(self.foot, number=number)
        top = self._head(self.size)
        if self._rows(top) < FEWEST_ROWS:
            self._new_page()
            self._foot(self.foot, number=number)
            top = MARGIN
        self._table(top, min(MOST_ROWS, self._rows(top)))

    def _new_page(self) -> None:
        if not self.fresh:
            self.pdf.add_page()
        self.fresh = False

    def _fitting(self) -> float:
        for size in SIZES:
            if self._rows(self._head(size, dry=True)) >= ENOUGH_ROWS:
                return size
        return SIZES[-1]

    def _rows(self, top: float) -> int:
        return int(self._room(top) // ROW)

    def _room(self, top: float) -> float:
        return self.foot - 3 - top - self._headings(top, dry=True)[1]

    # The parts, from top to bottom; each returns where it ends, or how high it is

    def _head(self, size: float, dry: bool = False) -> float:
        """Who asks whom for what, and the way to sign online."""
        words, text = partial(self.words, dry=dry), self.text
        width = INNER - QR - 7
        y = MARGIN
        y += words(MARGIN, y, width, _("Signature sheet"), 8, grey=True) + 0.8
        y += words(MARGIN, y, width, text.title, size + 4.5, bold=True, leading=1.18) + 1.5
        who = _("Run by: %(names)s") % {"names": text.running} if text.running else ""
        y += words(MARGIN, y, width, who, 7.5, grey=True) + 0.5
        if text.organiser:
            collected = _("Collected by: %(name)s") % {"name": text.organiser}
            y += words(MARGIN, y, width, collected, 8.5, bold=True) + 0.5
        online = _("Or sign online: %(address)s") % {"address": text.sign_url.rstrip("/")}
        y += words(MARGIN, y, width, online, 7.5, grey=True) + 0.5
        y = max(y + 1, self._online(dry))
        y += words(MARGIN, y, INNER, text.salutation, size) + 1
        y += words(MARGIN, y, INNER, text.opening, size) + 1
        for index, demand in enumerate(text.demands, start=1):
            words(MARGIN, y, 7, f"{index}.", size, bold=True)
            y += words(MARGIN + 7, y, INNER - 7, demand, size, bold=True) + 1
        return y + words(MARGIN, y + 1, INNER, self.consent(), 8) + 2.5

    def _online(self, dry: bool) -> float:
        x, y = WIDTH - MARGIN - QR, MARGIN
        if not dry:
            self.pdf.image(self.qr, self.across(x, QR), y, QR, QR)
        return y + QR + 3

    def _headings(self, y: float, dry: bool = False) -> tuple[float, float]:
        """What goes into the columns, and above the boxes the question that they answer; the height
        of the question, and of all."""
        edges = _edges()
        boxes = sum(COLUMNS[4:7])
        question = self.words(
            edges[4] + 0.5, y + 0.8, boxes - 1, _("What may we do with your name? Tick one box."),
            6.5, bold=True, align="center", dry=dry,
        ) + 1.6  # fmt: skip
        answers = (
            _("only count me"),
            _("give it to the addressees"),
            _("and show it on the web"),
        )
        heights = [
            self.words(x + 0.4, y + question, width - 0.8, words, 5.6, align="center", dry=dry)
            for x, width, words in zip(edges[4:7], COLUMNS[4:7], answers, strict=True)
        ]
        height = question + max(heights) + 1
        titles = (
            _("Name, in block letters"),
            _("Town"),
            pgettext("a signatory's", "Country"),
            pgettext("by hand", "Signature"),
        )
        for column, words in zip((1, 2, 3, 7), titles, strict=True):
            self.words(edges[column] + 1, y + 1.2, COLUMNS[column] - 2, words, 7.5, bold=True,
                       dry=dry)  # fmt: skip
        return question, height

    def _table(self, top: float, rows: int) -> None:
        pdf, edges = self.pdf, _edges()
        question, head = self._headings(top, dry=True)
        row = min(LARGEST_ROW, self._room(top) / rows)
        pdf.set_fill_color(PALE)
        pdf.rect(MARGIN, top, INNER, head, style="F")
        self._headings(top)
        pdf.set_draw_color(INK)
        pdf.set_line_width(0.2)
        for y in (top, *(top + head + number * row for number in range(rows + 1))):
            pdf.line(MARGIN, y, WIDTH - MARGIN, y)
        for index, x in enumerate((*edges, WIDTH - MARGIN)):
            start = top + question if index in BETWEEN_BOXES else top
            pdf.line(self.across(x, 0), start, self.across(x, 0), top + head + rows * row)
        for number in range(rows):
            self._row(number + 1, top + head + number * row, row)

    def _row(self, number: int, y: float, height: float) -> None:
        edges = _edges()
        self.words(MARGIN, y + height / 2 - 1.6, COLUMNS[0], str(number), 8, grey=True,
                   align="center")  # fmt: skip
        for x, width in zip(edges[4:7], COLUMNS[4:7], strict=True):
            left = self.across(x + (width - BOX) / 2, BOX)
            self.pdf.rect(left, y + (height - BOX) / 2, BOX, BOX)

    def _foot(self, y: float, number: str = "", dry: bool = False) -> float:
        """What happens with a name and with the sheet; where to send it, and its number."""
        words, text, start = partial(self.words, dry=dry), self.text, y
        y += words(MARGIN, y, INNER, _("What happens with this sheet"), 8, bold=True) + 0.5
        y += words(MARGIN, y, INNER, self.privacy(), 7.2) + 2
        if not dry:
            self.pdf.set_draw_color(INK)
            self.pdf.line(MARGIN, y - 0.6, WIDTH - MARGIN, y - 0.6)
        left, right = 128.0, INNER - 132.0
        send = _("Please send this sheet to: %(address)s") % {"address": text.send_to}
        lower = y + words(MARGIN, y + 0.6, left, send, 8.5, bold=True) + 1
        lower += words(MARGIN, lower, left, text.hand_in, 7.2)
        copies = _("Every sheet has its own number, so please do not copy it. More sheets:")
        lower += words(MARGIN, lower + 0.4, left, copies, 7.2) + 0.4
        lower += words(MARGIN, lower, left, text.print_url, 7.2)
        x = WIDTH - MARGIN - right
        beside = y + words(x, y + 0.6, right, _("Number of this sheet"), 7.2, align="end") + 0.6
        shown = numbers.printed(number) if number else "0000-0000"
        beside += words(x, beside, right, shown, 15, bold=True, align="end")
        version = _("Text: version %(number)d") % {"number": text.version}
        beside += words(x, beside, right, version, 6.5, grey=True, align="end")
        return max(lower, beside) - start

    def consent(self) -> str:
        return _(
            "By signing I say: I am 16 or older and sign this appeal. I agree that my signature, "
            "which shows a political opinion, is kept and used to hand in this appeal, as stated "
            "at the foot of this sheet."
        )

    def privacy(self) -> str:
        words = [
            _(
                "Whoever signs after you can read your line. If nobody may know that you sign, "
                "sign online."
            ),
            _(
                "Without a tick we only count you, and keep no name. Whoever only wants to be "
                "counted may leave name and town empty."
            ),
            _(
                "We type in what you wrote, and keep names encrypted. The addressees get the "
                "number of signatures and the names of those who ticked one of the last two boxes. "
                "On the web stand only those who ticked the last one."
            ),
            _(
                "Names are erased at the latest %(days)d days after the hand-in, and the sheet is "
                "destroyed."
            )
            % {"days": settings.AFTER_HAND_IN_DAYS},
            _("To correct or withdraw your line, write to %(address)s.")
            % {"address": self.text.contact},
        ]
        if self.text.running:
            words.append(_("Responsible: %(names)s.") % {"names": self.text.running.rstrip(".")})
        return " ".join(words)

    # Placing

    def across(self, x: float, width: float) -> float:
        """Where something begins that is `width` wide and would begin at `x` from left to right."""
        return WIDTH - x - width if self.rtl else x

    def words(
        self, x: float, y: float, width: float, words: str, size: float, bold: bool = False,
        grey: bool = False, align: str = "start", leading: float = LEADING, dry: bool = False,
    ) -> float:  # fmt: skip
        """Set words into a column; the height that they take."""
        if not words:
            return 0.0
        pdf = self.pdf
        pdf.set_font("DejaVu", "B" if bold else "", size)
        self._shape(words)
        pdf.set_text_color(GREY if grey else INK)
        pdf.set_xy(self.across(x, width), y)
        height: Any = pdf.multi_cell(
            width, size * POINT * leading, words, align=self._align(align), dry_run=dry,
            new_x=XPos.LMARGIN, new_y=YPos.TOP, output=MethodReturnValue.HEIGHT,
        )  # fmt: skip
        return float(height)

    def _shape(self, words: str) -> None:
        """Shaping takes time, so only where a script needs it or the page is mirrored."""
        if self.rtl or SHAPED.search(words):
            self.pdf.set_text_shaping(True, direction="rtl" if self.rtl else "ltr")
        else:
            self.pdf.set_text_shaping(False)

    def _align(self, align: str) -> str:
        sides = {"start": "R" if self.rtl else "L", "end": "L" if self.rtl else "R"}
        return sides.get(align, "C")


def _edges() -> list[float]:
    edges, x = [], float(MARGIN)
    for width in COLUMNS:
        edges.append(x)
        x += width
    return edges


def _document() -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.add_font("DejaVu", "", FONTS / "DejaVuSans.ttf")
    pdf.add_font("DejaVu", "B", FONTS / "DejaVuSans-Bold.ttf")
    return pdf
