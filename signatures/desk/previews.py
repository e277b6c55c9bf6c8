"""What a page has shown and gets back unchanged: sealed in a field of its form.

So nothing is kept between the preview of a file and the press of the button, and nobody can change
what was looked at.
"""

import base64
import json
import zlib
from datetime import timedelta

from signatures import keys

FIELD = "shown"
LASTS = timedelta(hours=2)
MOST = 2_000_000  # bytes; Django takes 2.5 MB of fields


def seal(user, purpose: str, content: dict) -> str | None:
    """For the same account and purpose only; `None` if it is too much for a page."""
    text = json.dumps([purpose, user.pk, content], separators=(",", ":"))
    packed = base64.b85encode(zlib.compress(text.encode())).decode()
    sealed = keys.seal(packed)
    return sealed if len(sealed) <= MOST else None


def unseal(user, purpose: str, sealed: str) -> dict | None:
    """`None` for what is too old, from another account, or not from here."""
    try:
        packed = keys.unseal(sealed, LASTS)
    except keys.BadSeal:
        return None
    found, owner, content = json.loads(zlib.decompress(base64.b85decode(packed)))
    return content if (found, owner) == (purpose, user.pk) else None
