"""The verbs: every change of a signature, and nothing else.

Each is a guarded update: its `WHERE` holds what must be true, the row count says whether we were
first. So each may be repeated, by an impatient finger or by a retry, and happens once.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Value, When
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import emails, keys, models, names, outbox, tally, throttle
from signatures.keys import SealedField
from signatures.models import Erasure, Kind, Moderation, Mute, OutboxMail, Signature, Visibility
from signatures.querysets import COUNTED, SignatureQuerySet

MUTED_FOR = timedelta(days=90)
REMINDED_AFTER = timedelta(days=1)
GRACE = timedelta(days=7)  # what was signed before closing can still be confirmed
BATCH = 500
# Why the site itself holds a signature; organisers give reasons of their own.
HONEYPOT = "honeypot"
UNSOLVED = "question not answered"
CROWDED = "many from one mail domain"
# What the ledger says of those who stay but took something back; also a visibility below `public`.
NO_NEWS, HIDDEN = "updates", "hidden"
Verb = Moderation.Verb

# A withdrawn signature keeps what the totals need: campaign, kind, country and its timestamps.
NOTHING_PERSONAL = {
    "address_hash": "", "email": "", "name": "", "city": "", "comment": "", "role": "",
    "organisation": "", "organisation_folded": "", "website": "", "contact_domain": "",
    "via": "", "signals": "", "updates": False,
}  # fmt: skip


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


def is_too_late(campaign: Campaign) -> bool:
    """Whether signing ended longer ago than a mailed link may still confirm."""
    return campaign.closed_at is not None and campaign.closed_at + GRACE <= now()


@transaction.atomic
def confirm(signature: Signature, hide_name: bool = False) -> bool:
    """Count the signature; confirming again changes nothing.

    From now on the address is kept only for those who asked for updates.
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
    return _start_counting(signature, Signature.objects.pending(), changes)


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
    if mail is not None and not _disown(mail.signature):
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
    if not _delete(pending):
        return False
    _mute(signature)
    _enter_in_ledger(signature)
    tally.add_gone(signature.campaign_id, tally.DENIED, 1)
    return True


def _mute(signature: Signature) -> None:
    Mute.objects.update_or_create(
        campaign=signature.campaign,
        address_hash=signature.address_hash,
        defaults={"until": now() + MUTED_FOR},
    )


@transaction.atomic
def withdraw(signature: Signature) -> bool:
    """The signatory takes it back; what leads to a person goes at once."""
    changes = {**NOTHING_PERSONAL, "withdrawn_at": now()}
    if not _stop_counting(signature, Signature.objects.live(), changes):
        return False
    signature.tokens.all().delete()
    signature.mails.all().delete()
    _enter_in_ledger(signature)
    return True


@transaction.atomic
def erase(signature: Signature) -> bool:
    """The signatory wants no trace: the row goes, and the totals keep that one was erased."""
    if not withdraw(signature):
        return False
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
    _enter_in_ledger(signature, NO_NEWS)
    return True


@transaction.atomic
def correct(signature: Signature, name: str, visibility: str) -> bool:
    """Change the name and what is done with it; who only wants to be counted leaves no name."""
    changes = {"visibility": visibility, "name": name}
    if visibility == Visibility.COUNT:
        changes |= {"name": "", "city": "", "comment": ""}
    if not Signature.objects.confirmed().filter(pk=signature.pk).update(**changes):
        return False
    if visibility != Visibility.PUBLIC:
        _enter_in_ledger(signature, visibility)
    return True


def approve(signature: Signature, by: User, reason: str = "") -> bool:
    """An organisation counts and is listed from now on."""
    rows = Signature.objects.confirmed().filter(kind=Kind.ORGANISATION, approved_at=None)
    return _moderate(Verb.APPROVE, signature, by, reason, rows, approved_at=now(), refused_at=None)


def refuse(signature: Signature, by: User, reason: str) -> bool:
    """An organisation is not taken up; `approve` takes this back."""
    rows = Signature.objects.confirmed().filter(kind=Kind.ORGANISATION, refused_at=None)
    return _moderate(Verb.REFUSE, signature, by, reason, rows, approved_at=None, refused_at=now())


def hide(signature: Signature, by: User, reason: str) -> bool:
    """Take the name off the web; the signature still counts."""
    rows = Signature.objects.live().filter(hidden_at=None)
    return _moderate(Verb.HIDE, signature, by, reason, rows, hidden_at=now())


def restore(signature: Signature, by: User, reason: str = "") -> bool:
    """Show a hidden name again."""
    rows = Signature.objects.live().filter(hidden_at__isnull=False)
    return _moderate(Verb.RESTORE, signature, by, reason, rows, hidden_at=None)


def hold(signature: Signature, by: User, reason: str) -> bool:
    """Do not count the signature until somebody has looked into it."""
    rows = Signature.objects.live().filter(held_at=None)
    return _moderate(Verb.HOLD, signature, by, reason, rows, held_at=now(), held_reason=reason)


@transaction.atomic
def release(signature: Signature, by: User, reason: str = "") -> bool:
    """The signature is sound: a confirmed one counts now, others are asked to confirm."""
    if not _moderate(
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
    return _in_batches(lambda: _moderate_batch(campaign, Verb.HOLD, free, by, reason, changes))


def release_all(campaign: Campaign, rows: SignatureQuerySet, by: User, reason: str) -> int:
    """Release what is held among a campaign's `rows`; how many there were."""
    held = rows.held().filter(campaign=campaign)
    changes = {"held_at": None, "held_reason": ""}
    return _in_batches(lambda: _moderate_batch(campaign, Verb.RELEASE, held, by, reason, changes))


@transaction.atomic
def _moderate_batch(
    campaign: Campaign,
    verb: Verb,
    rows: SignatureQuerySet,
    by: User,
    reason: str,
    changes: dict[str, Any],
) -> int:
    """One act on up to `BATCH` rows, in sets; the change takes them out of `rows`."""
    locked = rows.order_by("pk").select_for_update(of=("self",))[:BATCH]
    chosen = list(locked.values_list("pk", flat=True))
    batch = Signature.objects.filter(pk__in=chosen)
    before = tally.count(batch)
    batch.update(**changes)
    tally.shift(campaign.pk, before, tally.count(batch))
    Moderation.objects.bulk_create(
        Moderation(signature_id=pk, verb=verb, reason=reason, by=by, at=now()) for pk in chosen
    )
    return len(chosen)


def _in_batches(step: Callable[[], int]) -> int:
    """Take a step until it finds nothing more to do; how much it did."""
    return sum(iter(step, 0))


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


def forget() -> dict[str, int]:
    """Remove everything whose time is up; how many of each."""
    return {
        "signatures": _in_batches(_forget_stale),
        "addresses": _forget_bounced(),
        "mutes": Mute.objects.filter(until__lte=now()).delete()[0],
        "mails": outbox.forget(),
        "counters": models.Counter.objects.filter(expires__lte=now().timestamp()).delete()[0],
    }


def _forget_bounced() -> int:
    """Whose mailbox could not be reached a week ago gets no news, and the address goes."""
    before = now() - outbox.KEPT_FOR
    bounced = OutboxMail.objects.filter(last_error=outbox.BOUNCED, failed_at__lte=before)
    rows = Signature.objects.confirmed().filter(updates=True, pk__in=bounced.values("signature"))
    return rows.update(updates=False, email="")


@transaction.atomic
def _forget_stale() -> int:
    stale = Signature.objects.select_for_update(of=("self",)).stale()[:BATCH]
    campaigns = Counter(_delete(stale))
    for campaign_id, number in campaigns.items():
        tally.add_gone(campaign_id, tally.EXPIRED, number)
    return campaigns.total()


def _delete(locked: Any) -> list[int]:
    """Delete locked rows with all that hangs on them; the campaign of each."""
    rows = dict(locked.values_list("pk", "campaign_id"))
    Signature.objects.filter(pk__in=rows).delete()
    return list(rows.values())


def _enter_in_ledger(signature: Signature, what: str = "") -> None:
    """The whole signature was taken back, or only `what`: no restored backup may bring it again."""
    Erasure.objects.create(
        campaign=signature.campaign,
        kind=what or signature.kind,
        address_hash=signature.address_hash,
        at=now(),
    )


def _start_counting(signature: Signature, rows: Any, changes: dict[str, Any]) -> bool:
    """Change a row that does not count yet, and add it to the tally if it does now."""
    if not rows.filter(~COUNTED, pk=signature.pk).update(**changes):
        return False
    if Signature.objects.counted().filter(pk=signature.pk).exists():
        tally.add(signature, +1)
    return True


def _stop_counting(signature: Signature, rows: Any, changes: dict[str, Any]) -> bool:
    """Change a row that does not count afterwards, and take it off the tally if it did."""
    if rows.filter(COUNTED, pk=signature.pk).update(**changes):
        tally.add(signature, -1)
        return True
    return bool(rows.filter(~COUNTED, pk=signature.pk).update(**changes))


@transaction.atomic
def _moderate(
    verb: Verb,
    signature: Signature,
    by: User,
    reason: str,
    rows: Any,
    **changes: Any,
) -> bool:
    """One act of moderation on a row that `rows` lets through, recorded with who and when."""
    change = CHANGE[verb]
    if not change(signature, rows, changes):
        return False
    Moderation.objects.create(signature=signature, verb=verb, reason=reason, by=by, at=now())
    if verb is Verb.HIDE:
        _enter_in_ledger(signature, HIDDEN)
    return True


def _keep_counting(signature: Signature, rows: Any, changes: dict[str, Any]) -> bool:
    """Change a row in a way that has no bearing on the count."""
    return bool(rows.filter(pk=signature.pk).update(**changes))


CHANGE = {
    Verb.APPROVE: _start_counting,
    Verb.REFUSE: _stop_counting,
    Verb.HIDE: _keep_counting,
    Verb.RESTORE: _keep_counting,
    Verb.HOLD: _stop_counting,
    Verb.RELEASE: _start_counting,
}
