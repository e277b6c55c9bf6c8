"""The act of support, and what is kept around it.

A signature's state is its timestamps. `lifecycle` is the only place that changes one.
"""

from signatures.models.count import Counter, DayTally, Figures, Tally
from signatures.models.decision import Erasure, Export, Mailing, Moderation, Proposal
from signatures.models.hand_in import HandIn, HandInFile, SealedEntry
from signatures.models.mail import Mute, OutboxMail, Token
from signatures.models.paper import PaperBatch, PaperSheet
from signatures.models.signature import (
    FINGERPRINT_LENGTH,
    Comment,
    Kind,
    Organisation,
    OrganisationType,
    Signature,
    Visibility,
)

__all__ = [
    "FINGERPRINT_LENGTH",
    "Comment",
    "Counter",
    "DayTally",
    "Erasure",
    "Export",
    "Figures",
    "HandIn",
    "HandInFile",
    "Kind",
    "Mailing",
    "Moderation",
    "Mute",
    "Organisation",
    "OrganisationType",
    "OutboxMail",
    "PaperBatch",
    "PaperSheet",
    "Proposal",
    "SealedEntry",
    "Signature",
    "Tally",
    "Token",
    "Visibility",
]
