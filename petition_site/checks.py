"""What keeps the site from starting: each unsafe setting gets one clear line.

An address on this machine is the embedded default, where nothing but the keys matters.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, register

OWN_MACHINE = {"127.0.0.1", "localhost", "::1", "testserver"}


@register(Tags.security)
def safe_to_serve(app_configs, **kwargs):
    return [*key_errors(), *(public_errors() if is_public() else [])]


def is_public() -> bool:
    return urlsplit(settings.SITE_URL).hostname not in OWN_MACHINE


def key_errors():
    earlier = settings.SECRET_KEY_FALLBACKS
    keys = [settings.SECRET_KEY, *earlier, settings.ADDRESS_KEY, *settings.SEAL_KEYS]
    if len(set(keys)) != len(keys):
        yield refusal(1, "SECRET_KEY, ADDRESS_KEY and SEAL_KEYS must all differ.")
    if len(settings.SECRET_KEY) < 40 or len(settings.ADDRESS_KEY) < 40:
        yield refusal(2, "SECRET_KEY and ADDRESS_KEY need at least 40 random characters.")
    if settings.DEBUG:
        yield refusal(3, "DEBUG shows secrets to visitors and must be off.")


def public_errors():
    if not settings.SITE_URL.startswith("https://"):
        yield refusal(4, "SITE_URL must begin with https:// on a public site.")
    if "*" in settings.ALLOWED_HOSTS:
        yield refusal(5, "ALLOWED_HOSTS must name the hosts, not *.")
    if not settings.EMAIL_BACKEND.startswith("django.core.mail.backends.smtp"):
        yield refusal(6, "EMAIL_URL must name a mail server: nobody could confirm.")


def refusal(number: int, words: str) -> Error:
    return Error(words, id=f"petition_site.E{number:03}")
