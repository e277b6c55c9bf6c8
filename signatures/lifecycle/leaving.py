"""What signatories do on their own page, and what they take back."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import now

from signatures import tally
from signatures.lifecycle.counting import stop_counting
from signatures.lifecycle.signing import address_hash
from signatures.models import (
    Erasure,
    HandIn,
    HandInFile,
    SealedEntry,
    Signature,
    Visibility,
)

# What the ledger says of those who stay but took something back; also a visibility below `public`.
NO_NEWS, HIDDEN = "updates", "hidden"

# A withdrawn signature keeps what the totals need: campaign, kind, country and its timestamps.
NOTHING_PERSONAL = {
    "address_hash": "", "email": "", "name": "", "city": "", "comment": "", "role": "",
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
    _leave_sealed_lists(signature)
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
    if address_hash(signature.campaign, email) != signature.address_hash:
        return False
    rows = Signature.objects.confirmed().filter(pk=signature.pk)
    return bool(rows.update(updates=True, email=email))


@transaction.atomic
def stop_updates(signature: Signature) -> bool:
    """No more news, and the address goes; the signature stays as it is."""
    rows = Signature.objects.confirmed().filter(pk=signature.pk)
    if not rows.update(updates=False, email=""):
        return False
    enter_in_ledger(signature, NO_NEWS)
    return True


@transaction.atomic
def correct(signature: Signature, name: str, visibility: str) -> bool:
    """Change the name and what is done with it; who only wants to be counted leaves no name."""
    changes: dict[str, Any] = {"visibility": visibility, "name": name}
    if visibility == Visibility.COUNT:
        changes |= ONLY_COUNTED
    if not Signature.objects.confirmed().filter(pk=signature.pk).update(**changes):
        return False
    if visibility == Visibility.COUNT:
        _leave_sealed_lists(signature)
    if visibility != Visibility.PUBLIC:
        enter_in_ledger(signature, visibility)
    return True


def delete(locked: Any) -> list[int]:
    """Delete locked rows with all that hangs on them; the campaign of each."""
    rows = dict(locked.values_list("pk", "campaign_id"))
    Signature.objects.filter(pk__in=rows).delete()
    return list(rows.values())


def _leave_sealed_lists(signature: Signature) -> None:
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
        address_hash=signature.address_hash,
        at=now(),
    )
