"""Which comments are shown: those whose author agrees, after an organiser has read them."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from signatures.lifecycle.moderating import Verb, moderate
from signatures.models import Signature


def approve_comment(signature: Signature, by: User, reason: str = "") -> bool:
    """Show the comment as it stands in `signature`; not if its author has changed it meanwhile."""
    undecided = {"comment_approved_at": None}
    changes = {"comment_approved_at": now(), "comment_refused_at": None}
    return _decide(Verb.QUOTE, signature, by, reason, undecided, changes)


def refuse_comment(signature: Signature, by: User, reason: str = "") -> bool:
    """Do not show the comment (any more). The signature stays as it is."""
    undecided = {"comment_refused_at": None}
    changes = {"comment_approved_at": None, "comment_refused_at": now()}
    return _decide(Verb.UNQUOTE, signature, by, reason, undecided, changes)


@transaction.atomic
def _decide(
    verb: Verb,
    signature: Signature,
    by: User,
    reason: str,
    undecided: dict[str, Any],
    changes: dict[str, Any],
) -> bool:
    rows = Signature.objects.confirmed().filter(quote=True, **undecided)
    # A sealed text cannot be compared in a `WHERE`: the row is locked instead.
    row = rows.select_for_update(of=("self",)).filter(pk=signature.pk).first()
    if row is None or row.comment != signature.comment:
        return False
    return moderate(verb, signature, by, reason, rows, **changes)
