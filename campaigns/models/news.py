"""What a campaign tells: news, and what came before it."""

import re

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from campaigns.models.campaign import Campaign
from campaigns.querysets import UpdateQuerySet


class Update(models.Model):
    """A piece of news, shown on the site from `published_at` on and mailed to those who asked."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="updates")
    title = I18nCharField(_("title"))
    body = I18nTextField(
        _("text"), help_text=_("A blank line starts a new paragraph. Links become links.")
    )
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)

    objects = UpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ["-published_at", "-pk"]

    def __str__(self):
        return str(self.title)

    def get_absolute_url(self):
        return reverse("campaigns:update", args=[self.campaign.slug, self.pk])

    @property
    def languages(self) -> list[str]:
        """The languages in which it can be read, those of the site in their order."""
        whole = written_in(self.title) & written_in(self.body)
        return [code for code, _name in settings.LANGUAGES if code in whole]

    @property
    def gaps(self) -> list[str]:
        """What is missing before it can be published: half-written languages, and English."""
        half = written_in(self.title) ^ written_in(self.body)
        if settings.LANGUAGE_CODE not in self.languages:
            half.add(settings.LANGUAGE_CODE)
        return [code for code, _name in settings.LANGUAGES if code in half]

    @property
    def paragraphs(self) -> list[list[str]]:
        """The text in the active language, as lines in paragraphs; a blank line divides these."""
        parts = re.split(r"\n\s*\n", str(self.body).replace("\r\n", "\n").strip())
        return [[line.strip() for line in part.split("\n")] for part in parts if part.strip()]


def written_in(text) -> set[str]:
    """The languages of an `I18n…` text that say anything."""
    texts = text.data if isinstance(text.data, dict) else {settings.LANGUAGE_CODE: text.data}
    return {code for code, words in texts.items() if words and words.strip()}


class EarlierAppeal(models.Model):
    """An appeal that came before the campaign: shown with its own list, counted nowhere."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="earlier_appeals")
    title = I18nCharField(_("title"))
    note = I18nTextField(_("what it was"), blank=True)
    signed_on = models.DateField(_("day"), null=True, blank=True)

    class Meta:
        verbose_name = _("earlier appeal")
        verbose_name_plural = _("earlier appeals")

    def __str__(self):
        return str(self.title)


class EarlierOrganisation(models.Model):
    """An organisation that signed an earlier appeal."""

    appeal = models.ForeignKey(EarlierAppeal, models.CASCADE, related_name="organisations")
    name = models.CharField(_("name"), max_length=200)
    country = models.CharField(_("country"), max_length=2, blank=True)
    website = models.URLField(_("website"), blank=True)

    class Meta:
        verbose_name = _("organisation of an earlier appeal")
        verbose_name_plural = _("organisations of earlier appeals")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["appeal", "name"], name="earlier_organisation_unique"),
        ]

    def __str__(self):
        return self.name
