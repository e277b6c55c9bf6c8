"""The adjectives of signatures: which rows count and which are listed is said here alone."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import FilteredRelation, Q
from django.utils.timezone import now

LIVE = Q(withdrawn_at=None)
PENDING = LIVE & Q(confirmed_at=None)
# An organisation counts after an organiser of the campaign has approved it, a person at once.
COUNTED = (
    LIVE
    & Q(confirmed_at__isnull=False, held_at=None)
    & (Q(kind="individual") | Q(approved_at__isnull=False))
)
LISTED = COUNTED & Q(visibility="public", hidden_at=None)


class SignatureQuerySet(models.QuerySet):
    def live(self):
        """Not withdrawn."""
        return self.filter(LIVE)

    def pending(self):
        """Waiting for the signatory to press the button."""
        return self.filter(PENDING)

    def confirmed(self):
        return self.filter(LIVE, confirmed_at__isnull=False)

    def counted(self):
        return self.filter(COUNTED)

    def readers(self):
        """Who asked for news, and can get them."""
        return self.confirmed().filter(updates=True).exclude(email="")

    def listed(self):
        """Shown on the web: counted, wants to be shown, and not hidden by an organiser."""
        return self.filter(LISTED)

    def held(self):
        return self.filter(LIVE, held_at__isnull=False)

    def waiting(self):
        """Confirmed organisations on which no organiser has decided yet."""
        return self.filter(
            LIVE,
            kind="organisation",
            confirmed_at__isnull=False,
            approved_at=None,
            refused_at=None,
            held_at=None,
        )

    def stale(self, moment=None):
        """Pending for longer than a confirmation may take, and no mail that could still confirm."""
        moment = moment or now()
        # Not `exclude`, which would take one mail that was sent and one that failed for a third.
        waiting = FilteredRelation("mails", condition=Q(mails__sent_at=None, mails__failed_at=None))
        return (
            self.pending()
            .filter(signed_at__lte=moment - timedelta(days=settings.PENDING_DAYS))
            .exclude(tokens__expires_at__gt=moment)
            .alias(waiting_mails=waiting)
            .filter(waiting_mails=None)
        )


class OutboxQuerySet(models.QuerySet):
    def waiting(self):
        """Neither sent nor given up."""
        return self.filter(sent_at=None, failed_at=None)

    def due(self):
        """To be sent now and in nobody's hands."""
        free = Q(leased_until=None) | Q(leased_until__lte=now())
        return self.waiting().filter(free, next_try_at__lte=now())


class MailingQuerySet(models.QuerySet):
    def due(self):
        """Not all mails are queued yet."""
        return self.filter(finished_at=None, stopped_at=None)
