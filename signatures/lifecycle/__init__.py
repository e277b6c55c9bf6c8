"""The verbs: every change of a signature, and nothing else.

Each is a guarded update: its `WHERE` holds what must be true, the row count says whether we were
first. So each may be repeated, by an impatient finger or by a retry, and happens once.
"""

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
    NO_NEWS,
    ON_PAPER,
    PAPER_BATCH,
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
from signatures.lifecycle.papers import (
    MOST_ON_PAPER,
    TAKES_PAPER,
    Entered,
    Line,
    enter,
    find_doubles,
    keep_scan,
    take_back_batch,
    withdraw_from_paper,
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
    "CROWDED", "GRACE", "HIDDEN", "HONEYPOT", "MOST_ON_PAPER", "MUTED_FOR", "NO_NEWS", "ON_PAPER",
    "PAPER_BATCH", "REMINDED_AFTER", "TAKES_PAPER", "UNSOLVED", "Entered", "Line",
    "address_hash", "approve", "confirm", "correct", "deny", "enter", "erase", "find_doubles",
    "forget", "heed_bounce", "heed_complaint", "hide", "hold", "hold_all", "is_too_late",
    "keep_scan", "refuse", "release", "release_all", "remind", "restore", "sign", "stop_updates",
    "take_back_batch", "want_updates", "withdraw", "withdraw_from_paper",
]  # fmt: skip
