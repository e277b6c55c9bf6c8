"""The verbs: every change of a signature, and nothing else.

Each is a guarded update: its `WHERE` holds what must be true, the row count says whether we were
first. So each may be repeated, by an impatient finger or by a retry, and happens once.
"""

from signatures.lifecycle.comments import approve_comment, refuse_comment
from signatures.lifecycle.confirming import (
    GRACE,
    MUTED_FOR,
    confirm,
    deny,
    heed_bounce,
    heed_complaint,
    is_too_late,
)
from signatures.lifecycle.forgetting import forget
from signatures.lifecycle.leaving import (
    HIDDEN,
    NO_COMMENT,
    NO_NEWS,
    NO_QUOTE,
    Words,
    correct,
    erase,
    stop_updates,
    want_updates,
    withdraw,
)
from signatures.lifecycle.moderating import (
    approve,
    hide,
    hold,
    hold_all,
    refuse,
    release,
    release_all,
    restore,
)
from signatures.lifecycle.organisations import (
    PLACES,
    Description,
    ask_opinion,
    describe,
    described,
    has_signed_as_person,
    pin,
    take_personally,
    taken_places,
    unpin,
    was_taken_personally,
)
from signatures.lifecycle.signing import (
    CROWDED,
    HONEYPOT,
    REMINDED_AFTER,
    UNSOLVED,
    address_hash,
    remind,
    sign,
)

__all__ = [
    "CROWDED", "GRACE", "HIDDEN", "HONEYPOT", "MUTED_FOR", "NO_COMMENT", "NO_NEWS", "NO_QUOTE",
    "PLACES", "REMINDED_AFTER", "UNSOLVED",
    "Description", "Words", "address_hash", "approve", "approve_comment", "ask_opinion", "confirm",
    "correct", "deny", "describe", "described", "erase", "forget", "has_signed_as_person",
    "heed_bounce", "heed_complaint", "hide", "hold", "hold_all", "is_too_late", "pin", "refuse",
    "refuse_comment", "release", "release_all", "remind", "restore", "sign", "stop_updates",
    "take_personally", "taken_places", "unpin", "want_updates", "was_taken_personally", "withdraw",
]  # fmt: skip
