"""The whole effort, whom it addresses and who stands behind it."""

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
    def appeal(self):
        """The version that is signed: the newest published one; of a draft the newest."""
        appeals = self.appeals.order_by("-version")
        return appeals.published().first() or appeals.first()

    @property
    def is_open(self) -> bool:
        """Whether one can sign now; the day of closing counts even before the row is closed."""
        overdue = self.closes_at is not None and self.closes_at <= now()
        return self.status == self.Status.OPEN and not overdue

    @property
    def has_ended(self) -> bool:
        return self.status in {self.Status.CLOSED, self.Status.HANDED_IN}


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
