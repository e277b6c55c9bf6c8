"""The verbs of a campaign: every change of its status, each recorded with who and when.

Each verb is a guarded update: it says whether the campaign was in a state in which it could happen.
"""

from django.db import transaction
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Appeal, Campaign, Update

Status = Campaign.Status
FOR_GOOD = "close for good"


@transaction.atomic
def publish(campaign: Campaign, by=None) -> bool:
    """Open a draft that has an appeal for signing; from now on the appeal's text is frozen."""
    appeals = Appeal.objects.filter(campaign=campaign)
    if not appeals.exists() or not _move(
        campaign, "publish", by, [Status.DRAFT], status=Status.OPEN
    ):
        return False
    appeals.filter(frozen_at=None).update(frozen_at=now())
    return True


def pause(campaign: Campaign, by=None) -> bool:
    """Stop signing at once; reading goes on, and mailed links still confirm."""
    return _move(campaign, "pause", by, [Status.OPEN], status=Status.PAUSED)


def resume(campaign: Campaign, by=None) -> bool:
    return _move(campaign, "resume", by, [Status.PAUSED], status=Status.OPEN)


def guard(campaign: Campaign, by=None) -> bool:
    """Ask everybody who signs a small question first: somebody is trying to spoil the count."""
    return _move(campaign, "guard", by, [Status.OPEN], guarded=True)


def unguard(campaign: Campaign, by=None) -> bool:
    return _move(campaign, "unguard", by, [Status.OPEN], guarded=False)


def close(campaign: Campaign, by=None) -> bool:
    """End signing. Who signed before can still confirm for as long as a link lives."""
    return _move(
        campaign, "close", by, [Status.OPEN, Status.PAUSED], status=Status.CLOSED, closed_at=now()
    )


def reopen(campaign: Campaign, by=None) -> bool:
    """Let people sign again, unless nobody could be recognised any more who has signed before."""
    if campaign.events.filter(verb=FOR_GOOD).exists():
        return False
    return _move(
        campaign, "reopen", by, [Status.CLOSED], status=Status.OPEN, closed_at=None, closes_at=None
    )


def close_for_good(campaign: Campaign, by=None) -> None:
    """Remember that what leads to a person was destroyed: from here there is no way back."""
    trail.record(FOR_GOOD, by, campaign)


def hand_in(campaign: Campaign, by=None) -> bool:
    """Say that the signatures have been handed in."""
    return _move(campaign, "hand in", by, [Status.CLOSED], status=Status.HANDED_IN)


def close_overdue() -> int:
    """Close the campaigns whose day has come; the number of campaigns closed."""
    overdue = Campaign.objects.running().filter(closes_at__lte=now())
    return sum(close(campaign) for campaign in overdue)


@transaction.atomic
def revise_appeal(appeal: Appeal, by=None) -> Appeal:
    """Start a new version of the text; it is signed only from `publish_appeal` on."""
    revision = Appeal.objects.create(
        campaign=appeal.campaign, version=appeal.version + 1, opening=appeal.opening
    )
    for demand in appeal.demands.all():
        revision.demands.create(number=demand.number, text=demand.text)
    trail.record("revise appeal", by, appeal.campaign, revision, version=revision.version)
    return revision


@transaction.atomic
def publish_appeal(appeal: Appeal, by=None) -> bool:
    """From now on this version is the one that is signed, and its text is frozen."""
    if not Appeal.objects.filter(pk=appeal.pk, frozen_at=None).update(frozen_at=now()):
        return False
    trail.record("publish appeal", by, appeal.campaign, appeal, version=appeal.version)
    return True


@transaction.atomic
def publish_update(update: Update, by=None) -> bool:
    """Show it on the site; not while English is missing or a language is written by half."""
    stored = Update.objects.select_for_update(of=("self",)).filter(published_at=None)
    unpublished = stored.filter(pk=update.pk).first()
    if unpublished is None or unpublished.gaps:
        return False
    stored.filter(pk=update.pk).update(published_at=now())
    trail.record("publish update", by, update.campaign, update, languages=unpublished.languages)
    return True


@transaction.atomic
def _move(campaign, verb, by, sources, **changes) -> bool:
    rows = Campaign.objects.filter(pk=campaign.pk, status__in=sources)
    if not rows.update(**changes):
        return False
    for field, value in changes.items():
        setattr(campaign, field, value)
    trail.record(verb, by, campaign)
    return True
