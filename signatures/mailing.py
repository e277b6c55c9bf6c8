"""Sending an update to those who asked for news, each in the language in which they signed."""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Update
from signatures.models import Mailing


@transaction.atomic
def start(update: Update, by: User) -> bool:
    """Let the mails of a published update be queued; `False` if that was done before."""
    if update.published_at is None:
        return False
    mailing, is_new = Mailing.objects.get_or_create(update=update, defaults={"by": by, "at": now()})
    if is_new:
        trail.record("mail", by, update.campaign, mailing)
    return is_new
