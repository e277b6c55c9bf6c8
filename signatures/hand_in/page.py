"""The sealed list as one page that needs nothing else, and no network."""

import base64
from pathlib import Path
from typing import BinaryIO

from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_info

from signatures import tally
from signatures.hand_in import words
from signatures.hand_in.contents import Contents
from signatures.models import Kind

STYLE = Path(__file__).with_name("page.css")


def write(contents: Contents, target: BinaryIO) -> None:
    language = get_language() or "en"
    context = {
        "contents": contents,
        "campaign": contents.campaign,
        "hand_in": contents.hand_in,
        "language": language,
        "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
        "style": base64.b64encode(STYLE.read_bytes()).decode(),
        "title": words.title(contents),
        "consent": words.consent(contents),
        "handed_in": words.handed_in(contents),
        "figures": words.figures(contents),
        "correction": words.correction(contents),
        "method": words.method(contents),
        "organisations": contents.names(Kind.ORGANISATION),
        "people": contents.names(Kind.INDIVIDUAL, tally.PAPER),
    }
    target.write(render_to_string("signatures/hand_in/page.html", context).encode())
