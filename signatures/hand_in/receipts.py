"""The receipt that an addressee signs: a PDF or a picture, whatever its name says."""

import io
import warnings
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, UnidentifiedImageError

from campaigns import trail
from signatures.models import HandIn

MOST = 5 * 1024 * 1024  # bytes
TYPES = {"PDF": "application/pdf", "PNG": "image/png", "JPEG": "image/jpeg"}
LAST_BYTES = 1024  # among which a PDF says that it ends


class BadReceipt(Exception):
    """It cannot be kept; the text says why, in the language of the page."""


class Receipt(NamedTuple):
    content: bytes
    type: str


def clean_receipt(file: Any) -> Receipt:
    """What an upload holds; raises `BadReceipt`."""
    if file.size > MOST:
        raise BadReceipt(_("The file is larger than 5 MB: scan it in a coarser resolution."))
    content = file.read()
    return Receipt(content, type_of(content))


@transaction.atomic
def keep_receipt(hand_in: HandIn, receipt: Receipt, by: User) -> None:
    """Keep it encrypted, in place of an earlier one."""
    changes = {"receipt": receipt.content, "receipt_type": receipt.type}
    HandIn.objects.filter(pk=hand_in.pk).update(**changes)
    details = {"bytes": len(receipt.content), "type": receipt.type}
    trail.record("keep receipt", by, hand_in.campaign, hand_in, **details)


@transaction.atomic
def read_receipt(hand_in: HandIn, by: User) -> tuple[str, str, bytes] | None:
    """Name, type and content for whoever takes it away; `None` if there is none."""
    content: Any = HandIn.objects.values_list("receipt", flat=True).get(pk=hand_in.pk)
    if not content:
        return None
    trail.record("download receipt", by, hand_in.campaign, hand_in)
    ending = hand_in.receipt_type.rpartition("/")[2]
    return f"receipt-{hand_in.number}.{ending}", hand_in.receipt_type, content


def type_of(content: bytes) -> str:
    """By its first bytes and its last; a picture is decoded once."""
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-LAST_BYTES:]:
            raise BadReceipt(_("The PDF is incomplete: upload it again."))
        return TYPES["PDF"]
    return TYPES[_picture(content)]


def _picture(content: bytes) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as picture:
                picture.load()
                return str(picture.format)
    except (
        UnidentifiedImageError, OSError, SyntaxError, ValueError,
        Image.DecompressionBombError, Image.DecompressionBombWarning,
    ):  # fmt: skip
        words = _("This is no PDF, PNG or JPEG, or it is damaged: scan or photograph it anew.")
        raise BadReceipt(words) from None
