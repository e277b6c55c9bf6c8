"""The language board: what each language of a campaign lacks, and whether it is up to date."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns import lifecycle, translations
from campaigns.models import Addressee, Call, Campaign, Demand, Organiser, TranslationCheck
from campaigns.translations import ENGLISH, Gap, Text

# On which page of the desk a row is written, and the prefix of its fields there.
INLINE = {Demand: "demands", Addressee: "addressees", Organiser: "organisers"}


class State(models.TextChoices):
    COMPLETE = "complete", _("complete")
    MISSING = "missing", _("texts are missing")
    STALE = "stale", _("the English text has changed since it was compared")
    UNCHECKED = "unchecked", _("nobody has compared it with the English text yet")
    NOTHING = "nothing", _("not begun")


@dataclass(frozen=True)
class Language:
    code: str
    missing: list[tuple[Text, str]]  # with the address of the field
    is_stale: bool
    has_begun: bool
    check: TranslationCheck | None

    @property
    def name(self) -> str:
        return translations.name_of(self.code)

    @property
    def state(self) -> State:
        if not self.has_begun:
            return State.NOTHING
        if self.missing:
            return State.MISSING
        if self.code == ENGLISH or (self.check and not self.is_stale):
            return State.COMPLETE
        return State.STALE if self.check else State.UNCHECKED

    @property
    def can_be_compared(self) -> bool:
        return self.state in {State.STALE, State.UNCHECKED}


def languages(campaign: Campaign) -> list[Language]:
    known, digest = translations.texts(campaign), translations.source_digest(campaign)
    checks = {check.language: check for check in campaign.translation_checks.select_related("by")}
    return [_language(campaign, code, known, checks.get(code), digest) for code in codes()]


def codes() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]


def _language(campaign, code, known, check, digest) -> Language:
    return Language(
        code=code,
        missing=[
            (text, address(campaign, Gap(code, text))) for text in translations.missing(known, code)
        ],
        is_stale=check is not None and check.source_digest != digest,
        has_begun=translations.has_begun(known, code),
        check=check,
    )


def address(campaign: Campaign, gap: Gap) -> str:
    """Where at the desk a missing text is written: the page, and the field in that language."""
    row, text = gap.text.row, gap.text
    if isinstance(row, Call):
        page = reverse("admin:campaigns_call_change", args=[row.pk])
    elif appeal := getattr(row, "appeal_id", None) or (row.pk if _is_appeal(row) else None):
        page = reverse("admin:campaigns_appeal_change", args=[appeal])
    elif text.label == _("the appeal with its demands"):
        return f"{reverse('admin:campaigns_appeal_add')}?campaign={campaign.pk}"
    else:
        page = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    if not text.field:
        return page
    prefix = f"{INLINE[type(row)]}-{text.number}-" if type(row) in INLINE else ""
    return f"{page}#id_{prefix}{text.field}_{codes().index(gap.language)}"


def _is_appeal(row) -> bool:
    return row._meta.model_name == "appeal"


def show(request, pk):
    """The board; a POST says that a language was compared with the English text as it was shown."""
    campaign = get_object_or_404(Campaign, pk=pk)
    allowed = "change" if request.method == "POST" else "view"
    if not request.user.has_perm(f"campaigns.{allowed}_campaign"):
        raise PermissionDenied
    if request.method == "POST":
        _compare(request, campaign)
        return redirect("admin:campaigns_campaign_languages", pk)
    context = {
        **admin.site.each_context(request),
        "title": _("Languages"),
        "opts": Campaign._meta,
        "campaign": campaign,
        "board": languages(campaign),
        "source_digest": translations.source_digest(campaign),
        "may_change": request.user.has_perm("campaigns.change_campaign"),
    }
    return render(request, "admin/campaigns/languages.html", context)


def _compare(request, campaign):
    language, digest = request.POST.get("language", ""), request.POST.get("source", "")
    known = language in codes()
    if known and lifecycle.compare(campaign, language, digest, by=request.user):
        messages.success(request, _("Noted."))
    else:
        words = _("Not noted: the texts have changed in the meantime. Please look once more.")
        messages.warning(request, words)
