"""What the keys outside the database do: keyed hashes, and columns that only the site can read.

The keys are `ADDRESS_KEY` and `SEAL_KEYS` in the settings. Neither is in the database nor in its
backups: a copy of the database alone tells no address and no unpublished name.
"""

import base64
import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.db.models.functions import Cast


class BadSeal(Exception):
    """The text was not sealed by us, or too long ago."""


def fingerprint(purpose: str, *parts: str) -> str:
    """Keyed SHA-256 of purpose and parts, as 43 characters of URL-safe base64."""
    message = "\0".join([purpose, *parts]).encode()
    digest = hmac.new(settings.ADDRESS_KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def seal(text: str) -> str:
    """Encrypt and authenticate with the first of `SEAL_KEYS`; URL-safe, never twice the same."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str, max_age: timedelta | None = None) -> str:
    """The text again; raises `BadSeal` for anything not sealed here or older than `max_age`."""
    try:
        text = _fernet().decrypt(sealed.encode()).decode()
        # Not Fernet's own time limit: it refuses the seals of a host whose clock is a minute ahead.
        age = time.time() - _fernet().extract_timestamp(sealed.encode()) if max_age else 0
    except (InvalidToken, UnicodeEncodeError) as error:
        raise BadSeal from error
    if max_age is not None and age > max_age.total_seconds():
        raise BadSeal
    return text


def ticket(purpose: str, *parts: str) -> str:
    """What a visitor carries for us and cannot read; good for one purpose only."""
    return seal("\0".join([purpose, *parts]))


def read_ticket(purpose: str, sealed: str, max_age: timedelta | None = None) -> list[str]:
    """The parts again; raises `BadSeal` also for a ticket to somewhere else."""
    meant, *parts = unseal(sealed, max_age).split("\0")
    if meant != purpose:
        raise BadSeal
    return parts


def sealed_at(sealed: str) -> datetime:
    """When a text was sealed that `unseal` has accepted, to the second."""
    return datetime.fromtimestamp(_fernet().extract_timestamp(sealed.encode()), UTC)


def is_current(sealed: str) -> bool:
    """Whether the first of `SEAL_KEYS` sealed it, so that the others could go."""
    try:
        _fernets(tuple(settings.SEAL_KEYS[:1])).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def reseal(sealed: str) -> str:
    """The same text under the first of `SEAL_KEYS`; raises `BadSeal` if no key fits."""
    try:
        return _fernet().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise BadSeal from error


def stored(column: str) -> Cast:
    """A sealed column as it stands in the database, for those who must not or need not read it."""
    return Cast(column, models.TextField())


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database and clear in Python. Cannot be searched or sorted."""

    def get_prep_value(self, value: Any) -> Any:
        return seal(value) if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return unseal(value) if value else value


class SealedBytesField(SealedField):
    """Bytes that are encrypted in the database: a picture, a PDF. Meant for a few megabytes."""

    def get_prep_value(self, value: Any) -> Any:
        return _fernet().encrypt(value).decode() if value else ""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return _fernet().decrypt(value.encode()) if value else b""


def _fernet() -> MultiFernet:
    return _fernets(tuple(settings.SEAL_KEYS))


@lru_cache(maxsize=4)
def _fernets(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])
