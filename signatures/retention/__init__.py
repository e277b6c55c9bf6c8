"""What is held, for how long, and what makes it go: declared once, shown, enforced and checked."""

from signatures.retention.declared import table, undeclared
from signatures.retention.forget import forget, strip
from signatures.retention.overdue import overdue

__all__ = ["forget", "overdue", "strip", "table", "undeclared"]
