"""What organisers decide, and what people took back."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Update
from signatures.models.signature import FINGERPRINT_LENGTH, Signature
from signatures.querysets import MailingQuerySet


class Moderation(models.Model):
    """What an organiser did to a signature, why and when; rows are only ever added."""

    class Verb(models.TextChoices):
        APPROVE = "approve", _("approved")
        REFUSE = "refuse", _("refused")
        HIDE = "hide", _("hidden")
        RESTORE = "restore", _("restored")
        HOLD = "hold", _("held")
        RELEASE = "release", _("released")
        ASK = "ask", _("second opinion asked for")
        DESCRIBE = "describe", _("described")
        PERSONAL = "personal", _("taken as a person's, in personal capacity")
        PIN = "pin", _("put among the first signatories")
        UNPIN = "unpin", _("no longer among the first signatories")
        QUOTE = "quote", _("comment approved")
        UNQUOTE = "unquote", _("comment not shown")

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="moderations")
    verb = models.CharField(_("what"), max_length=10, choices=Verb.choices)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("who"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("moderation")
        verbose_name_plural = _("moderations")
        ordering = ["-at"]

    def __str__(self):
        return f"{self.get_verb_display()} {self.at:%Y-%m-%d}"


class Erasure(models.Model):
    """The ledger of what people took back: a restored backup that is older does not bring it again.

    `kind` is that of a whole signature, or what `lifecycle` names of it.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE)
    kind = models.CharField(max_length=12)
    address_hash = models.CharField(max_length=FINGERPRINT_LENGTH, db_index=True)
    at = models.DateTimeField()

    def __str__(self):
        return f"Erasure {self.pk}"


class Proposal(models.Model):
    """What one organiser may not do alone: another one agrees to it, or declines.

    Whoever proposed it may take it back. `details` are the arguments of the act, and name no
    signatory.
    """

    class Act(models.TextChoices):
        EXPORT = "export", _("export with contact data")
        REMOVE = "remove", _("hold or hide more than 100 signatures")
        MAIL = "mail", _("mail to more than 1,000 people")

    campaign = models.ForeignKey(Campaign, models.CASCADE, verbose_name=_("campaign"))
    act = models.CharField(_("what"), max_length=10, choices=Act.choices)
    number = models.PositiveIntegerField(_("how many"))
    details = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    at = models.DateTimeField(_("proposed"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    agreed = models.BooleanField(_("agreed"), null=True)

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["-at"]
        permissions = [("decide_proposal", _("Can decide on what others propose"))]
        constraints = [
            models.CheckConstraint(
                name="proposal_needs_two",
                condition=Q(agreed=None) | Q(agreed=False) | ~Q(decided_by=F("by")),
            ),
            models.CheckConstraint(
                name="proposal_decided_whole",
                condition=Q(decided_by=None, decided_at=None, agreed=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, agreed__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.act} {self.pk}"


class Export(models.Model):
    """Leave to take certain columns away for a purpose, until `expires_at`; no file is kept."""

    class Purpose(models.TextChoices):
        PETI = "peti", _("the Parliament's petitions committee")
        STATISTICS = "statistics", _("statistics without names")
        ORGANISATIONS = "organisations", _("organisations with their websites")
        CONTACTS = "contacts", _("contact persons of organisations")

    campaign = models.ForeignKey(Campaign, models.PROTECT, verbose_name=_("campaign"))
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    reason = models.CharField(_("reason"), max_length=200)
    public_key = models.CharField(
        _("public key"),
        max_length=200,
        blank=True,
        help_text=_("age1…: only the holder of its other half can read the file."),
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("who"))
    at = models.DateTimeField(_("when"))
    expires_at = models.DateTimeField(_("until"))
    downloads = models.PositiveSmallIntegerField(_("downloads"), default=0)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-at"]

    def __str__(self):
        return f"{self.purpose} {self.pk}"


class Mailing(models.Model):
    """An update on its way to those who asked for news.

    Mails are put into the outbox in steps from `cursor`, the last signature that was looked at, so
    that a crash neither leaves anybody out nor mails anybody twice. Whoever takes a step holds the
    row's lock until it is done.
    """

    update = models.OneToOneField(Update, models.PROTECT, related_name="mailing")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("who"))
    at = models.DateTimeField(_("when"))
    cursor = models.BigIntegerField(default=0)
    queued = models.PositiveIntegerField(_("mails"), default=0)
    finished_at = models.DateTimeField(_("all queued"), null=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True)

    objects = MailingQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")

    def __str__(self):
        return f"Mailing {self.pk}"
