"""Signing: a signature that waits for its confirmation, and the mail that asks for it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import emails, keys, names, throttle
from signatures.models import Mute, OutboxMail, Signature, Token

REMINDED_AFTER = timedelta(days=1)
BATCH = 500
# Why the site itself holds a signature; organisers give reasons of their own.
HONEYPOT = "honeypot"
UNSOLVED = "question not answered"
CROWDED = "many from one mail domain"
# What somebody types and is asked to confirm.
TYPED = (
    "visibility", "name", "city", "comment", "quote", "country", "updates",
    "organisation", "website", "role",
)  # fmt: skip


def address_hash(campaign: Campaign, address: str) -> str:
    """The same for all spellings of an address, different in every campaign."""
    return keys.fingerprint("address", str(campaign.pk), names.canonical_address(address))


def exact_hash(campaign: Campaign, address: str) -> str:
    """Of this very address, case apart: what leads to a signature is mailed to no other one."""
    return keys.fingerprint("exact", str(campaign.pk), names.exact_address(address))


def gist(details: dict[str, Any]) -> str:
    """Of what was typed: the same for the same, and tells nothing."""
    return keys.fingerprint("details", *(str(details.get(field) or "") for field in TYPED))


def sign(campaign: Campaign, details: dict[str, Any], hold_because: str = "") -> None:
    """Keep a signature that waits for its confirmation, and the mail that asks for it.

    `details` are the fields of a `Signature`, as `forms` has cleaned them. Whether the address is
    new, pending, confirmed or muted makes no difference that the caller could see: pending rows
    take the newest details, owners of confirmed ones get the link to their own page (those at
    another +tag of the address learn only that). What is held waits for an organiser, and does
    not count until it is released; its owner is asked to confirm all the same, unless it fell
    into the honeypot.
    """
    details = {
        **details,
        "address_hash": address_hash(campaign, details["email"]),
        "exact_hash": exact_hash(campaign, details["email"]),
    }
    try:
        _sign(campaign, details, hold_because)
    except IntegrityError:  # the same address a moment ago, in another process
        _sign(campaign, details, hold_because)


@transaction.atomic
def _sign(campaign: Campaign, details: dict[str, Any], hold_because: str) -> None:
    key = {"campaign": campaign, "address_hash": details["address_hash"]}
    # Asked for known addresses, too: one's own signature, held or not, would tell of others'.
    if throttle.is_crowded(details["email"]):
        hold_because = hold_because or CROWDED
    if not Mute.objects.filter(**key, until__gt=now()).exists():
        _sign_or_remind_of_it(campaign, details, hold_because)
        return
    _without_a_trace(lambda: _sign_or_remind_of_it(campaign, details, hold_because))
    throttle.may_mail(details["address_hash"])


def _sign_or_remind_of_it(campaign: Campaign, details: dict[str, Any], hold_because: str) -> None:
    key = {"campaign": campaign, "address_hash": details["address_hash"]}
    if hold_because != HONEYPOT:
        _void_what_went_to_another_tag(campaign, details)
    signature = Signature.objects.live().filter(**key, kind=details["kind"]).first()
    details = {**details, "appeal": campaign.appeal, "signed_at": now()}
    if signature is None:
        signature = _keep(campaign, details, hold_because)
    elif hold_because == HONEYPOT:
        nobody = keys.fingerprint("nobody", details["address_hash"])
        _without_a_trace(lambda: _keep(campaign, {**details, "address_hash": nobody}, hold_because))
    elif not _keep_newest(signature, details, hold_because):
        is_theirs = signature.exact_hash == details["exact_hash"]
        _mail(emails.own_page if is_theirs else emails.other_spelling, signature, details)
        return
    if hold_because != HONEYPOT:
        _mail(emails.ask_to_confirm, signature, details)


def _void_what_went_to_another_tag(campaign: Campaign, details: dict[str, Any]) -> None:
    """A pending signature is about to have this owner, and may have had another one."""
    others = Signature.objects.pending().filter(
        campaign=campaign, address_hash=details["address_hash"], kind=details["kind"]
    )
    others = others.exclude(exact_hash=details["exact_hash"])
    Token.objects.filter(signature__in=others).delete()
    OutboxMail.objects.waiting().filter(signature__in=others).delete()


def _mail(put: Callable[[Signature, str, str], None], signature: Signature, details: Any) -> None:
    def step() -> None:
        put(signature, details["email"], details["language"])

    if throttle.may_mail(signature.address_hash):
        step()
    else:
        _without_a_trace(step)


def _without_a_trace(step: Callable[[], object]) -> None:
    """Do the work all the same, or the time of the answer would tell that it was not done."""
    with transaction.atomic():
        step()
        transaction.set_rollback(True)


def _keep(campaign: Campaign, details: dict[str, Any], hold_because: str) -> Signature:
    return Signature.objects.create(campaign=campaign, **details, **_held(hold_because))


def _held(because: str) -> dict[str, Any]:
    return {"held_at": now() if because else None, "held_reason": because}


def _keep_newest(signature: Signature, details: dict[str, Any], hold_because: str) -> bool:
    """Whether the signature was still pending and now has these details."""
    if signature.held_reason == HONEYPOT:  # a robot had taken the address, here is its owner
        details = {**details, **_held(hold_because)}
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
