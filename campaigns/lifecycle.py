"""The verbs of a campaign: every change of its status, each recorded with who and when.

Each verb is a guarded update: it says whether the campaign was in a state in which it could happen.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now
from i18nfield.strings import LazyI18nString

from campaigns import trail, translations
from campaigns.models import Appeal, Campaign, TranslationCheck, Update

Status = Campaign.Status
FOR_GOOD = "close for good"


@transaction.atomic
def publish(campaign: Campaign, by=None) -> bool:
    """Open a draft without `translations.gaps` for signing; from now on its text is frozen."""
    if translations.gaps(campaign):
        return False
    if not _move(campaign, "publish", by, [Status.DRAFT], status=Status.OPEN):
        return False
    campaign.appeals.filter(frozen_at=None).update(frozen_at=now())
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
    forgotten = now() - timedelta(days=settings.AFTER_CLOSING_DAYS)
    is_forgotten = Campaign.objects.closed_before(forgotten).filter(pk=campaign.pk).exists()
    if is_forgotten or campaign.events.filter(verb=FOR_GOOD).exists():
        return False
    return _move(
        campaign, "reopen", by, [Status.CLOSED], status=Status.OPEN, closed_at=None, closes_at=None
    )


@transaction.atomic
def extend(campaign: Campaign, closes_at: datetime, by=None) -> bool:
    """Let signing end at another moment to come, later or earlier than was said before."""
    before = campaign.closes_at
    rows = Campaign.objects.running().filter(pk=campaign.pk, closes_at=before)
    if closes_at <= now() or not rows.update(closes_at=closes_at):
        return False
    campaign.closes_at = closes_at
    was = before.isoformat() if before else ""
    trail.record("extend", by, campaign, was=was, closes_at=closes_at.isoformat())
    return True


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
def revise_appeal(appeal: Appeal, by=None) -> Appeal | None:
    """Start a version to follow the newest one; it is signed only from `publish_appeal` on.

    `None` if this is not the newest, is not frozen yet, or its campaign has ended.
    """
    campaign = appeal.campaign
    if appeal.frozen_at is None or appeal != translations.newest(campaign) or campaign.has_ended:
        return None
    revision, is_new = Appeal.objects.get_or_create(
        campaign=campaign, version=appeal.version + 1, defaults={"opening": appeal.opening}
    )
    if not is_new:
        return None
    for demand in appeal.demands.all():
        revision.demands.create(number=demand.number, text=demand.text)
    trail.record("revise appeal", by, campaign, revision, version=revision.version)
    return revision


@transaction.atomic
def publish_appeal(appeal: Appeal, change: str, note: LazyI18nString, by=None) -> bool:
    """From now on this version is the one that is signed, and its text is frozen.

    `change` is a `Change`, `note` says in public what has changed, in English at least.
    """
    campaign = appeal.campaign
    if not _has_english(note) or change not in Appeal.Change or translations.gaps(campaign):
        return False
    following = Appeal.objects.filter(
        pk=appeal.pk, frozen_at=None, version__gt=1, campaign__in=Campaign.objects.running()
    )
    if not following.update(change=change, change_note=note, frozen_at=now()):
        return False
    trail.record("publish appeal", by, campaign, appeal, version=appeal.version, change=str(change))
    return True


@transaction.atomic
def compare(campaign: Campaign, language: str, source_digest: str, by=None) -> bool:
    """Say that a language was compared with the English texts that have this digest.

    `False` if those have changed in the meantime, or if the language is not whole.
    """
    lacks = translations.missing(translations.texts(campaign), language)
    if language == translations.ENGLISH or lacks:
        return False
    if source_digest != translations.source_digest(campaign):
        return False
    TranslationCheck.objects.update_or_create(
        campaign=campaign, language=language, defaults={"source_digest": source_digest, "by": by}
    )
    trail.record("compare translation", by, campaign, language=language)
    return True


def _has_english(note: LazyI18nString) -> bool:
    return isinstance(note.data, dict) and bool((note.data.get("en") or "").strip())


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
