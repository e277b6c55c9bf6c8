"""The act of support, and what is kept around it.

A signature's state is its timestamps. `lifecycle` is the only place that changes one.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Appeal, Campaign
from signatures.keys import SealedField
from signatures.querysets import LISTED, LIVE, OutboxQuerySet, SignatureQuerySet

FINGERPRINT_LENGTH = 43  # base64 of 256 bits


class Kind(models.TextChoices):
    INDIVIDUAL = "individual", _("person")
    ORGANISATION = "organisation", _("organisation")


class Visibility(models.TextChoices):
    """What a signatory wants done with the name; decides what we keep of it."""

    COUNT = "count", _("counted only")
    HANDIN = "handin", _("for the addressees")
    PUBLIC = "public", _("on the web")


class Signature(models.Model):
    """One act of support by a person or an organisation.

    `address_hash` is a keyed hash of the canonical address, bound to the campaign; `email` is there
    only while the signature is pending, and later for those who asked for updates. A withdrawn
    signature keeps what the totals need and nothing that leads to a person.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="signatures")
    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="signatures")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    language = models.CharField(_("language"), max_length=10)
    address_hash = models.CharField(max_length=FINGERPRINT_LENGTH, blank=True)
    email = SealedField(_("address"), blank=True)
    name = SealedField(_("name"), blank=True)
    country = models.CharField(_("country"), max_length=2)
    city = SealedField(_("city"), blank=True)
    comment = SealedField(_("comment"), blank=True)
    visibility = models.CharField(_("visibility"), max_length=6, choices=Visibility.choices)
    updates = models.BooleanField(_("wants updates"), default=False)
    via = models.CharField(_("via"), max_length=40, blank=True)
    consent_version = models.CharField(_("consent text"), max_length=10)
    signals = models.CharField(_("signals"), max_length=100, blank=True)

    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    organisation_folded = models.CharField(max_length=250, blank=True)
    website = models.URLField(_("website"), blank=True)
    role = SealedField(_("role"), blank=True)
    contact_domain = models.CharField(_("domain of the address"), max_length=253, blank=True)

    signed_at = models.DateTimeField(_("signed"))
    reminded_at = models.DateTimeField(_("reminded"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    held_at = models.DateTimeField(_("held"), null=True)
    held_reason = models.CharField(_("held because"), max_length=200, blank=True)
    hidden_at = models.DateTimeField(_("hidden"), null=True)
    approved_at = models.DateTimeField(_("approved"), null=True)
    refused_at = models.DateTimeField(_("refused"), null=True)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        permissions = [("moderate_signature", _("Can moderate signatures"))]
        constraints = [
            models.UniqueConstraint(
                name="signature_one_live_per_address",
                fields=["campaign", "kind", "address_hash"],
                condition=LIVE,
            ),
            models.CheckConstraint(
                name="signature_count_keeps_no_name",
                condition=~Q(visibility="count") | Q(name="", city="", comment=""),
            ),
            models.CheckConstraint(
                name="signature_kind_known",
                condition=Q(kind="individual", organisation="")
                | (Q(kind="organisation", visibility="public") & (~Q(organisation="") | ~LIVE)),
            ),
            models.CheckConstraint(
                name="signature_visibility_known",
                condition=Q(visibility__in=["count", "handin", "public"]),
            ),
            models.CheckConstraint(
                name="signature_withdrawn_keeps_nothing_personal",
                condition=LIVE
                | Q(address_hash="", email="", name="", city="", comment="", role=""),
            ),
            models.CheckConstraint(
                name="signature_held_for_a_reason",
                condition=Q(held_at=None, held_reason="")
                | (Q(held_at__isnull=False) & ~Q(held_reason="")),
            ),
            models.CheckConstraint(
                name="signature_decision_is_one",
                condition=Q(approved_at=None) | Q(refused_at=None),
            ),
        ]
        indexes = [
            models.Index(
                F("campaign"),
                F("kind"),
                F("confirmed_at").desc(),
                F("id").desc(),
                name="signature_listed",
                condition=LISTED,
            ),
            models.Index(
                fields=["signed_at"], name="signature_pending", condition=Q(confirmed_at=None)
            ),
        ]

    def __str__(self):
        # Stands in logs and histories for ever, so it names nobody.
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_pending(self) -> bool:
        return self.confirmed_at is None and self.withdrawn_at is None

    @property
    def is_counted(self) -> bool:
        """The same rule as `querysets.COUNTED`."""
        approved = self.kind == Kind.INDIVIDUAL or self.approved_at is not None
        return (
            self.confirmed_at is not None
            and self.withdrawn_at is None
            and self.held_at is None
            and approved
        )

    @property
    def listed_name(self) -> str:
        return self.organisation if self.kind == Kind.ORGANISATION else self.name


class Token(models.Model):
    """A mailed secret, kept as a digest, good for one purpose only."""

    class Purpose(models.TextChoices):
        CONFIRM = "confirm"
        NOT_ME = "not_me"
        MANAGE = "manage"
        UNSUBSCRIBE = "unsubscribe"

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="tokens")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    code_digest = models.CharField(max_length=FINGERPRINT_LENGTH, blank=True)
    expires_at = models.DateTimeField(null=True)

    def __str__(self):
        return f"{self.purpose} {self.pk}"


class Mute(models.Model):
    """The owner of an address said that it was somebody else: no mail for a while."""

    campaign = models.ForeignKey(Campaign, models.CASCADE)
    address_hash = models.CharField(max_length=FINGERPRINT_LENGTH)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["campaign", "address_hash"], name="mute_unique"),
        ]

    def __str__(self):
        return f"Mute {self.pk}"


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


class Tally(models.Model):
    """A part of a count. The shards of one country add up; no confirmation waits for another."""

    campaign = models.ForeignKey(Campaign, models.CASCADE)
    kind = models.CharField(max_length=12)
    country = models.CharField(max_length=2)
    shard = models.PositiveSmallIntegerField()
    number = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "kind", "country", "shard"], name="tally_part_unique"
            ),
        ]

    def __str__(self):
        return f"Tally {self.pk}"


class OutboxMail(models.Model):
    """A mail kept with the write that caused it, until the mail server has taken it."""

    class Kind(models.TextChoices):
        CONFIRM = "confirm"
        REMINDER = "reminder"
        OWN_PAGE = "own_page"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="mails")
    recipient = SealedField(blank=True)
    language = models.CharField(max_length=10)
    precedence = models.PositiveSmallIntegerField(default=0)
    message_id = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    next_try_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="outbox_forgets_the_recipient",
                condition=Q(sent_at=None, failed_at=None) | Q(recipient=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["precedence", "next_try_at"],
                name="outbox_waiting",
                condition=Q(sent_at=None, failed_at=None),
            ),
            # Both for `outbox.minutes_behind`.
            models.Index(
                fields=["precedence", "created_at"],
                name="outbox_oldest",
                condition=Q(sent_at=None, failed_at=None),
            ),
            models.Index(
                fields=["-created_at"],
                name="outbox_newest_sent",
                condition=Q(sent_at__isnull=False),
            ),
            models.Index(fields=["message_id"], name="outbox_message_id"),
        ]

    def __str__(self):
        return f"{self.kind} {self.pk}"


class Moderation(models.Model):
    """What an organiser did to a signature, why and when; rows are only ever added."""

    class Verb(models.TextChoices):
        APPROVE = "approve", _("approved")
        REFUSE = "refuse", _("refused")
        HIDE = "hide", _("hidden")
        RESTORE = "restore", _("restored")
        HOLD = "hold", _("held")
        RELEASE = "release", _("released")

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


class Counter(models.Model):
    """A row of `counters.CounterCache`."""

    key = models.CharField(max_length=250, primary_key=True)
    value = models.IntegerField()
    expires = models.FloatField(db_index=True)

    def __str__(self):
        return f"Counter {self.value}"
