"""What is held, for how long, and what makes it go: declared once, shown, enforced and checked."""

from signatures.retention.check import overdue
from signatures.retention.declared import table, undeclared
from signatures.retention.forgetting import forget, strip

__all__ = ["forget", "overdue", "strip", "table", "undeclared"]
