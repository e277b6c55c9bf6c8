"""What signatories do on their own page, and what they take back."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from signatures import tally
from signatures.lifecycle.counting import stop_counting
from signatures.lifecycle.signing import exact_hash
from signatures.models import (
    Erasure,
    HandIn,
    HandInFile,
    PaperBatch,
    SealedEntry,
    Signature,
    Visibility,
)

# What the ledger says of those who stay but took something back; also a visibility below `public`.
NO_NEWS, HIDDEN, NO_QUOTE, NO_COMMENT = "updates", "hidden", "quote", "comment"

# Who signed on paper has no address, and stands in the ledger by the key of the row; a keyed hash
# holds no colon. A batch that was taken back has a kind of its own there.
ON_PAPER, PAPER_BATCH = "paper:", "paper batch"

# A withdrawn signature keeps what the totals need: campaign, kind, country and its timestamps.
NOTHING_PERSONAL = {
    "address_hash": "", "exact_hash": "", "email": "",
    "name": "", "city": "", "comment": "", "role": "",
    "affiliation": "", "organisation": "", "organisation_folded": "", "organisation_names": "",
    "aliases": "", "website": "", "contact_domain": "", "via": "", "signals": "",
    "updates": False, "quote": False, "pinned": None,
}  # fmt: skip
# Who only wants to be counted leaves nothing else.
ONLY_COUNTED = {"name": "", "city": "", "comment": "", "affiliation": "", "quote": False}


@transaction.atomic
def withdraw(signature: Signature) -> bool:
    """The signatory takes it back; what leads to a person goes at once."""
    changes = {**NOTHING_PERSONAL, "withdrawn_at": now()}
    if not stop_counting(signature, Signature.objects.live(), changes):
        return False
    signature.tokens.all().delete()
    signature.mails.all().delete()
    leave_sealed_lists(signature)
    enter_in_ledger(signature)
    return True


@transaction.atomic
def erase(signature: Signature) -> bool:
    """The signatory wants no trace: the row goes, and the totals keep that one was erased."""
    if not withdraw(signature):
        return False
    SealedEntry.objects.filter(signature=signature).update(country="")
    Signature.objects.filter(pk=signature.pk).delete()
    tally.add_gone(signature.campaign_id, tally.ERASED, 1)
    return True


def want_updates(signature: Signature, email: str) -> bool:
    """News go to this address from now on; it must be the one that signed."""
    if exact_hash(signature.campaign, email) != signature.exact_hash:
        return False
    rows = Signature.objects.confirmed().filter(pk=signature.pk)
    return bool(rows.update(updates=True, email=email))


@transaction.atomic
def stop_updates(signature: Signature) -> bool:
    """No more news to this address, which goes, for whomever it signed; what it signed stays."""
    same = Q(campaign=signature.campaign_id, address_hash=signature.address_hash, batch=None)
    rows = Signature.objects.confirmed().filter(Q(pk=signature.pk) | same)
    if not rows.update(updates=False, email=""):
        return False
    enter_in_ledger(signature, NO_NEWS)
    return True


@dataclass(frozen=True)
class Words:
    """What a person says on the own page; without an answer to `quote` the comment is not shown."""

    comment: str = ""
    quote: bool = False
    affiliation: str = ""


@transaction.atomic
def correct(signature: Signature, name: str, visibility: str, words: Words | None = None) -> bool:
    """Change the name, what is done with it, and what else the person says.

    Who only wants to be counted leaves nothing of it. A comment that changed has to be read again.
    """
    row = Signature.objects.confirmed().select_for_update(of=("self",)).filter(pk=signature.pk)
    before = row.first()
    if before is None:
        return False
    said = Words(before.comment, before.quote, before.affiliation)
    words = words or said
    if visibility == Visibility.COUNT:
        name, words = "", Words()
    words = replace(words, quote=words.quote and words.comment != "")
    changes: dict[str, Any] = {"visibility": visibility, "name": name, **asdict(words)}
    if visibility == Visibility.COUNT:
        changes |= ONLY_COUNTED
    if (words.comment, words.quote) != (said.comment, said.quote):
        changes |= {"comment_approved_at": None, "comment_refused_at": None}
    row.update(**changes)
    if visibility == Visibility.COUNT:
        leave_sealed_lists(signature)
    _enter_what_is_less(signature, visibility, said, words)
    return True


def _enter_what_is_less(signature: Signature, visibility: str, said: Words, words: Words) -> None:
    if visibility != Visibility.PUBLIC:
        enter_in_ledger(signature, visibility)
    if said.comment and words.comment != said.comment:
        enter_in_ledger(signature, NO_COMMENT)
    elif said.quote and not words.quote:
        enter_in_ledger(signature, NO_QUOTE)


def delete(locked: Any) -> list[int]:
    """Delete locked rows with all that hangs on them; the campaign of each."""
    rows = dict(locked.values_list("pk", "campaign_id"))
    Signature.objects.filter(pk__in=rows).delete()
    return list(rows.values())


def leave_sealed_lists(signature: Signature) -> None:
    """What was sealed of the signature goes; its digest stays, so that the list can be proven.

    Files that may name it go, too, and can be made again without. Call this after the change of the
    signature: whoever seals holds that row until the entry is there. Whoever stores a file holds
    the list.
    """
    entries = SealedEntry.objects.filter(signature=signature, taken_back_at=None)
    lists = HandIn.objects.filter(pk__in=entries.values("hand_in")).order_by("pk")
    locked = list(lists.select_for_update().values_list("pk", flat=True))
    if locked:
        entries.update(line="", taken_back_at=_day(now()))
        HandInFile.objects.filter(hand_in__in=locked).exclude(content="").update(content="")


def _day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def enter_in_ledger(signature: Signature, what: str = "") -> None:
    """The whole signature was taken back, or only `what`: no restored backup may bring it again."""
    Erasure.objects.create(
        campaign=signature.campaign,
        kind=what or signature.kind,
        address_hash=ledger_key(signature),
        at=now(),
    )


def ledger_key(signature: Signature) -> str:
    return f"{ON_PAPER}{signature.pk}" if signature.batch_id else signature.address_hash


def batch_key(batch: PaperBatch) -> str:
    return f"{ON_PAPER}{batch.pk}"
