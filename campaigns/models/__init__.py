"""What people are asked to support.

Texts that people read exist in several languages: an `I18n…` column holds all languages of one
text, is edited side by side in the admin, and shows itself in the language of the page, or in
English, which prevails, where a translation is missing.
"""

from campaigns.models.appeal import Appeal, Demand, TranslationCheck
from campaigns.models.campaign import (
    Addressee,
    Call,
    Campaign,
    Organiser,
    code_validator,
    salutation,
)
from campaigns.models.news import EarlierAppeal, EarlierOrganisation, Update
from campaigns.models.trail import AuditEvent, TrailHead

__all__ = [
    "Addressee",
    "Appeal",
    "AuditEvent",
    "Call",
    "Campaign",
    "Demand",
    "EarlierAppeal",
    "EarlierOrganisation",
    "Organiser",
    "TrailHead",
    "TranslationCheck",
    "Update",
    "code_validator",
    "salutation",
]
