"""Django looks here for the desk."""

from signatures.desk import (
    comments,
    earlier,
    exports,
    hand_in,
    moderation,
    organisations,
    paper,
    updates,
)

__all__ = [
    "comments", "earlier", "exports", "hand_in", "moderation", "organisations", "paper", "updates",
]  # fmt: skip
