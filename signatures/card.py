"""The picture that messengers and networks show of a link: the title, the count, who asks.

Drawn with our own fonts, which have Latin, Greek, Cyrillic and Arabic letters.
"""

import hashlib
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.cache import cache
from django.utils.translation import get_language, get_language_bidi, ngettext
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

from campaigns.models import Campaign

WIDTH, HEIGHT = 1200, 630
MARGIN, BAR = 72, 20
PAPER, INK, SIGNAL, GREY = "#fbf7ee", "#1b1a17", "#c2330a", "#5a554b"
COLOURS = 32
FONTS = Path(__file__).with_name("fonts")
BOLD, PLAIN = "DejaVuSans-Bold.ttf", "DejaVuSans.ttf"
TITLE_SIZES = range(84, 27, -4)
TITLE_HEIGHT = 310
# Below this no card boasts of a count.
FEWEST = 10
KEPT_FOR = 24 * 3600  # seconds; the texts are part of the key, so nothing old is shown


def picture(campaign: Campaign, total: int) -> bytes:
    """A PNG in the language that is active, drawn only when it says something new."""
    texts = (str(campaign.title), count(total), organisers(campaign))
    key = f"card:{get_language()}:{hashlib.sha256(repr(texts).encode()).hexdigest()}"
    drawn = cache.get(key)
    if drawn is None:
        drawn = draw(*texts, right_to_left=get_language_bidi())
        cache.set(key, drawn, KEPT_FOR)
    return drawn


def count(total: int) -> str:
    """Two digits of it: networks keep a card for weeks."""
    if total < FEWEST:
        return ""
    rounded = total // (step := 10 ** max(1, len(str(total)) - 2)) * step
    if rounded == total:
        words = ngettext("%(number)s signature", "%(number)s signatures", total)
    else:
        words = ngettext(
            "More than %(number)s signature", "More than %(number)s signatures", rounded
        )
    return words % {"number": intcomma(rounded)}


def organisers(campaign: Campaign) -> str:
    running = [str(o.name) for o in campaign.organisers.all() if o.part == "runs"]
    return _(", ").join(running)


def draw(title: str, number: str, names: str, *, right_to_left: bool) -> bytes:
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, BAR), fill=SIGNAL)
    page = _Page(pen, right_to_left)
    lines, font = fit(title, TITLE_SIZES, TITLE_HEIGHT)
    page.write(lines, font, MARGIN, INK)
    if number:
        page.write(*fit(number, range(56, 23, -4), 80), 415, SIGNAL)
    pen.line((MARGIN, 515, WIDTH - MARGIN, 515), fill=INK, width=2)
    if names:
        page.write(*fit(names, range(30, 19, -2), 76, PLAIN), 532, GREY)
    out = BytesIO()
    image.quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


def fit(text: str, sizes: range, height: int, name: str = BOLD):
    """The text in lines, and the largest font with which they fit; cut off if none does."""
    for size in sizes:
        font = _font(name, size)
        lines = wrap(text, font)
        if len(lines) * _line(font) <= height and all(_fits(line, font) for line in lines):
            return lines, font
    most = max(1, height // _line(font))
    kept = [_cut(line, font) for line in lines[:most]]
    return [*kept[:-1], _cut(f"{kept[-1]} …", font)] if len(lines) > most else kept, font


def wrap(text: str, font) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and not _fits(longer, font):
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class _Page:
    def __init__(self, pen, right_to_left: bool):
        self.pen = pen
        self.x, self.anchor = (WIDTH - MARGIN, "ra") if right_to_left else (MARGIN, "la")
        self.direction = "rtl" if right_to_left else "ltr"

    def write(self, lines, font, y: int, colour: str) -> None:
        # Without the library that shapes letters, Pillow refuses to be told a direction.
        shaped = {"direction": self.direction} if font.layout_engine == RAQM else {}
        for line in lines:
            self.pen.text((self.x, y), line, colour, font, anchor=self.anchor, **shaped)
            y += _line(font)


RAQM = ImageFont.Layout.RAQM


def _fits(text: str, font) -> bool:
    return font.getlength(text) <= WIDTH - 2 * MARGIN


def _cut(text: str, font) -> str:
    if _fits(text, font):
        return text
    while text and not _fits(f"{text}…", font):
        text = text[:-1]
    return f"{text.rstrip()}…"


def _line(font) -> int:
    return round(font.size * 1.24)


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / name, size)
