"""The verbs: every change of a signature, and nothing else.

Each is a guarded update: its `WHERE` holds what must be true, the row count says whether we were
first. So each may be repeated, by an impatient finger or by a retry, and happens once.
"""

from signatures.lifecycle.confirming import (
    GRACE,
    MUTED_FOR,
    confirm,
    confirm_as_read,
    deny,
    heed_bounce,
    heed_complaint,
    is_too_late,
)
from signatures.lifecycle.forgetting import forget
from signatures.lifecycle.leaving import (
    HIDDEN,
    NO_NEWS,
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
from signatures.lifecycle.signing import (
    CROWDED,
    HONEYPOT,
    REMINDED_AFTER,
    UNSOLVED,
    address_hash,
    exact_hash,
    gist,
    remind,
    sign,
)

__all__ = [
    "CROWDED", "GRACE", "HIDDEN", "HONEYPOT", "MUTED_FOR", "NO_NEWS", "REMINDED_AFTER",
    "UNSOLVED", "address_hash", "approve", "confirm", "confirm_as_read", "correct", "deny",
    "erase", "exact_hash", "forget", "gist", "heed_bounce", "heed_complaint", "hide", "hold",
    "hold_all", "is_too_late", "refuse", "release", "release_all", "remind", "restore", "sign",
    "stop_updates", "want_updates", "withdraw",
]  # fmt: skip
