"""Public lists, page by page: at most fifty rows, and a sealed cursor to the next.

Sealed, since neither moments nor row numbers are anybody's business.
"""

from datetime import datetime

from django.db.models import Q

from signatures import keys
from signatures.models import Signature
from signatures.querysets import SignatureQuerySet

PAGE = 50


class BadCursor(Exception):
    """A cursor that was not made here, or for another list."""


def page(
    rows: SignatureQuerySet, by: str, scope: str, after: str = "", size: int = PAGE
) -> tuple[list[Signature], str]:
    """The rows after a cursor, newest first by the column `by`; and the next cursor, if any.

    A cursor fits lists of the same `scope`. Raises `BadCursor`.
    """
    if after:
        at, pk = _read(after, scope)
        rows = rows.filter(Q(**{f"{by}__lt": at}) | Q(**{by: at, "pk__lt": pk}))
    found = list(rows.order_by(f"-{by}", "-id")[: size + 1])
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], keys.ticket("list", scope, getattr(last, by).isoformat(), str(last.pk))


def organisations(
    rows: SignatureQuerySet, campaign_id: int, after: str = ""
) -> tuple[list[Signature], list[Signature], str]:
    """Of a campaign's listed organisations, a page: the first signatories, the others, the cursor.

    The first signatories stand on the first page only.
    """
    first = [] if after else list(rows.pinned()[:PAGE])
    others = rows.filter(pinned=None)
    scope = f"{campaign_id}:organisation"
    return first, *page(others, "confirmed_at", scope, after, PAGE - len(first))


def _read(cursor: str, scope: str) -> tuple[datetime, int]:
    """Where a page ended."""
    try:
        of, at, pk = keys.read_ticket("list", cursor)
    except keys.BadSeal:
        raise BadCursor from None
    if of != scope:
        raise BadCursor
    return datetime.fromisoformat(at), int(pk)
