"""Everything that is kept about one signatory, for the signatory: complete, over all tables."""

from typing import Any

from django.db.models import Model
from i18nfield.strings import LazyI18nString

from signatures.models import (
    Erasure,
    Moderation,
    Mute,
    OutboxMail,
    SealedEntry,
    Signature,
    Token,
)

# What is only about us, or a secret that would be one no longer.
LEFT_OUT = {
    "id", "signature", "digest", "code_digest", "lease", "leased_until", "opinion_wanted_by",
}  # fmt: skip


def collect(signature: Signature) -> dict[str, Any]:
    """Fields by name, as they are kept; times in UTC."""
    of_address = {"campaign": signature.campaign, "address_hash": signature.address_hash}
    return {
        "title": str(signature.campaign.title),
        **_fields(signature),
        "links": [
            _fields(token) for token in Token.objects.filter(signature=signature).order_by("pk")
        ],
        "mails": [
            _fields(mail) for mail in OutboxMail.objects.filter(signature=signature).order_by("pk")
        ],
        "sealed": [
            _fields(entry)
            for entry in SealedEntry.objects.filter(signature=signature).order_by("pk")
        ],
        "ledger": [_fields(entry) for entry in Erasure.objects.filter(**of_address)],
        "mutes": [_fields(mute) for mute in Mute.objects.filter(**of_address)],
        "decisions": [
            {**_fields(step), "by": "an organiser"}
            for step in Moderation.objects.filter(signature=signature)
        ],
    }


def as_text(signature: Signature) -> str:
    """The same, a line for each fact."""
    return "\n".join(_lines(collect(signature))) + "\n"


def _fields(row: Model) -> dict[str, Any]:
    return {
        field.name: _plain(field.value_from_object(row))
        for field in row._meta.fields
        if field.name not in LEFT_OUT
    }


def _plain(value: Any) -> Any:
    """A text in several languages as a table of them."""
    return value.data if isinstance(value, LazyI18nString) else value


def _lines(facts: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, fact in facts.items():
        if isinstance(fact, list):
            lines.append(f"{indent}{name}: {len(fact)}")
            for number, part in enumerate(fact, start=1):
                lines += [f"{indent}  {number}.", *_lines(part, f"{indent}     ")]
        elif fact not in (None, ""):
            lines.append(f"{indent}{name}: {fact}")
    return lines
