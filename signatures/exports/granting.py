"""Leave to take data away, and its end."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Campaign
from signatures.models import Export

LASTS = timedelta(hours=24)


@transaction.atomic
def grant(campaign: Campaign, purpose: str, reason: str, by: User, public_key: str = "") -> Export:
    """Leave to download for `LASTS`; the trail keeps who, what for and why."""
    export = Export.objects.create(
        campaign=campaign,
        purpose=purpose,
        reason=reason,
        public_key=public_key,
        by=by,
        at=now(),
        expires_at=now() + LASTS,
    )
    trail.record("export", by, campaign, export, purpose=purpose, reason=reason)
    return export


def is_open(export: Export) -> bool:
    return export.expires_at > now()
