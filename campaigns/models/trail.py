"""The audit trail: what was done at the desk, each event chained to the one before."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.campaign import Campaign


class AuditEvent(models.Model):
    """One act, by whom and when; `trail.record` adds it, and nothing changes or deletes it.

    It holds no personal data of signatories: `subject` is the label and the key of a row, and
    `details` has numbers and words that organisers chose. `digest` is the SHA-256 of all that
    together with `previous`, the digest of the event before.
    """

    number = models.PositiveIntegerField(_("number"), unique=True)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("who")
    )
    campaign = models.ForeignKey(
        Campaign, models.SET_NULL, null=True, related_name="events", verbose_name=_("campaign")
    )
    verb = models.CharField(_("what"), max_length=40)
    subject = models.CharField(_("subject"), max_length=80, blank=True)
    details = models.JSONField(_("details"), default=dict)
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("audit trail")
        ordering = ["-number"]
        indexes = [models.Index(fields=["campaign", "verb"], name="event_of_campaign")]

    def __str__(self):
        return f"{self.number} {self.verb}"


class TrailHead(models.Model):
    """The end of the chain, one row: who adds an event locks it, and a cut-off end shows."""

    number = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)

    def __str__(self):
        return str(self.number)
