"""What people are asked to support.

Texts that people read exist in several languages: an `I18n…` column holds all languages of one
text, is edited side by side in the admin, and shows itself in the language of the page, or in
English, which prevails, where a translation is missing.
"""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField, I18nTextField

from campaigns.querysets import CampaignQuerySet

# Short, lower case, safe in addresses and on posters.
code_validator = RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Use a-z, 0-9 and hyphens."))


class Campaign(models.Model):
    """The whole effort: who asks whom for what, until when."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")
        HANDED_IN = "handed_in", _("handed in")

    slug = models.CharField(
        _("slug"),
        max_length=60,
        unique=True,
        validators=[code_validator],
        help_text=_("The campaign's part of every address. Posters show it: choose once."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    title = I18nCharField(_("title"))
    summary = I18nTextField(_("summary"), help_text=_("Two sentences that say what it is about."))
    hashtag = models.CharField(_("hashtag"), max_length=60, blank=True)
    hand_in_when = I18nCharField(
        _("hand-in, in words"),
        blank=True,
        help_text=_(
            "Completes “The signatures will be handed in …”: “early next year in Brussels”."
        ),
    )
    hand_in_at = models.DateTimeField(
        _("hand-in, day and hour"),
        null=True,
        blank=True,
        help_text=_("Shown instead of the words as soon as it is known."),
    )
    hand_in_place = I18nCharField(_("hand-in, place"), blank=True)
    history = I18nTextField(_("what came before"), blank=True)
    first_goal = models.PositiveIntegerField(
        _("first goal"),
        default=100,
        help_text=_("The first rung of the ladder; the next goals follow by themselves."),
    )
    reminds = models.BooleanField(
        _("remind once"),
        default=True,
        help_text=_("One reminder after a day to those who have not confirmed."),
    )
    guarded = models.BooleanField(_("asks a question"), default=False, editable=False)
    closes_at = models.DateTimeField(_("closes at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [
            models.CheckConstraint(
                name="campaign_status_known",
                condition=Q(status__in=["draft", "open", "paused", "closed", "handed_in"]),
            ),
        ]

    def __str__(self):
        return str(self.title)

    def get_absolute_url(self):
        return reverse("signatures:appeal", args=[self.slug])

    @property
    def appeal(self) -> "Appeal":
        """The version that is signed: the newest published one; of a draft the newest."""
        appeals = self.appeals.order_by("-version")
        return appeals.exclude(frozen_at=None).first() or appeals.first()

    @property
    def is_open(self) -> bool:
        """Whether one can sign now; the day of closing counts even before the row is closed."""
        overdue = self.closes_at is not None and self.closes_at <= now()
        return self.status == self.Status.OPEN and not overdue

    @property
    def has_ended(self) -> bool:
        return self.status in {self.Status.CLOSED, self.Status.HANDED_IN}


class Appeal(models.Model):
    """A version of the text that is signed; frozen from the moment it can be signed.

    The newest frozen version is the one that is signed. Translations may be added to a frozen
    appeal, but what people have already been able to sign stays word for word.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="appeals")
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    opening = I18nCharField(
        _("opening"), help_text=_("Stands between the salutation and the demands.")
    )
    frozen_at = models.DateTimeField(_("frozen at"), null=True, editable=False)

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["campaign", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "version"], name="appeal_version_unique"),
        ]

    def __str__(self):
        return f"{self.campaign.slug}, {self.version}"


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


class Addressee(models.Model):
    """An office and the person who holds it. Office holders change during a campaign."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="addressees")
    position = models.PositiveSmallIntegerField(_("position"))
    office = I18nCharField(_("office"))
    person = I18nCharField(_("person"))
    greeting = I18nCharField(
        _("greeting"), help_text=_("“dear Roberta Metsola”: this person's part of the salutation.")
    )

    class Meta:
        verbose_name = _("addressee")
        verbose_name_plural = _("addressees")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "position"], name="addressee_position_unique"
            ),
        ]

    def __str__(self):
        return f"{self.office}: {self.person}"


def salutation(addressees) -> str:
    """“Dear …, dear …, dear …,” in the language of the page."""
    greetings = ", ".join(str(addressee.greeting) for addressee in addressees)
    return capfirst(f"{greetings},") if greetings else ""


class Organiser(models.Model):
    """An organisation that runs or supports a campaign."""

    class Part(models.TextChoices):
        RUNS = "runs", _("runs the campaign")
        SUPPORTS = "supports", _("supports the campaign")

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="organisers")
    code = models.CharField(
        _("code"),
        max_length=40,
        validators=[code_validator],
        help_text=_("Marks signatures that came through this organisation's call."),
    )
    name = I18nCharField(_("name"))
    part = models.CharField(_("part"), max_length=10, choices=Part.choices, default=Part.RUNS)
    website = models.URLField(_("website"), blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("organiser")
        verbose_name_plural = _("organisers")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "code"], name="organiser_code_unique"),
        ]

    def __str__(self):
        return str(self.name)


class Call(models.Model):
    """An organiser's own letter inviting people to sign."""

    organiser = models.OneToOneField(Organiser, models.CASCADE, related_name="call")
    title = I18nCharField(_("title"))
    body = I18nTextField(_("letter"), help_text=_("A blank line starts a new paragraph."))

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")

    def __str__(self):
        return str(self.title)


class CampaignStep(models.Model):
    """What was done to a campaign, by whom and when; rows are only ever added."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="steps")
    verb = models.CharField(_("what"), max_length=20)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("who")
    )
    at = models.DateTimeField(_("when"), auto_now_add=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["-at"]

    def __str__(self):
        return self.verb
