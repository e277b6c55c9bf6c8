"""Mailed secrets: one purpose each, kept only as a digest.

A mail's other links and the link to the own page follow from its one random secret by a keyed hash,
so that pressing a button twice leads to the same place and adds no rows. The link that stops the
news follows from the key alone, and so is the same in each mail.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q
from django.utils.timezone import now

from signatures import keys
from signatures.models import Signature, Token

Purpose = Token.Purpose
CODE_DIGITS = 6
EXAMPLE = "only-an-example-of-a-secret-link"  # in a mail that is only looked at


def new() -> str:
    """192 random bits, 32 characters of URL-safe base64."""
    return secrets.token_urlsafe(24)


def derive(token: str, purpose: Purpose) -> str:
    """The token for another purpose that belongs to this one; nothing leads back."""
    return keys.fingerprint("token", purpose, token)[:32]


def new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


def keep_for_confirming(signature: Signature, token: str, code: str) -> datetime:
    """Remember what a mail is about to carry; the moment until which it is good.

    A time in the queue eats nothing of it, and a reminder adds nothing to it.
    """
    expires_at = _deadline(signature)
    Token.objects.bulk_create(
        [
            Token(
                signature=signature,
                purpose=Purpose.CONFIRM,
                digest=digest(token),
                code_digest=_code_digest(signature, code),
                expires_at=expires_at,
            ),
            Token(
                signature=signature,
                purpose=Purpose.NOT_ME,
                digest=digest(derive(token, Purpose.NOT_ME)),
                expires_at=expires_at,
            ),
        ]
    )
    return expires_at


def _deadline(signature: Signature) -> datetime:
    """`PENDING_DAYS` after the first mail since the signing left."""
    newest = signature.signed_at + timedelta(days=settings.PENDING_DAYS)
    earlier = signature.tokens.filter(purpose=Purpose.CONFIRM, expires_at__gte=newest)
    first: datetime | None = earlier.aggregate(first=Min("expires_at"))["first"]
    return first or now() + timedelta(days=settings.PENDING_DAYS)


@transaction.atomic
def keep_for_reading(signature: Signature) -> str | None:
    """A way to the page that confirms, as of one more mail, for who has typed the code of one."""
    if Signature.objects.select_for_update().pending().filter(pk=signature.pk).first() is None:
        return None
    token = new()
    keep_for_confirming(signature, token, new_code())
    return token


@transaction.atomic
def keep_for_managing(signature: Signature, token: str) -> bool:
    """Good for as long as the signature lives, if it does; keeping it again changes nothing."""
    if Signature.objects.select_for_update().live().filter(pk=signature.pk).first() is None:
        return False
    Token.objects.bulk_create(
        [Token(signature=signature, purpose=Purpose.MANAGE, digest=digest(token))],
        ignore_conflicts=True,
    )
    return True


def keep_for_unsubscribing(signature: Signature) -> str:
    """The token that stops the news: always the same, so that the first mail's link works, too."""
    token = derive(str(signature.pk), Purpose.UNSUBSCRIBE)
    Token.objects.bulk_create(
        [Token(signature=signature, purpose=Purpose.UNSUBSCRIBE, digest=digest(token))],
        ignore_conflicts=True,
    )
    return token


def find(purpose: Purpose, token: str) -> Signature | None:
    """The live signature that this token is for, with its campaign; `None` for all else."""
    alive = Q(expires_at=None) | Q(expires_at__gt=now())
    return (
        Signature.objects.live()
        .select_related("campaign")
        .filter(
            pk__in=Token.objects.filter(alive, purpose=purpose, digest=digest(token)).values(
                "signature"
            )
        )
        .first()
    )


def code_fits(signature: Signature, code: str) -> bool:
    """Whether one of the signature's living mails carried this code."""
    wanted = _code_digest(signature, code)
    living = signature.tokens.filter(purpose=Purpose.CONFIRM, expires_at__gt=now())
    return any(
        hmac.compare_digest(kept, wanted) for kept in living.values_list("code_digest", flat=True)
    )


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _code_digest(signature: Signature, code: str) -> str:
    return keys.fingerprint("code", str(signature.pk), code)
