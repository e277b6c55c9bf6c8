"""The sealed list: what is given to the addressees, frozen, counted and hashed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField

from campaigns.models import Campaign
from signatures.keys import SealedBytesField, SealedField
from signatures.models.signature import Signature


class HandIn(models.Model):
    """A sealed list of what counted at a moment, and later where, when and to whom it was given.

    Sealing goes on in steps from `cursor`, the last signature that was looked at, until
    `sealed_at` says that the list is complete; from then on totals and `digest` stand. `blocks`
    has a line for every thousand entries, the SHA-256 of their leaves; `digest` is that of
    `blocks`.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="hand_ins", verbose_name=_("campaign")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    moment = models.DateTimeField(_("as of"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("sealed by"))
    cursor = models.BigIntegerField(default=0)
    blocks = models.TextField(blank=True)
    sealed_at = models.DateTimeField(_("sealed"), null=True)
    people = models.PositiveIntegerField(_("people"), default=0)
    organisations = models.PositiveIntegerField(_("organisations"), default=0)
    paper = models.PositiveIntegerField(_("on paper"), default=0)
    countries = models.PositiveSmallIntegerField(_("countries"), default=0)
    named = models.PositiveIntegerField(_("agreed to be named"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)

    handed_in_on = models.DateField(_("handed in on"), null=True, blank=True)
    place = I18nCharField(_("place"), blank=True)
    recipient = I18nCharField(_("recipient"), blank=True)
    receipt = SealedBytesField(_("receipt"), blank=True)
    receipt_type = models.CharField(max_length=20, blank=True)

    class Meta:
        verbose_name = _("hand-in")
        verbose_name_plural = _("hand-ins")
        ordering = ["campaign", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="hand_in_number_unique"),
            models.CheckConstraint(
                name="hand_in_sealed_has_digest",
                condition=Q(sealed_at=None, digest="")
                | (Q(sealed_at__isnull=False) & ~Q(digest="")),
            ),
        ]

    def __str__(self):
        return f"{self.campaign.slug}, {self.number}"

    @property
    def total(self) -> int:
        return self.people + self.organisations + self.paper


class SealedEntry(models.Model):
    """One signature in a sealed list.

    `line` holds what was sealed of it and a random salt; `leaf` is the SHA-256 of that line. Who
    takes a signature or its name back afterwards takes the line away, and the leaf still proves
    the list.
    """

    hand_in = models.ForeignKey(HandIn, models.CASCADE, related_name="entries")
    number = models.PositiveIntegerField(_("number"))
    signature = models.ForeignKey(
        Signature, models.SET_NULL, null=True, related_name="sealed_entries"
    )
    kind = models.CharField(_("kind"), max_length=12)
    country = models.CharField(_("country"), max_length=2)
    line = SealedField(blank=True)
    leaf = models.CharField(max_length=64)
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        verbose_name = _("entry of a sealed list")
        verbose_name_plural = _("entries of sealed lists")
        constraints = [
            models.UniqueConstraint(fields=["hand_in", "number"], name="sealed_entry_unique"),
            models.CheckConstraint(
                name="sealed_entry_taken_back_keeps_no_line",
                condition=Q(taken_back_at=None) | Q(line=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["hand_in"],
                name="sealed_entry_taken_back",
                condition=Q(taken_back_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.hand_in_id}, {self.number}"


class HandInFile(models.Model):
    """A file made from a sealed list: by whom it was asked for, and its digest for ever.

    The content is kept for some days only, and can be made again.
    """

    class Kind(models.TextChoices):
        BOOK = "book", _("book (PDF)")
        FACTSHEET = "factsheet", _("factsheet (PDF)")
        TABLE = "table", _("table (CSV)")
        PAGE = "page", _("page (HTML)")

    hand_in = models.ForeignKey(HandIn, models.CASCADE, related_name="files")
    kind = models.CharField(_("what"), max_length=10, choices=Kind.choices)
    language = models.CharField(_("language"), max_length=10)
    country = models.CharField(_("country"), max_length=2, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for"))
    leased_until = models.DateTimeField(null=True)
    built_at = models.DateTimeField(_("made"), null=True)
    content = SealedBytesField(blank=True)
    size = models.PositiveIntegerField(_("bytes"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("file of a hand-in")
        verbose_name_plural = _("files of hand-ins")
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.kind} {self.language} {self.pk}"
