"""What keeps the site from starting: each unsafe setting gets one clear line.

An address on this machine is the embedded default, where only what holds everywhere matters.
"""

import re
from email.utils import parseaddr
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import Error, Tags, Warning, register

OWN_MACHINE = {"127.0.0.1", "localhost", "::1", "testserver"}
KEY_LENGTH = 40
DIFFERENT_CHARACTERS = 10  # in so many random ones there are twice as many, at least
# From where to where a number makes sense.
NUMBERS = {
    "TRUSTED_PROXIES": (0, 10),
    "SIGNS_PER_NETWORK": (1, 1_000_000),
    "MAILS_PER_SECOND": (0, 1000),
    "PENDING_DAYS": (1, 365),
    "AFTER_HAND_IN_DAYS": (0, 3650),
    "NEWS_DAYS": (0, 3650),
    "AFTER_CLOSING_DAYS": (30, 3650),
    "BACKUP_DAYS": (1, 3650),
}
DESK = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
ONION = re.compile(r"[a-z2-7]{56}\.onion")
TAKEN = {"api", "captcha", "healthz", "hooks", "readyz", "static"}
# They count in each process apart, or not at all.
NO_COUNTERS = ("dummy.DummyCache", "locmem.LocMemCache", "filebased.FileBasedCache")


@register(Tags.security)
def safe_to_serve(app_configs, **kwargs):
    found = [*key_errors(), *value_errors(), *onion_errors()]
    if is_public():
        found += [
            *public_errors(),
            *database_warnings(settings.DATABASES["default"]),
            *mail_warnings(),
        ]
    return found


def is_public() -> bool:
    return urlsplit(settings.SITE_URL).hostname not in OWN_MACHINE


def key_errors():
    earlier = settings.SECRET_KEY_FALLBACKS
    keys = [settings.SECRET_KEY, *earlier, settings.ADDRESS_KEY, *settings.SEAL_KEYS]
    if len(set(keys)) != len(keys):
        yield refusal(1, "SECRET_KEY, ADDRESS_KEY and SEAL_KEYS must all differ.")
    if is_guessable(settings.SECRET_KEY) or is_guessable(settings.ADDRESS_KEY):
        yield refusal(2, "SECRET_KEY and ADDRESS_KEY need at least 40 random characters.")
    if not settings.SEAL_KEYS or not all(map(is_seal_key, settings.SEAL_KEYS)):
        yield refusal(7, "SEAL_KEYS must be keys that python -m petition_site.keys --print made.")
    if settings.MAIL_WEBHOOK_KEY and is_guessable(settings.MAIL_WEBHOOK_KEY):
        yield refusal(13, "MAIL_WEBHOOK_KEY needs at least 40 random characters, or none.")


def value_errors():
    if settings.DEBUG:
        yield refusal(3, "DEBUG shows secrets to visitors and must be off.")
    if getattr(settings, "CAPTCHA_TEST_MODE", False):
        yield refusal(8, "CAPTCHA_TEST_MODE takes any answer for right and must be off.")
    for name, (least, most) in NUMBERS.items():
        if not least <= getattr(settings, name) <= most:
            yield refusal(9, f"{name} must be a number from {least} to {most}.")
    first = settings.ADMIN_PATH.partition("/")[0]
    if not DESK.fullmatch(settings.ADMIN_PATH) or first in TAKEN | set(dict(settings.LANGUAGES)):
        yield refusal(10, "ADMIN_PATH must be a path of its own, of letters, digits and hyphens.")


def onion_errors():
    if settings.ONION_HOST and not ONION.fullmatch(settings.ONION_HOST):
        yield refusal(15, "ONION_HOST must be 56 letters and digits, and .onion.")


def public_errors():
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https" or not site.hostname:
        yield refusal(4, "SITE_URL must begin with https:// on a public site.")
    elif site.path or site.query or site.fragment or site.username:
        yield refusal(11, "SITE_URL must end after the host: https://petition.example.org")
    if "*" in settings.ALLOWED_HOSTS:
        yield refusal(5, "ALLOWED_HOSTS must name the hosts, not *.")
    if not settings.EMAIL_BACKEND.startswith("django.core.mail.backends.smtp"):
        yield refusal(6, "EMAIL_URL must name a mail server: nobody could confirm.")
    elif is_elsewhere(settings.EMAIL_HOST) and not (
        settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    ):
        yield refusal(14, "EMAIL_URL must begin with smtp+tls:// or smtp+ssl://: smtp:// is open.")
    if settings.CACHES["counters"]["BACKEND"].endswith(NO_COUNTERS):
        yield refusal(12, "CACHE_URL must be a Valkey or Redis, or empty: others do not count.")
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield Warning(
            "With TRUSTED_PROXIES=0 no proxy can say that a visitor came by https: unless this"
            " server speaks TLS itself, every page leads back to itself.",
            id="petition_site.W001",
        )


def database_warnings(database: dict):
    verified = database.get("OPTIONS", {}).get("sslmode") in {"verify-ca", "verify-full"}
    if is_elsewhere(database.get("HOST", "")) and not verified:
        yield Warning(
            "DATABASE_URL leads to another machine and does not end in ?sslmode=verify-full:"
            " whoever is on the way could read along.",
            id="petition_site.W003",
        )


def is_elsewhere(host: str) -> bool:
    """Not this machine, nor a container beside ours, whose name has no dot."""
    return host not in OWN_MACHINE and ("." in host or ":" in host) and not host.startswith("/")


def mail_warnings():
    """Two labels tell which names belong together; under a suffix such as co.uk that is too few."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    if host.split(".")[-2:] != domain.lower().split(".")[-2:]:
        yield Warning(
            "DEFAULT_FROM_EMAIL belongs to another domain than SITE_URL: mails whose links lead"
            " elsewhere than their sender look like fraud, to people and to their providers.",
            id="petition_site.W002",
        )


def is_guessable(key: str) -> bool:
    return len(key) < KEY_LENGTH or len(set(key)) < DIFFERENT_CHARACTERS


def is_seal_key(key: str) -> bool:
    try:
        Fernet(key)
    except ValueError:
        return False
    return True


def refusal(number: int, words: str) -> Error:
    return Error(words, id=f"petition_site.E{number:03}")
