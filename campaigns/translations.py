"""The texts of a campaign in its languages: which there are, and which are missing.

All is about the newest version of the appeal, published or not: that is the one being written.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from campaigns.models import Appeal, Call, Campaign

ENGLISH = settings.LANGUAGE_CODE
HEAD = ["title", "summary"]
FURTHER = ["hand_in_when", "hand_in_place", "history"]


@dataclass(frozen=True)
class Text:
    """One text in all its languages; `core` is what nobody can sign without.

    `number` is the place of its row among those of its kind, from 0. A text that ought to be
    there and has no row yet has the row that it would belong to, and no `field`.
    """

    label: str
    row: Model
    field: str = ""
    number: int = 0
    core: bool = False

    def words(self, language: str) -> str:
        texts: Any = getattr(getattr(self.row, self.field), "data", None) if self.field else None
        # A text that was stored without a language is English.
        texts = texts if isinstance(texts, dict) else {ENGLISH: "" if texts is None else texts}
        return str(texts.get(language) or "").strip()


@dataclass(frozen=True)
class Gap:
    language: str
    text: Text

    def __str__(self) -> str:
        return f"{name_of(self.language)}: {self.text.label}"


def name_of(language: str) -> str:
    """The name of a language in the language of the page; where it is unknown, its own."""
    try:
        return str(get_language_info(language)["name_translated"])
    except KeyError:
        return str(dict(settings.LANGUAGES)[language])


def newest(campaign: Campaign) -> Appeal | None:
    """The version that is signed, or the one that is being written to follow it."""
    return campaign.appeals.order_by("-version").first()


def texts(campaign: Campaign) -> list[Text]:
    return [
        *_fields(campaign, "", HEAD, core=True),
        *_of_appeal(newest(campaign) or campaign),
        *_of_people(campaign),
        *_fields(campaign, "", FURTHER),
        *_of_calls(campaign),
    ]


def missing(known: list[Text], language: str) -> list[Text]:
    """What this language lacks; of what may be empty, only if another language has it."""
    others = [code for code, _name in settings.LANGUAGES] if language == ENGLISH else [ENGLISH]
    return [
        text
        for text in known
        if not text.words(language) and (text.core or any(text.words(code) for code in others))
    ]


def has_begun(known: list[Text], language: str) -> bool:
    return any(text.words(language) for text in known)


def gaps(campaign: Campaign) -> list[Gap]:
    """Why a campaign or a new version cannot be published yet.

    English is whole, and a language that has begun has all that is signed and by whom it is asked.
    """
    known = texts(campaign)
    return [
        Gap(language, text)
        for language, _name in settings.LANGUAGES
        if language == ENGLISH or has_begun(known, language)
        for text in missing(known, language)
        if text.core
    ]


def source_digest(campaign: Campaign) -> str:
    """SHA-256, in hexadecimal, of all English texts: what translations are compared with."""
    english = [
        [text.row._meta.label, text.number, text.field, text.words(ENGLISH)]
        for text in texts(campaign)
        if text.words(ENGLISH)
    ]
    return hashlib.sha256(json.dumps(english, ensure_ascii=False).encode()).hexdigest()


def _fields(
    row: Model, of: str, fields: list[str], number: int = 0, core: bool = False
) -> Iterator[Text]:
    for field in fields:
        name = row._meta.get_field(field).verbose_name  # type: ignore[union-attr]
        yield Text(f"{of}: {name}" if of else str(name), row, field, number, core)


def _of_appeal(appeal: Model) -> Iterator[Text]:
    if not isinstance(appeal, Appeal):
        yield Text(_("the appeal with its demands"), appeal, core=True)
        return
    yield from _fields(appeal, "", ["opening"], core=True)
    demands = list(appeal.demands.all())
    for place, demand in enumerate(demands):
        label = _("demand %(number)d") % {"number": demand.number}
        yield Text(label, demand, "text", place, core=True)
    if not demands:
        yield Text(_("a demand"), appeal, core=True)
    if appeal.version > 1:
        yield from _fields(appeal, "", ["change_note"])


def _of_people(campaign: Campaign) -> Iterator[Text]:
    addressees = list(campaign.addressees.all())
    for place, row in enumerate(addressees):
        of = _("addressee %(number)d") % {"number": row.position}
        yield from _fields(row, of, ["office", "person", "greeting"], place, core=True)
    if not addressees:
        yield Text(_("an addressee"), campaign, core=True)
    organisers = list(campaign.organisers.order_by("position", "pk"))
    for place, organiser in enumerate(organisers):
        of = _("organiser %(code)s") % {"code": organiser.code}
        yield from _fields(organiser, of, ["name"], place, core=True)
    if not organisers:
        yield Text(_("an organiser"), campaign, core=True)


def _of_calls(campaign: Campaign) -> Iterator[Text]:
    calls = Call.objects.filter(organiser__campaign=campaign).select_related("organiser")
    for place, call in enumerate(calls.order_by("organiser__position", "pk")):
        of = _("call %(code)s") % {"code": call.organiser.code}
        yield from _fields(call, of, ["title", "body"], place)
