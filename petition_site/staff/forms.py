"""The forms around the login, with this site's limits and without what it does not keep."""

import logging
import re

from allauth.account import forms as account
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django.core.exceptions import ValidationError
from django.forms.widgets import Script

from campaigns.templatetags.scripts import integrity
from petition_site.staff import limits

NO_DIGIT = re.compile("[^0-9]")  # people type codes with blanks

log = logging.getLogger(__name__)


class OurScript(Script):
    """A script that the browser runs only if it is, byte for byte, the one that belongs here."""

    def __str__(self):
        self.attributes = {"integrity": integrity(self._path)}
        return super().__str__()


KEY_SCRIPT = [OurScript("js/security_key.js")]


class LoginForm(account.LoginForm):
    def _login_with_password(self, request, redirect_url, credentials):
        """Without the credentials, which would end up in the session."""
        return super()._login_with_password(request, redirect_url, {})


class CodeForm(mfa.AuthenticateForm):
    """The second step of a login: a code of the app, or one of the codes on paper."""

    def clean_code(self):
        account = self.user.get_username()
        if not limits.allow(context.request, "code", account):
            raise get_account_adapter().validation_error("too_many_login_attempts")
        try:
            code = super().clean_code()
            if self.authenticator.type == Authenticator.Type.TOTP:
                use_up(account, code)
        except ValidationError:
            log.info("A code was refused.")
            raise
        limits.forgive(context.request, "code", account)
        return code


class ActivateForm(totp.ActivateTOTPForm):
    def clean_code(self):
        code = super().clean_code()
        use_up(self.user.get_username(), code)
        return code


def use_up(account: str, code: str) -> None:
    """The library remembers used codes in each process by itself; here all processes do."""
    if not limits.is_first_use(account, NO_DIGIT.sub("", code)):
        raise get_adapter().validation_error("incorrect_code")


class AddKeyForm(webauthn.AddWebAuthnForm):
    class Media:
        js = KEY_SCRIPT


class KeyForm(webauthn.AuthenticateWebAuthnForm):
    class Media:
        js = KEY_SCRIPT
