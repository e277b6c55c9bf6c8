"""Parts of a count that are too small to be told: a handful of people in a country are known."""

from collections.abc import Mapping

LEAST = 10


def suppress(cells: Mapping[str, int], least: int = LEAST) -> tuple[dict[str, int], int]:
    """The parts that may be told, the largest first, and the sum of all others.

    That sum is never one small part alone, nor small itself unless everything is.
    """
    parts = sorted(cells.items(), key=lambda part: (-part[1], part[0]))
    shown = [part for part in parts if part[1] >= least]
    rest = [part for part in parts if 0 < part[1] < least]
    while rest and shown and (len(rest) < 2 or sum(number for _, number in rest) < least):
        rest.append(shown.pop())
    return dict(shown), sum(number for _, number in rest)
