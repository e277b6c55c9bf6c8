"""What all files of a hand-in say, in the language that is active."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import now

from campaigns.models import Campaign, salutation
from signatures import countries, small_cells, tally
from signatures.hand_in.sealing import Correction, correction
from signatures.models import HandIn, Kind, SealedEntry

BATCH = 2000
# Cyrillic letters that a computer sorts behind all others, and where the alphabets have them.
LAST = "\uffff"
BEHIND = {
    "ґ": "г", "ђ": "д", "є": "е", "ё": "е", "і": "и", "ї": f"и{LAST}", "й": f"и{LAST * 2}",
    "ј": f"и{LAST * 3}", "ў": "у",
}  # fmt: skip
PLACES = str.maketrans({letter: f"{before}{LAST}" for letter, before in BEHIND.items()})


@dataclass(frozen=True)
class Listed:
    """Somebody who agreed to be listed."""

    number: int
    kind: str
    name: str
    town: str


@dataclass(frozen=True)
class Part:
    """How many signed in a country, and how many of them are listed; "" is all other countries."""

    code: str
    country: str
    total: int
    listed: int


class Contents:
    """Of one sealed list, or of what one country has in it."""

    def __init__(self, hand_in: HandIn, country: str = ""):
        self.hand_in = hand_in
        self.campaign: Campaign = hand_in.campaign
        self.country = country
        self.country_name = countries.name(country)
        self.made_on = now().date()
        self._names = dict(countries.choices())
        self._order = {code: place for place, code in enumerate(self._names)}

    @cached_property
    def correction(self) -> Correction:
        return correction(self.hand_in)

    @cached_property
    def kinds(self) -> dict[str, int]:
        """People, organisations, paper: as it was sealed, or what a country has of it."""
        if not self.country:
            return {
                Kind.INDIVIDUAL: self.hand_in.people,
                Kind.ORGANISATION: self.hand_in.organisations,
                tally.PAPER: self.hand_in.paper,
            }
        found = dict(self._entries().values_list("kind").annotate(number=Count("pk")))
        return {kind: found.get(kind, 0) for kind in (*Kind.values, tally.PAPER)}

    @property
    def people(self) -> int:
        return self.kinds[Kind.INDIVIDUAL]

    @property
    def organisations(self) -> int:
        return self.kinds[Kind.ORGANISATION]

    @property
    def paper(self) -> int:
        return self.kinds[tally.PAPER]

    @cached_property
    def total(self) -> int:
        return sum(self.kinds.values())

    @property
    def is_small(self) -> bool:
        """Of a handful in one country not even the number is told."""
        return bool(self.country) and self.total < small_cells.LEAST

    @cached_property
    def listed(self) -> int:
        """How many agreed to be listed and have not taken that back."""
        return sum(part.listed for part in self._all_parts)

    @cached_property
    def parts(self) -> list[Part]:
        """By country, in its alphabet; countries with a handful are told together, at the end."""
        told, rest = small_cells.suppress({part.code: part.total for part in self._all_parts})
        shown = [part for part in self._all_parts if part.code in told]
        if not rest:
            return shown
        others = sum(part.listed for part in self._all_parts if part.code not in told)
        return [*shown, Part("", "", rest, others)]

    @cached_property
    def _all_parts(self) -> list[Part]:
        """The listed are counted by reading the lines: only they tell who is named."""
        totals = dict(self._entries().values_list("country").annotate(number=Count("pk")))
        listed = {code: sum(1 for _ in self._read(code)) for code in totals}
        return [
            Part(code, self._names.get(code, ""), totals[code], listed[code])
            for code in sorted(totals, key=lambda code: self._order.get(code, len(self._order)))
        ]

    def names(self, *kinds: str) -> Iterator[tuple[str, list[Listed]]]:
        """Countries in their alphabet and who is listed there, sorted; one country in memory."""
        for part in self._all_parts:
            listed = list(self._read(part.code, kinds))
            if part.code and listed:
                yield part.country, sorted(listed, key=lambda row: order(row.name))

    def _entries(self) -> QuerySet[SealedEntry]:
        entries = SealedEntry.objects.filter(hand_in=self.hand_in)
        return entries.filter(country=self.country) if self.country else entries

    def _read(self, country: str, kinds: tuple[str, ...] = ()) -> Iterator[Listed]:
        rows = self._entries().filter(Q(country=country) & ~Q(line=""))
        rows = rows.filter(kind__in=kinds) if kinds else rows
        for line in rows.values_list("line", flat=True).iterator(chunk_size=BATCH):
            facts: dict[str, Any] = json.loads(line)
            if "name" in facts:
                yield Listed(facts["number"], facts["kind"], facts["name"], facts.get("town", ""))

    @cached_property
    def salutation(self) -> str:
        return salutation(self.addressees)

    @cached_property
    def addressees(self) -> list[Any]:
        return list(self.campaign.addressees.all())

    @cached_property
    def organisers(self) -> list[Any]:
        return list(self.campaign.organisers.all())

    @cached_property
    def appeal(self) -> Any:
        return self.campaign.appeal

    @cached_property
    def demands(self) -> list[Any]:
        return list(self.appeal.demands.all())


def order(name: str) -> tuple[str, str]:
    """By letters, whatever their accents, and each alphabet by itself."""
    placed = unicodedata.normalize("NFC", name).casefold().translate(PLACES)
    letters = unicodedata.normalize("NFKD", placed)
    return "".join(c for c in letters if not unicodedata.combining(c)), name
