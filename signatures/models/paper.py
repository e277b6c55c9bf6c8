"""Signatures collected by hand: sheets that came in together, and what was taken from them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from signatures.keys import SealedBytesField


class PaperBatch(models.Model):
    """Sheets that were entered together, by form or from a file.

    `digest` is the SHA-256 of the file, so that none is taken twice. The signatures of a batch are
    counted apart from those that were confirmed by mail.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="paper_batches", verbose_name=_("campaign")
    )
    via = models.CharField(
        _("collected by"),
        max_length=40,
        blank=True,
        help_text=_("The code of the organiser whose sheets these are."),
    )
    language = models.CharField(_("language"), max_length=10)
    collected_on = models.DateField(_("collected on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, editable=False, verbose_name=_("entered by")
    )
    entered_at = models.DateTimeField(_("entered"), editable=False)

    class Meta:
        verbose_name = _("paper batch")
        verbose_name_plural = _("paper batches")
        ordering = ["-entered_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "digest"],
                name="paper_batch_file_once",
                condition=~Q(digest=""),
            ),
        ]

    def __str__(self):
        return f"{self.via or '–'} {self.pk}"


class PaperSheet(models.Model):
    """One sheet of a batch by its printed number; `scan` is a picture or PDF of it, if kept."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="paper_sheets")
    batch = models.ForeignKey(PaperBatch, models.CASCADE, related_name="sheets")
    number = models.CharField(_("number"), max_length=12)
    scan = SealedBytesField(_("scan"), blank=True)
    scan_type = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("sheet")
        verbose_name_plural = _("sheets")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="paper_sheet_once"),
        ]

    def __str__(self):
        return self.number
