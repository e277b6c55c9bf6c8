"""What the owner of an address answers to our mail, and what the mailbox does."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import outbox, tally
from signatures.keys import SealedField
from signatures.lifecycle.counting import start_counting
from signatures.lifecycle.leaving import delete, enter_in_ledger, stop_updates, withdraw
from signatures.lifecycle.signing import gist
from signatures.models import Kind, Mute, Signature, Visibility

MUTED_FOR = timedelta(days=90)
GRACE = timedelta(days=7)  # what was signed before closing can still be confirmed


def is_too_late(campaign: Campaign) -> bool:
    """Whether signing ended longer ago than a mailed link may still confirm."""
    return campaign.closed_at is not None and campaign.closed_at + GRACE <= now()


@transaction.atomic
def confirm(signature: Signature, hide_name: bool = False) -> bool:
    """Count the signature as it was read; confirming again changes nothing.

    Nor does it if somebody has signed anew with this address in the meantime: its owner has not
    seen what would be confirmed. From now on the address is kept only for those who asked for
    updates.
    """
    changes: dict[str, Any] = {
        "confirmed_at": now(),
        "email": Case(
            When(updates=True, then=F("email")), default=Value(""), output_field=SealedField()
        ),
    }
    if hide_name:
        public_person = When(
            kind=Kind.INDIVIDUAL, visibility=Visibility.PUBLIC, then=Value(Visibility.HANDIN)
        )
        changes["visibility"] = Case(public_person, default=F("visibility"))
    as_read = Signature.objects.pending().filter(signed_at=signature.signed_at)
    return start_counting(signature, as_read, changes)


def confirm_as_read(signature: Signature, seen: str, hide_name: bool = False) -> bool:
    """Confirm what somebody has read, of which `seen` is the gist; whether it is confirmed now.

    Not if somebody has signed anew with this address since. An empty `seen` is the signature as it
    stands here.
    """
    if signature.is_pending and seen not in ("", gist(vars(signature))):
        return False
    done = confirm(signature, hide_name)
    return done or not Signature.objects.pending().filter(pk=signature.pk).exists()


@transaction.atomic
def deny(signature: Signature) -> None:
    """It was somebody else: erase what that person typed and leave the address in peace."""
    if not _disown(signature):
        _mute(signature)
        withdraw(signature)


@transaction.atomic
def heed_complaint(report: str, message_id: str) -> None:
    """A mailbox called a mail of ours spam: as `deny`, unless the signature was confirmed.

    Such a one stays, and only the news end. A report that was heard before changes nothing.
    """
    mail = outbox.reported(report, message_id)
    if mail is None or mail.signature is None:  # a trial is nobody's
        return
    if not _disown(mail.signature):
        stop_updates(mail.signature)


@transaction.atomic
def heed_bounce(report: str, message_id: str) -> None:
    """A mail came back for good: no reminder follows it, and `forget` erases the address.

    A report that was heard before changes nothing.
    """
    mail = outbox.reported(report, message_id)
    if mail is not None:
        outbox.bounce(mail)


def _disown(signature: Signature) -> bool:
    """Erase a pending signature and mute its address; whether it was still pending."""
    pending = Signature.objects.select_for_update().pending().filter(pk=signature.pk)
    if not delete(pending):
        return False
    _mute(signature)
    enter_in_ledger(signature)
    tally.add_gone(signature.campaign_id, tally.DENIED, 1)
    return True


def _mute(signature: Signature) -> None:
    Mute.objects.update_or_create(
        campaign=signature.campaign,
        address_hash=signature.address_hash,
        defaults={"until": now() + MUTED_FOR},
    )
