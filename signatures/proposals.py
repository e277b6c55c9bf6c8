"""What one organiser may not do alone: one proposes it, and another one agrees.

An act is done at the moment of agreement, in the name of whoever proposed it. A signature may be
held, hidden or refused by one person, but not more than `ALONE` of them within a day, in one go or
in slices.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Campaign, Update
from signatures import exports, lifecycle, mailing, rules
from signatures.models import Moderation, Proposal, Signature
from signatures.querysets import SignatureQuerySet

LASTS = timedelta(days=7)
ALONE = 100  # signatures that one organiser may take away within `DAY`
DAY = timedelta(hours=24)
Act = Proposal.Act
Verb = Moderation.Verb
TAKING_AWAY = {
    Verb.HOLD: lifecycle.hold,
    Verb.HIDE: lifecycle.hide,
    Verb.REFUSE: lifecycle.refuse,
}
DECIDE = "signatures.decide_proposal"
# Whoever may do an act may agree to it when somebody else proposes it.
NEEDS = {
    Act.EXPORT: "signatures.add_export",
    Act.REMOVE: "signatures.moderate_signature",
    Act.MAIL: "signatures.add_mailing",
}


@transaction.atomic
def propose(
    act: Act, campaign: Campaign, number: int, reason: str, by: User, **details: Any
) -> Proposal:
    """Ask for a second person; `details` are the arguments of the act, as JSON."""
    proposal = Proposal.objects.create(
        campaign=campaign, act=act, number=number, reason=reason, by=by, at=now(), details=details
    )
    trail.record(f"propose {act}", by, campaign, proposal, number=number, reason=reason)
    return proposal


def agree(proposal: Proposal, by: User) -> bool:
    """Do what was proposed; `False` if it is one's own, is decided already, or has grown old."""
    with transaction.atomic():
        if not _decide(waiting().exclude(by=by), proposal, by, "agree to", agreed=True):
            return False
        proposal.refresh_from_db()
        if act := AT_ONCE.get(Act(proposal.act)):
            act(proposal)
    if proposal.act == Act.REMOVE:
        remove(proposal)
    return True


def decline(proposal: Proposal, by: User) -> bool:
    """It is not done. Whoever proposed it takes it back so."""
    verb = "take back" if proposal.by_id == by.pk else "decline"
    return _decide(waiting(), proposal, by, verb, agreed=False)


def waiting() -> QuerySet[Proposal]:
    """Those that can still be decided on."""
    return Proposal.objects.filter(decided_by=None, at__gt=now() - LASTS)


def visible(user: User) -> QuerySet[Proposal]:
    """Those that this organiser may decide on, and the own ones."""
    acts = [act for act in Act if may_decide(user, act)]
    return Proposal.objects.filter(Q(act__in=acts) | Q(by=user))


def may_decide(user: User, act: Act) -> bool:
    return user.has_perm(DECIDE) or user.has_perm(NEEDS[act])


def needs_second(by: User, verb: str, number: int) -> bool:
    """Whether this organiser may not do that to so many signatures without somebody else."""
    return verb in TAKING_AWAY and number + taken_away(by) > ALONE


def taken_away(by: User) -> int:
    """How many signatures an organiser has taken away alone within a day."""
    since = now() - DAY
    acts = Moderation.objects.filter(by=by, at__gt=since, verb__in=TAKING_AWAY).count()
    agreed = Proposal.objects.filter(act=Act.REMOVE, by=by, agreed=True, decided_at__gt=since)
    return acts - sum(proposal.details.get(DONE, 0) for proposal in agreed)


def number_now(proposal: Proposal) -> int | None:
    """How many signatures it would take away if it were agreed to now; else `None`."""
    return rows(proposal).count() if proposal.act == Act.REMOVE else None


def rows(proposal: Proposal) -> SignatureQuerySet:
    """What a proposal would take away, and has not yet."""
    verb, campaign = proposal.details["verb"], proposal.campaign
    if "rule" in proposal.details:
        return rules.fitting(campaign, verb, proposal.details["rule"])
    chosen = Signature.objects.live().filter(campaign=campaign, pk__in=proposal.details["chosen"])
    return chosen.filter(**{UNTOUCHED[Verb(verb)]: None})


def broke_off(proposal: Proposal) -> bool:
    """Whether it was agreed to, but the machine stopped before it was all done."""
    is_removal = proposal.act == Act.REMOVE
    return is_removal and bool(proposal.agreed) and DONE not in proposal.details


def remove(proposal: Proposal) -> int:
    """Take away what was agreed to, in batches; how many. Repeated, it goes on where it broke off.

    Not in the transaction of the agreement: nobody could sign until the last batch was through.
    """
    verb, reason = Verb(proposal.details["verb"]), proposal.reason
    if "rule" in proposal.details:
        done = lifecycle.hold_all(proposal.campaign, rows(proposal), proposal.by, reason)
    else:
        act = TAKING_AWAY[verb]
        done = sum(act(signature, proposal.by, reason) for signature in rows(proposal))
    _note(proposal, done)
    return done


@transaction.atomic
def _note(proposal: Proposal, done: int) -> None:
    stored = Proposal.objects.select_for_update().get(pk=proposal.pk)
    total = stored.details.get(DONE, 0) + done
    proposal.details = {**stored.details, DONE: total}
    proposal.save(update_fields=["details"])
    trail.record("finish remove", proposal.by, proposal.campaign, proposal, number=total)


@transaction.atomic
def _decide(
    open_ones: QuerySet[Proposal], proposal: Proposal, by: User, verb: str, agreed: bool
) -> bool:
    rows = open_ones.filter(pk=proposal.pk)
    if not rows.update(decided_by=by, decided_at=now(), agreed=agreed):
        return False
    trail.record(f"{verb} {proposal.act}", by, proposal.campaign, proposal)
    return True


def _export(proposal: Proposal) -> None:
    exports.grant(proposal.campaign, reason=proposal.reason, by=proposal.by, **proposal.details)


def _mail(proposal: Proposal) -> None:
    known = Update.objects.filter(pk=proposal.details["update"], campaign=proposal.campaign)
    for update in known:  # it may have been deleted since
        mailing.start(update, proposal.by)


DONE = "done"  # in `details`: how many signatures were taken away
UNTOUCHED = {Verb.HOLD: "held_at", Verb.HIDE: "hidden_at", Verb.REFUSE: "refused_at"}
AT_ONCE: dict[Act, Callable[[Proposal], None]] = {Act.EXPORT: _export, Act.MAIL: _mail}
