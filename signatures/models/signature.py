"""The act of support itself."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from i18nfield.fields import I18nCharField

from campaigns.models import Appeal, Campaign
from signatures.keys import SealedField
from signatures.models.paper import PaperBatch
from signatures.querysets import (
    HELD,
    LISTED,
    LIVE,
    ONLINE,
    QUOTES_WAITING,
    WAITING,
    SignatureQuerySet,
)

FINGERPRINT_LENGTH = 43  # base64 of 256 bits


class Kind(models.TextChoices):
    INDIVIDUAL = "individual", _("person")
    ORGANISATION = "organisation", _("organisation")


class Visibility(models.TextChoices):
    """What a signatory wants done with the name; decides what we keep of it."""

    COUNT = "count", _("counted only")
    HANDIN = "handin", _("for the addressees")
    PUBLIC = "public", _("on the web")


class OrganisationType(models.TextChoices):
    """What kind of organisation it is, as organisers see it."""

    PEACE = "peace", _("peace")
    RIGHTS = "rights", _("human rights")
    REFUGEES = "refugees", _("refugees and migration")
    FAITH = "faith", _("church or faith")
    WOMEN = "women", _("women")
    UNION = "union", _("union")
    PARTY = "party", _("party or parliamentary group")
    YOUTH = "youth", _("youth or students")
    OTHER = "other", _("other")


class Signature(models.Model):
    """One act of support by a person or an organisation, online or on paper (`batch`).

    `address_hash` is a keyed hash of the canonical address, bound to the campaign, and `exact_hash`
    one of the very address: where only the first agrees, somebody else may be at the other end, who
    is told nothing. `email` is there only while the signature is pending, and later for those who
    asked for updates. A withdrawn signature keeps what the totals need and nothing that leads to a
    person. `organisation_folded` has all names of an organisation as they are searched, a line for
    each, the signed one first.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="signatures")
    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="signatures")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    language = models.CharField(_("language"), max_length=10)
    address_hash = models.CharField(max_length=FINGERPRINT_LENGTH, blank=True)
    exact_hash = models.CharField(max_length=FINGERPRINT_LENGTH, blank=True)
    email = SealedField(_("address"), blank=True)
    name = SealedField(_("name"), blank=True)
    country = models.CharField(_("country"), max_length=2)
    city = SealedField(_("city"), blank=True)
    comment = SealedField(_("comment"), blank=True)
    quote = models.BooleanField(_("may be quoted"), default=False)
    comment_approved_at = models.DateTimeField(_("comment approved"), null=True)
    comment_refused_at = models.DateTimeField(_("comment not shown"), null=True)
    affiliation = SealedField(_("organisation, in personal capacity"), blank=True)
    visibility = models.CharField(_("visibility"), max_length=6, choices=Visibility.choices)
    updates = models.BooleanField(_("wants updates"), default=False)
    via = models.CharField(_("via"), max_length=40, blank=True)
    consent_version = models.CharField(_("consent text"), max_length=10)
    signals = models.CharField(_("signals"), max_length=100, blank=True)
    batch = models.ForeignKey(
        PaperBatch,
        models.PROTECT,
        null=True,
        related_name="signatures",
        verbose_name=_("paper batch"),
    )

    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    organisation_folded = models.TextField(blank=True)
    website = models.URLField(_("website"), blank=True)
    role = SealedField(_("role"), blank=True)
    contact_domain = models.CharField(_("domain of the address"), max_length=253, blank=True)
    organisation_type = models.CharField(
        _("type"), max_length=10, choices=OrganisationType.choices, blank=True
    )
    organisation_names = I18nCharField(_("name in other languages"), blank=True)
    aliases = models.TextField(_("other names"), blank=True)
    pinned = models.PositiveSmallIntegerField(_("place among the first"), null=True)
    opinion_wanted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("second opinion wanted by"),
    )

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
                condition=LIVE & Q(batch=None),
            ),
            models.CheckConstraint(
                name="signature_on_paper_has_no_address",
                condition=Q(batch=None)
                | Q(
                    kind="individual",
                    address_hash="",
                    exact_hash="",
                    email="",
                    confirmed_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="signature_count_keeps_no_name",
                condition=~Q(visibility="count")
                | Q(name="", city="", comment="", affiliation="", quote=False),
            ),
            models.CheckConstraint(
                name="signature_quote_needs_comment", condition=Q(quote=False) | ~Q(comment="")
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
                | Q(
                    address_hash="",
                    exact_hash="",
                    email="",
                    name="",
                    city="",
                    comment="",
                    role="",
                    affiliation="",
                    quote=False,
                ),
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
            models.CheckConstraint(
                name="signature_comment_decision_is_one",
                condition=Q(comment_approved_at=None) | Q(comment_refused_at=None),
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
            models.Index(
                F("campaign"),
                F("comment_approved_at").desc(),
                F("id").desc(),
                name="signature_quotes",
                condition=Q(quote=True),
            ),
            models.Index(
                fields=["campaign", "pinned"],
                name="signature_pinned",
                condition=Q(pinned__isnull=False),
            ),
            # These four for the first screen of the desk, which scans no table.
            models.Index(fields=["campaign"], name="signature_waiting", condition=WAITING),
            models.Index(fields=["batch"], name="signature_held", condition=HELD),
            models.Index(
                fields=["campaign"], name="signature_quotes_waiting", condition=QUOTES_WAITING
            ),
            models.Index(
                fields=["signed_at", "confirmed_at"], name="signature_online", condition=ONLINE
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

    def is_reader_of(self, update) -> bool:
        """The same rule as `SignatureQuerySet.readers`, but for the address itself."""
        return (
            self.updates
            and self.campaign_id == update.campaign_id
            and self.confirmed_at is not None
            and self.withdrawn_at is None
        )

    @property
    def listed_name(self) -> str:
        """An organisation's name in the language of the page, where it has one."""
        if self.kind != Kind.ORGANISATION:
            return self.name
        others = self.organisation_names.data if self.organisation_names else None
        translated = others.get(get_language()) if isinstance(others, dict) else ""
        return translated or self.organisation


class Organisation(Signature):
    """The signatures of organisations, for their own page of the desk."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")


class Comment(Signature):
    """The signatures whose comment may be quoted, for their own page of the desk."""

    class Meta:
        proxy = True
        default_permissions = ()
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
