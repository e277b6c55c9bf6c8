"""Whether a sealed list is still what was sealed, and that a signature is in it."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from django.utils.timezone import now
from django.utils.translation import gettext as _

from signatures.hand_in.sealing import BLOCK, digest_of, leaf_of
from signatures.models import HandIn, SealedEntry, Signature

FILE = "proof.json"


@dataclass
class Check:
    """What was found in a list: how many entries, without how many lines, and what is wrong."""

    entries: int = 0
    without_line: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not self.wrong


def check(hand_in: HandIn) -> Check:
    """Compute all digests anew from what is there; reads every entry."""
    found = Check()
    blocks = []
    read = SealedEntry.objects.filter(hand_in=hand_in).order_by("number")
    entries = read.values_list("number", "line", "leaf").iterator(chunk_size=BLOCK)
    for block in iter(lambda: list(itertools.islice(entries, BLOCK)), []):
        found.wrong += _wrong_lines(block, found.entries)
        found.without_line += sum(not line for _number, line, _leaf in block)
        found.entries += len(block)
        blocks.append(digest_of(leaf for _number, _line, leaf in block))
    found.wrong += _wrong_digests(hand_in, blocks, found.entries)
    return found


def _wrong_lines(block: list[tuple[int, str, str]], before: int) -> list[str]:
    wrong: list[str] = []
    for expected, (number, line, leaf) in enumerate(block, start=before + 1):
        if number != expected:
            return [*wrong, f"entry {expected} is missing"]
        if line and leaf_of(line) != leaf:
            wrong.append(f"entry {number} has another line than was sealed")
    return wrong


def _wrong_digests(hand_in: HandIn, blocks: list[str], entries: int) -> list[str]:
    wrong: list[str] = []
    if entries != hand_in.total:
        wrong.append(f"{entries} entries instead of {hand_in.total}")
    sealed = hand_in.blocks.split()
    for number, (now_, then) in enumerate(itertools.zip_longest(blocks, sealed), start=1):
        if now_ != then:
            wrong.append(f"block {number} is not what was sealed")
    if digest_of(sealed) != hand_in.digest:
        wrong.append("the digest of the list is not that of its blocks")
    return wrong


def of_signature(signature: Signature, number: int | None = None) -> list[SealedEntry]:
    """The places of a signature in sealed lists, the newest first; or that in list `number`."""
    entries = SealedEntry.objects.filter(
        signature=signature, taken_back_at=None, hand_in__sealed_at__isnull=False
    )
    if number is not None:
        entries = entries.filter(hand_in__number=number)
    return list(
        entries.exclude(line="")
        .select_related("hand_in", "hand_in__campaign")
        .defer("hand_in__receipt")
        .order_by("-hand_in__number")
    )


def as_data(entry: SealedEntry) -> dict[str, Any]:
    """Everything by which its owner proves that an entry is in the list, and how."""
    hand_in = entry.hand_in
    block = (entry.number - 1) // BLOCK
    leaves = (
        SealedEntry.objects.filter(hand_in=hand_in, number__gt=block * BLOCK)
        .order_by("number")
        .values_list("leaf", flat=True)[:BLOCK]
    )
    return {
        "how": how(),
        "list": f"{hand_in.campaign.slug}/{hand_in.number}",
        "sealed": hand_in.moment.date(),
        "proof_made": now().date(),
        "number": entry.number,
        "line": entry.line,
        "leaf": entry.leaf,
        "block": block + 1,
        "leaves_of_block": list(leaves),
        "blocks": hand_in.blocks.split(),
        "digest": hand_in.digest,
    }


def how() -> list[str]:
    """In words, with the commands for those who want to check by themselves."""
    return [
        _("1. Your line is what was sealed of your signature. Its SHA-256 is the leaf:"),
        f"jq -j .line {FILE} | sha256sum",
        _("2. The leaf stands among the leaves of your block. Their SHA-256 is a block's digest:"),
        f"jq -r '.leaves_of_block[]' {FILE} | sha256sum",
        _("3. That digest stands among the blocks. Their SHA-256 is the digest of the list:"),
        f"jq -r '.blocks[]' {FILE} | sha256sum",
        _("4. The same digest stands on the campaign's page and on every page that is handed in."),
        _("Keep this file to yourself: with it others can prove that you have signed."),
    ]
