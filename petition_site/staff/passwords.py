"""How the desk's passwords are kept, and what they may not be beside what Django refuses."""

import re

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign

WORD = re.compile(r"[^\W\d_]{4,}")
# What people put into the password of a site like this one.
WORDS = {"admin", "desk", "login", "passphrase", "password", "petition", "secret", "signature"}
LEFT = 6  # different characters


class PasswordHasher(Argon2PasswordHasher):
    """Argon2id with the least that OWASP recommends: with Django's 100 MB a hash, a few logins at
    once from several networks would take all the memory of a small server."""

    time_cost = 2
    memory_cost = 19 * 1024  # KiB
    parallelism = 1


class MaximumLengthValidator:
    def __init__(self, max_length):
        self.max_length = max_length

    def validate(self, password, user=None):
        if len(password) > self.max_length:
            words = ngettext(
                "This password is longer than %(max_length)d character.",
                "This password is longer than %(max_length)d characters.",
                self.max_length,
            )
            raise ValidationError(words % {"max_length": self.max_length}, code="too_long")

    def get_help_text(self):
        words = ngettext(
            "At most %(max_length)d character; several words and blanks are welcome.",
            "At most %(max_length)d characters; several words and blanks are welcome.",
            self.max_length,
        )
        return words % {"max_length": self.max_length}


class ContextValidator:
    """Without the words that everybody would try first, enough must be left to be guessed."""

    def validate(self, password, user=None):
        words = sorted(context_words(user), key=len, reverse=True)
        rest = re.sub("|".join(map(re.escape, words)), "", password.casefold())
        if len(set(rest)) < LEFT:
            message = _("This password is made of words that anybody would try here first.")
            raise ValidationError(message, code="context")

    def get_help_text(self):
        return _("Not made of the names of this site, its campaigns or yourself.")


def context_words(user) -> set[str]:
    texts = [settings.SITE_URL, user.get_username() if user else ""]
    for slug, title in Campaign.objects.values_list("slug", "title"):
        texts += [slug, str(title.data)]  # in all languages at once
    return WORDS | {word for text in texts for word in WORD.findall(text.casefold())}
