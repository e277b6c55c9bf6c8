"""The count as a small picture; the text is measured here, since an SVG cannot do it itself."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import get_language_bidi
from django.utils.translation import pgettext as _p
from PIL import ImageFont

from campaigns.models import Campaign
from signatures.tally import Totals

FONT = Path(__file__).with_name("fonts") / "DejaVuSans-Bold.ttf"
SIZE, PADDING = 13, 10


def context(campaign: Campaign, totals: Totals) -> dict[str, Any]:
    label = _p("on the picture of the count", "Signatures")
    number = intcomma(totals.total)
    left, right = (_width(text) + 2 * PADDING for text in (label, number))
    if get_language_bidi():
        words = [(number, 0, right, True), (label, right, left, False)]
    else:
        words = [(label, 0, left, False), (number, left, right, True)]
    return {
        "title": campaign.title,
        "label": label,
        "number": number,
        "width": left + right,
        "parts": [
            {"text": text, "x": x, "width": width, "middle": x + width / 2, "is_number": is_number,
             "length": width - 2 * PADDING}
            for text, x, width, is_number in words
        ],
    }  # fmt: skip


def _width(text: str) -> int:
    return round(_font().getlength(text))


@lru_cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONT, SIZE)
