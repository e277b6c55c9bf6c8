"""The text that is signed, version by version."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from campaigns.models.campaign import Campaign
from campaigns.querysets import AppealQuerySet


class Appeal(models.Model):
    """A version of the text that is signed; frozen from the moment it can be signed.

    The newest frozen version is the one that is signed. Translations may be added to a frozen
    appeal, but what people have already been able to sign stays word for word.
    """

    class Change(models.TextChoices):
        """What a later version means to those who signed an earlier one."""

        TYPO = "typo", _("a correction: earlier signatures stand for this text, too")
        SUBSTANCE = "substance", _("another text: earlier signatories are asked again")

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="appeals")
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    opening = I18nCharField(
        _("opening"), help_text=_("Stands between the salutation and the demands.")
    )
    change = models.CharField(
        _("what kind of change"), max_length=10, choices=Change.choices, blank=True, editable=False
    )
    change_note = I18nTextField(
        _("what has changed"),
        blank=True,
        help_text=_("Stands in the public list of changes. Not needed for the first version."),
    )
    frozen_at = models.DateTimeField(_("frozen at"), null=True, editable=False)

    objects = AppealQuerySet.as_manager()

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["campaign", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "version"], name="appeal_version_unique"),
        ]

    def __str__(self):
        return f"{self.campaign.slug}, {self.version}"

    @property
    def is_outdated(self) -> bool:
        """Whether another text has been published since: its signatories are asked again."""
        later = self.campaign.appeals.asking_again().filter(version__gt=self.version)
        return later.exists()


class Demand(models.Model):
    """One thing asked for in the appeal, numbered."""

    appeal = models.ForeignKey(Appeal, models.CASCADE, related_name="demands")
    number = models.PositiveSmallIntegerField(_("number"))
    text = I18nTextField(_("text"))

    class Meta:
        verbose_name = _("demand")
        verbose_name_plural = _("demands")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["appeal", "number"], name="demand_number_unique"),
        ]

    def __str__(self):
        return str(self.number)


class TranslationCheck(models.Model):
    """Somebody has compared a language of a campaign with the English text as it was then.

    `source_digest` is the SHA-256 of the English texts; when it is no longer theirs, the language
    is stale.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="translation_checks")
    language = models.CharField(_("language"), max_length=10)
    source_digest = models.CharField(max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("who")
    )
    at = models.DateTimeField(_("when"), auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "language"], name="translation_check_unique"
            ),
        ]

    def __str__(self):
        return f"{self.language} {self.pk}"
