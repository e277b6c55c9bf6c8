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
WAITING = LIVE & Q(
    kind="organisation",
    confirmed_at__isnull=False,
    approved_at=None,
    refused_at=None,
    held_at=None,
)
HELD = LIVE & Q(held_at__isnull=False)
QUOTES_WAITING = LIVE & Q(
    quote=True, confirmed_at__isnull=False, comment_approved_at=None, comment_refused_at=None
)
ONLINE = LIVE & Q(batch=None, held_at=None)
LISTED = COUNTED & Q(visibility="public", hidden_at=None)
# With a name beside it only if the signature is listed, too.
QUOTABLE = COUNTED & Q(
    kind="individual",
    visibility__in=["handin", "public"],
    hidden_at=None,
    quote=True,
    comment_approved_at__isnull=False,
)


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

    def pinned(self):
        """The first signatories, in their order."""
        return self.filter(pinned__isnull=False).order_by("pinned", "-confirmed_at", "-id")

    def quotable(self):
        """With a comment that its author lets us show, and that an organiser has approved."""
        return self.filter(QUOTABLE)

    def held(self):
        return self.filter(HELD)

    def doubles(self):
        """On paper, and held because of looking like another signature."""
        return self.held().exclude(batch=None)

    def waiting(self):
        """Confirmed organisations on which no organiser has decided yet."""
        return self.filter(WAITING)

    def quotes_waiting(self):
        """With a comment that may be shown, and on which no organiser has decided yet."""
        return self.filter(QUOTES_WAITING)

    def signed_since(self, moment):
        """Signed online from this moment on, and not held."""
        return self.filter(ONLINE, signed_at__gte=moment)

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
