"""What is mailed: the secrets in it, and the outbox; and who wants no mail."""

from django.db import models
from django.db.models import Q

from campaigns.models import Campaign, Update
from signatures.keys import SealedField
from signatures.models.signature import FINGERPRINT_LENGTH, Signature
from signatures.querysets import OutboxQuerySet


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


class OutboxMail(models.Model):
    """A mail kept with the write that caused it, until the mail server has taken it.

    A mail of news has no recipient of its own: it goes to the address that its signature has at
    that time. A trial of one belongs to no signature: an organiser wants to see it arrive.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm"
        REMINDER = "reminder"
        OWN_PAGE = "own_page"
        SPELLING = "spelling"
        UPDATE = "update"
        TRIAL = "trial"
        RENEW = "renew"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    signature = models.ForeignKey(Signature, models.CASCADE, null=True, related_name="mails")
    update = models.ForeignKey(Update, models.CASCADE, null=True, related_name="mails")
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
            models.CheckConstraint(
                name="outbox_update_has_one",
                condition=Q(kind__in=["update", "trial"], update__isnull=False)
                | (~Q(kind__in=["update", "trial"]) & Q(update=None)),
            ),
            models.CheckConstraint(
                name="outbox_is_about_a_signature",
                condition=Q(kind="trial", signature=None)
                | (~Q(kind="trial") & Q(signature__isnull=False)),
            ),
            models.CheckConstraint(
                name="outbox_update_has_no_recipient",
                condition=~Q(kind="update") | Q(recipient=""),
            ),
            models.UniqueConstraint(
                name="outbox_update_once",
                fields=["update", "signature"],
                condition=Q(update__isnull=False),
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
            models.Index(
                fields=["failed_at"],
                name="outbox_given_up",
                condition=Q(failed_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.kind} {self.pk}"
