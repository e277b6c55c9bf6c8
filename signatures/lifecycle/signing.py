"""Signing: a signature that waits for its confirmation, and the mail that asks for it."""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import emails, keys, names, throttle
from signatures.models import Mute, Signature

REMINDED_AFTER = timedelta(days=1)
BATCH = 500
# Why the site itself holds a signature; organisers give reasons of their own.
HONEYPOT = "honeypot"
UNSOLVED = "question not answered"
CROWDED = "many from one mail domain"


def address_hash(campaign: Campaign, address: str) -> str:
    """The same for all spellings of an address, different in every campaign."""
    return keys.fingerprint("address", str(campaign.pk), names.canonical_address(address))


def sign(campaign: Campaign, details: dict[str, Any], hold_because: str = "") -> None:
    """Keep a signature that waits for its confirmation, and the mail that asks for it.

    `details` are the fields of a `Signature`, as `forms` has cleaned them. Whether the address is
    new, pending, confirmed or muted makes no difference that the caller could see: pending rows
    take the newest details, owners of confirmed ones get the link to their own page. What is held
    waits for an organiser, and does not count until it is released; its owner is asked to confirm
    all the same, unless it fell into the honeypot.
    """
    details = {**details, "address_hash": address_hash(campaign, details["email"])}
    try:
        _sign(campaign, details, hold_because)
    except IntegrityError:  # the same address a moment ago, in another process
        _sign(campaign, details, hold_because)


@transaction.atomic
def _sign(campaign: Campaign, details: dict[str, Any], hold_because: str) -> None:
    key = {"campaign": campaign, "address_hash": details["address_hash"]}
    if not Mute.objects.filter(**key, until__gt=now()).exists():
        _sign_or_remind_of_it(campaign, details, hold_because)
        return
    # The same work and no trace of it, or the time of the answer would tell who is muted.
    with transaction.atomic():
        _sign_or_remind_of_it(campaign, details, hold_because)
        transaction.set_rollback(True)
    throttle.may_mail(details["address_hash"])


def _sign_or_remind_of_it(campaign: Campaign, details: dict[str, Any], hold_because: str) -> None:
    key = {"campaign": campaign, "address_hash": details["address_hash"]}
    signature = Signature.objects.live().filter(**key, kind=details["kind"]).first()
    details = {**details, "appeal": campaign.appeal, "signed_at": now()}
    if signature is None:
        signature = _keep(campaign, details, hold_because)
    elif hold_because == HONEYPOT:
        return
    elif not _keep_newest(signature, details):
        if throttle.may_mail(signature.address_hash):
            emails.own_page(signature, details["email"], details["language"])
        return
    if hold_because != HONEYPOT and throttle.may_mail(signature.address_hash):
        emails.ask_to_confirm(signature, details["email"], details["language"])


def _keep(campaign: Campaign, details: dict[str, Any], hold_because: str) -> Signature:
    if not hold_because and throttle.is_crowded(details["email"]):
        hold_because = CROWDED
    held = {"held_at": now(), "held_reason": hold_because} if hold_because else {}
    return Signature.objects.create(campaign=campaign, **details, **held)


def _keep_newest(signature: Signature, details: dict[str, Any]) -> bool:
    """Whether the signature was still pending and now has these details."""
    if signature.held_reason == HONEYPOT:  # a robot had taken the address, here is its owner
        details = {**details, "held_at": None, "held_reason": ""}
    return bool(Signature.objects.pending().filter(pk=signature.pk).update(**details))


def remind() -> int:
    """Ask those once more who have not confirmed for a day; the number of reminders.

    Not where an earlier mail did not arrive.
    """
    rows = (
        Signature.objects.pending()
        .exclude(mails__failed_at__isnull=False)
        .filter(
            held_at=None,
            reminded_at=None,
            signed_at__lte=now() - REMINDED_AFTER,
            campaign__reminds=True,
            campaign__status=Campaign.Status.OPEN,
        )
    )
    return sum(_remind(signature) for signature in rows[:BATCH])


@transaction.atomic
def _remind(signature: Signature) -> bool:
    rows = Signature.objects.pending().filter(pk=signature.pk, reminded_at=None)
    if not rows.update(reminded_at=now()) or not throttle.may_mail(signature.address_hash):
        return False
    emails.remind(signature)
    return True
