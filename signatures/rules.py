"""Signatures chosen by a rule: those that have something in common, and are not yet as wanted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from campaigns.models import Campaign
from signatures.models import Moderation, Signature
from signatures.querysets import SignatureQuerySet

LOOKUPS = {
    "signed_from": "signed_at__gte",
    "signed_until": "signed_at__lt",
    "kind": "kind",
    "country": "country",
    "language": "language",
    "via": "via",
    "held_reason": "held_reason",
}


def fitting(campaign: Campaign, verb: str, rule: Mapping[str, Any]) -> SignatureQuerySet:
    """The live signatures that `verb` (hold or release) would change; an empty value fits all."""
    narrowed = {lookup: rule[name] for name, lookup in LOOKUPS.items() if rule.get(name)}
    rows = Signature.objects.live().filter(campaign=campaign, **narrowed)
    return rows.filter(held_at__isnull=verb == Moderation.Verb.HOLD)


def as_json(rule: Mapping[str, Any]) -> dict[str, str]:
    """The values of a rule that narrow it; `fitting` takes them as well."""
    return {name: _text(rule[name]) for name in LOOKUPS if rule.get(name)}


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
