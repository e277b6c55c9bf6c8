"""Guarded changes that keep the tally right."""

from collections.abc import Callable
from typing import Any

from signatures import tally
from signatures.models import Signature
from signatures.querysets import COUNTED


def start_counting(signature: Signature, rows: Any, changes: dict[str, Any]) -> bool:
    """Change a row that does not count yet, and add it to the tally if it does now."""
    if not rows.filter(~COUNTED, pk=signature.pk).update(**changes):
        return False
    for confirmed_at in (
        Signature.objects.counted().filter(pk=signature.pk).values_list("confirmed_at", flat=True)
    ):
        tally.add(signature, +1, confirmed_at)
    return True


def stop_counting(signature: Signature, rows: Any, changes: dict[str, Any]) -> bool:
    """Change a row that does not count afterwards, and take it off the tally if it did."""
    if rows.filter(COUNTED, pk=signature.pk).update(**changes):
        row = Signature.objects.filter(pk=signature.pk).values_list("confirmed_at", flat=True)
        tally.add(signature, -1, row.get())
        return True
    return bool(rows.filter(~COUNTED, pk=signature.pk).update(**changes))


def keep_counting(signature: Signature, rows: Any, changes: dict[str, Any]) -> bool:
    """Change a row in a way that has no bearing on the count."""
    return bool(rows.filter(pk=signature.pk).update(**changes))


def in_batches(step: Callable[[], int]) -> int:
    """Take a step until it finds nothing more to do; how much it did."""
    return sum(iter(step, 0))
