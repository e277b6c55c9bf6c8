"""The long work of the hand-in, in steps, for whatever does it in the background."""

from signatures.hand_in import files
from signatures.hand_in.sealing import seal_block
from signatures.models import HandIn


def is_due() -> bool:
    return HandIn.objects.filter(sealed_at=None).exists() or files.waiting().exists()


def work() -> bool:
    """One step: a thousand entries, or one file; whether there was anything to do.

    May be killed at any moment and called by several at once: nobody is sealed twice.
    """
    return seal_block() or files.make_next()
