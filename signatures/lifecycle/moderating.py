"""What organisers decide about signatures: recorded with who, when and why, and reversible."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Campaign
from signatures import emails, tally, throttle
from signatures.lifecycle.counting import (
    keep_counting,
    move_in_count,
    start_counting,
    stop_counting,
)
from signatures.lifecycle.leaving import HIDDEN, enter_in_ledger
from signatures.models import Kind, Moderation, Signature
from signatures.querysets import SignatureQuerySet

BATCH = 500
Verb = Moderation.Verb


def approve(signature: Signature, by: User, reason: str = "") -> bool:
    """An organisation counts and is listed from now on.

    Not by whoever asked for a second opinion on it, which ends with the decision.
    """
    rows = _to_decide_by(by).filter(approved_at=None)
    return moderate(
        Verb.APPROVE, signature, by, reason, rows,
        approved_at=now(), refused_at=None, opinion_wanted_by=None,
    )  # fmt: skip


def refuse(signature: Signature, by: User, reason: str) -> bool:
    """An organisation is not taken up; `approve` takes this back. Of whom: as there."""
    rows = _to_decide_by(by).filter(refused_at=None)
    return moderate(
        Verb.REFUSE, signature, by, reason, rows,
        approved_at=None, refused_at=now(), opinion_wanted_by=None,
    )  # fmt: skip


def _to_decide_by(by: User) -> SignatureQuerySet:
    organisations = Signature.objects.confirmed().filter(kind=Kind.ORGANISATION)
    return organisations.filter(Q(opinion_wanted_by=None) | ~Q(opinion_wanted_by=by))


def hide(signature: Signature, by: User, reason: str) -> bool:
    """Take the name off the web; the signature still counts."""
    rows = Signature.objects.live().filter(hidden_at=None)
    return moderate(Verb.HIDE, signature, by, reason, rows, hidden_at=now())


def restore(signature: Signature, by: User, reason: str = "") -> bool:
    """Show a hidden name again."""
    rows = Signature.objects.live().filter(hidden_at__isnull=False)
    return moderate(Verb.RESTORE, signature, by, reason, rows, hidden_at=None)


def hold(signature: Signature, by: User, reason: str) -> bool:
    """Do not count the signature until somebody has looked into it."""
    rows = Signature.objects.live().filter(held_at=None)
    return moderate(Verb.HOLD, signature, by, reason, rows, held_at=now(), held_reason=reason)


@transaction.atomic
def release(signature: Signature, by: User, reason: str = "") -> bool:
    """The signature is sound: a confirmed one counts now, others are asked to confirm."""
    if not moderate(
        Verb.RELEASE, signature, by, reason, Signature.objects.held(), held_at=None, held_reason=""
    ):
        return False
    if signature.is_pending and throttle.may_mail(signature.address_hash):
        emails.ask_to_confirm(signature, signature.email, signature.language)
    return True


def hold_all(campaign: Campaign, rows: SignatureQuerySet, by: User, reason: str) -> int:
    """Hold what is live and not held among a campaign's `rows`; how many there were."""
    free = rows.live().filter(campaign=campaign, held_at=None)
    changes = {"held_at": now(), "held_reason": reason}
    return moderate_all(campaign, Verb.HOLD, free, by, reason, changes)


def release_all(campaign: Campaign, rows: SignatureQuerySet, by: User, reason: str) -> int:
    """Release what is held among a campaign's `rows`; how many there were."""
    held = rows.held().filter(campaign=campaign)
    changes = {"held_at": None, "held_reason": ""}
    return moderate_all(campaign, Verb.RELEASE, held, by, reason, changes)


def moderate_all(
    campaign: Campaign,
    verb: Verb,
    rows: SignatureQuerySet,
    by: User,
    reason: str,
    changes: dict[str, Any],
) -> int:
    """One act on all `rows`, batch after batch in the order of their keys; how many there were."""
    done = last = 0
    while batch := moderate_batch(campaign, verb, rows.filter(pk__gt=last), by, reason, changes):
        done, last = done + len(batch), batch[-1]
    return done


@transaction.atomic
def moderate_batch(
    campaign: Campaign,
    verb: Verb,
    rows: SignatureQuerySet,
    by: User,
    reason: str,
    changes: dict[str, Any],
) -> list[int]:
    """One act on the first `BATCH` rows, in sets; their keys, ascending."""
    locked = rows.order_by("pk").select_for_update(of=("self",))[:BATCH]
    chosen = list(locked.values_list("pk", flat=True))
    batch = Signature.objects.filter(pk__in=chosen)
    before = tally.count(batch)
    batch.update(**changes)
    tally.shift(campaign.pk, before, tally.count(batch))
    Moderation.objects.bulk_create(
        Moderation(signature_id=pk, verb=verb, reason=reason, by=by, at=now()) for pk in chosen
    )
    if chosen:
        trail.record(f"{verb} by rule", by, campaign, number=len(chosen))
    return chosen


@transaction.atomic
def moderate(
    verb: Verb,
    signature: Signature,
    by: User,
    reason: str,
    rows: Any,
    noted: dict[str, Any] | None = None,
    **changes: Any,
) -> bool:
    """One act of moderation on a row that `rows` lets through, recorded with who and when.

    `noted` goes into the trail, too; it names no signatory.
    """
    change = CHANGE[verb]
    if not change(signature, rows, changes):
        return False
    Moderation.objects.create(signature=signature, verb=verb, reason=reason, by=by, at=now())
    trail.record(verb, by, signature.campaign, signature, **(noted or {}))
    if verb is Verb.HIDE:
        enter_in_ledger(signature, HIDDEN)
    return True


CHANGE = {
    Verb.APPROVE: start_counting,
    Verb.REFUSE: stop_counting,
    Verb.HIDE: keep_counting,
    Verb.RESTORE: keep_counting,
    Verb.HOLD: stop_counting,
    Verb.RELEASE: start_counting,
    Verb.ASK: keep_counting,
    Verb.DESCRIBE: move_in_count,
    Verb.PERSONAL: move_in_count,
    Verb.PIN: keep_counting,
    Verb.UNPIN: keep_counting,
    Verb.QUOTE: keep_counting,
    Verb.UNQUOTE: keep_counting,
}
