"""What a campaign tells: news, and what came before it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from campaigns.models.campaign import Campaign


class Update(models.Model):
    """A piece of news, shown on the site from `published_at` on and mailed to those who asked."""

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="updates")
    title = I18nCharField(_("title"))
    body = I18nTextField(
        _("text"), help_text=_("A blank line starts a new paragraph. Links become links.")
    )
    created_at = models.DateTimeField(_("written"), auto_now_add=True)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ["-published_at", "-pk"]

    def __str__(self):
        return str(self.title)


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
