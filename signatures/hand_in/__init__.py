"""The hand-in: sealing the list, what is made from it, and how anybody can check it."""

from signatures.hand_in.files import FILES, LANGUAGES, ask, made, read
from signatures.hand_in.proof import Check, as_data, check, how, of_signature
from signatures.hand_in.receipts import BadReceipt, clean_receipt, keep_receipt, read_receipt
from signatures.hand_in.sealing import (
    BLOCK,
    HAS_LISTS,
    Correction,
    correction,
    public,
    record,
    seal,
    taken_back,
)
from signatures.hand_in.work import is_due, work

__all__ = [
    "BLOCK", "FILES", "HAS_LISTS", "LANGUAGES", "BadReceipt", "Check", "Correction", "as_data",
    "ask", "check", "clean_receipt", "correction", "how", "is_due", "keep_receipt", "made",
    "of_signature", "public", "read", "read_receipt", "record", "seal", "taken_back", "work",
]  # fmt: skip
