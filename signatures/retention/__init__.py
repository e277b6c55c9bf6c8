"""What is held, for how long, and what makes it go: declared once, shown, enforced and checked."""

from signatures.retention.check import kept_too_long, look, overdue
from signatures.retention.declared import FILE_DAYS, table, undeclared
from signatures.retention.forgetting import (
    FORGOTTEN,
    ONLY_THE_COUNT,
    forget,
    forget_sheets,
    strip,
)

__all__ = [
    "FILE_DAYS", "FORGOTTEN", "ONLY_THE_COUNT", "forget", "forget_sheets", "kept_too_long", "look",
    "overdue", "strip", "table", "undeclared",
]  # fmt: skip
