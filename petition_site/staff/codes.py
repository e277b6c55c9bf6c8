"""Recovery codes of which the site keeps only hashes.

The library keeps a seed from which it can make them again. Here a seed lives from the order of new
codes until they are shown, which is once and makes hashes of them; before that no code is taken.
The hashes are those of passwords, encrypted on top: each code is short.
"""

import logging
import re

from allauth.mfa import models
from allauth.mfa.recovery_codes.internal import auth, flows
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from signatures import keys

HASHES = "hashes"
HIDDEN = "****"
IN_GROUPS = re.compile(r"[\s-]")  # as people type them

log = logging.getLogger(__name__)


class HashedCodes(auth.RecoveryCodes):
    """The library's codes, by the library's names. `data` has a `seed` or `hashes`, never both."""

    shown: tuple[str, ...] = ()

    @property
    def did_view(self):
        return HASHES in self.instance.data

    @transaction.atomic
    def mark_as_viewed(self):
        """The codes can be read off this object now, and never again."""
        self._lock()
        if self.did_view:
            return
        self.shown = tuple(self.generate_codes())
        self._keep(map(make_password, self.shown))

    def get_unused_codes(self):
        """Just after `mark_as_viewed` the codes, otherwise as many signs that stand for them."""
        if self.shown:
            return list(self.shown)
        return [HIDDEN] * len(self._hashes() if self.did_view else self.generate_codes())

    @transaction.atomic
    def validate_code(self, code):
        code = IN_GROUPS.sub("", code)
        self._lock()
        hashes = self._hashes() if self.did_view and is_like_one(code) else []
        for number, kept in enumerate(hashes):
            if check_password(code, kept):
                self._keep(hashes[:number] + hashes[number + 1 :])
                return True
        return False

    def _lock(self):
        rows = models.Authenticator.objects.select_for_update()
        self.instance = rows.get(pk=self.instance.pk)

    def _hashes(self):
        try:
            return keys.unseal(self.instance.data[HASHES]).split()
        except keys.BadSeal:
            log.error("Recovery codes fit none of SEAL_KEYS; they must be made anew.")
            return []

    def _keep(self, hashes):
        self.instance.data = {HASHES: keys.seal("\n".join(hashes))}
        self.instance.save(update_fields=["data"])


def is_like_one(code: str) -> bool:
    """Whether it is worth the work of ten hashes."""
    return len(code) == settings.MFA_RECOVERY_CODE_DIGITS and code.isdecimal()


def install() -> None:
    """The library has no setting for it: these are the two places where it looks the class up."""
    auth.RecoveryCodes = flows.RecoveryCodes = HashedCodes
