"""Pictures and PDFs that organisers bring: what they are is said by what is in them."""

import io

from PIL import Image

MOST_BYTES = 5 * 1024 * 1024
PDF = "application/pdf"
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}
ENDINGS = {PDF: "pdf", "image/png": "png", "image/jpeg": "jpg"}


def type_of(content: bytes) -> str:
    """The media type of a PDF, PNG or JPEG; empty for anything else, and for what is broken."""
    if content.startswith(b"%PDF-"):
        return PDF if b"%%EOF" in content[-1024:] else ""
    try:
        picture = Image.open(io.BytesIO(content), formats=list(TYPES))
        picture.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return ""
    return TYPES[picture.format or ""]
