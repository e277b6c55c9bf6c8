"""What is held, for how long, and what makes it go: declared once, shown, enforced and checked."""

from signatures.retention.check import overdue
from signatures.retention.declared import table, undeclared
from signatures.retention.forgetting import (
    FORGOTTEN,
    ONLY_THE_COUNT,
    forget,
    forget_sheets,
    strip,
)

__all__ = [
    "FORGOTTEN", "ONLY_THE_COUNT", "forget", "forget_sheets", "overdue", "strip", "table",
    "undeclared",
]  # fmt: skip
