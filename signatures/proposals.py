"""What one organiser may not do alone: one proposes it, and another one agrees.

An act is done at the moment of agreement, in the name of whoever proposed it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Campaign, Update
from signatures import exports, mailing
from signatures.models import Proposal

LASTS = timedelta(days=7)
Act = Proposal.Act


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


@transaction.atomic
def agree(proposal: Proposal, by: User) -> bool:
    """Do what was proposed; `False` if it is one's own, is decided already, or has grown old."""
    if not _decide(proposal, by, agreed=True):
        return False
    ACTS[Act(proposal.act)](proposal)
    return True


def decline(proposal: Proposal, by: User) -> bool:
    """It is not done. Whoever proposed it may take it back so, too."""
    return _decide(proposal, by, agreed=False)


@transaction.atomic
def _decide(proposal: Proposal, by: User, agreed: bool) -> bool:
    waiting = Proposal.objects.filter(
        pk=proposal.pk, decided_by=None, at__gt=now() - LASTS
    ).exclude(by=by)
    if not waiting.update(decided_by=by, decided_at=now(), agreed=agreed):
        return False
    verb = "agree to" if agreed else "decline"
    trail.record(f"{verb} {proposal.act}", by, proposal.campaign, proposal)
    return True


def _export(proposal: Proposal) -> None:
    exports.grant(proposal.campaign, reason=proposal.reason, by=proposal.by, **proposal.details)


def _mail(proposal: Proposal) -> None:
    update = Update.objects.get(pk=proposal.details["update"], campaign=proposal.campaign)
    mailing.start(update, proposal.by)


ACTS: dict[Act, Callable[[Proposal], None]] = {Act.EXPORT: _export, Act.MAIL: _mail}
