"""The number of a printed sheet: seven signs by chance, and one by which a slip shows."""

import re
import secrets

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Digits and letters that nobody takes for another one, also by hand. Their number is a prime: so
# the last sign finds every wrong sign and every two that have changed places.
SIGNS = "234679ACDEFHJKMNPRTVWXY"
LENGTH = 8
BETWEEN = re.compile(r"[\s\-–—]")


def new() -> str:
    """As it is stored, without the hyphen."""
    signs = "".join(secrets.choice(SIGNS) for _each in range(LENGTH - 1))
    return signs + _last(signs)


def printed(number: str) -> str:
    """`34AC-7XYW`: easier to read and to type."""
    return f"{number[:4]}-{number[4:]}"


def clean(text: str) -> str:
    """What somebody read off a sheet, as it is stored."""
    number = BETWEEN.sub("", text).upper()
    known = len(number) == LENGTH and set(number) <= set(SIGNS)
    if not known or _last(number[:-1]) != number[-1]:
        raise ValidationError(
            _("“%(number)s” is not the number of a sheet. Compare it with the paper."),
            "number",
            {"number": text[:20]},
        )
    return number


def clean_all(text: str) -> list[str]:
    """Several numbers, with commas, semicolons or on lines of their own; each once."""
    parts = (part.strip() for part in re.split(r"[,;\n]", text))
    return list(dict.fromkeys(clean(part) for part in parts if part))


def _last(signs: str) -> str:
    weighted = sum(weight * SIGNS.index(sign) for weight, sign in enumerate(signs, start=2))
    return SIGNS[-weighted % len(SIGNS)]
