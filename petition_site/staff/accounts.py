"""Accounts of the desk: who may log in, what is written down of it, and lost factors.

The pages come from django-allauth; here is where this site's rules differ from its own. What is
done to an account goes into the audit trail, and for a year into Django's `LogEntry`, which the
desk shows as the history of the account. Logins, and those that fail, go to the log: without a
name, an address or a network, since a log is read by more people than the desk. They go into no
trail, which strangers could fill by failing.
"""

import json
import logging

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from campaigns import trail
from petition_site.staff import limits, visits
from signatures import keys

log = logging.getLogger(__name__)


class StaffBackend(ModelBackend):
    """Only organisers have accounts; whoever is none any more is out with the next request."""

    def user_can_authenticate(self, user):
        return user.is_staff and super().user_can_authenticate(user)


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def authenticate(self, request, **credentials):
        """The same answer, after the same time, for every name that there is or is not."""
        if not limits.allow(request, "login", credentials["username"]):
            raise self.validation_error("too_many_login_attempts")
        user = authenticate(request, **credentials)
        if user is None:
            log.info("A login was refused.")
        else:
            limits.forgive(request, "login", credentials["username"])
        return user

    def login(self, request, user):
        super().login(request, user)
        visits.begin(request, user)
        limits.remember(request, user.get_username())
        log.info("Account %d has logged in.", user.pk)

    def is_reauthentication_required(self, *, app, **kwargs):
        return not visits.is_fresh(context.request)

    def get_reauthentication_methods(self, user):
        """By password: a stolen session knows none, and a code may just have been used."""
        page = {"id": "reauthenticate", "url": reverse("account_reauthenticate")}
        return [page] if user.is_authenticated else []

    def is_safe_url(self, url):
        """Only a path: from the login nobody is sent to another host."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def add_message(self, *args, **kwargs):
        """The pages say by themselves what has happened, and name nobody."""


class FactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text):
        return keys.seal(text)

    def decrypt(self, encrypted_text):
        """The factor; of one whose key is gone another one, which nobody has: no code fits."""
        try:
            return keys.unseal(encrypted_text)
        except keys.BadSeal:
            log.error("A second factor fits none of SEAL_KEYS; it must be reset.")
            return generate_totp_secret()

    def get_totp_label(self, user):
        return user.get_username()

    def get_public_key_credential_user_entity(self, user):
        name = user.get_username()
        return {**super().get_public_key_credential_user_entity(user), "name": name}

    def build_totp_svg(self, url):
        """Without the line that would make it a document of its own: it stands in a page."""
        return super().build_totp_svg(url).partition("?>")[2]


@transaction.atomic
def take_up_factors(request) -> None:
    """Who has just changed the own factors stays in; all other visits to the account end."""
    if visits.KEY in request.session and visits.take_up_factors(request):
        user = request.user
        trail.record("change second factor", user, None, user, account=user.get_username())
        record(user, user, {"changed": {"fields": ["second factor"]}})


@transaction.atomic
def reset_second_factor(user, by=None) -> bool:
    """The owner has lost it: the next login asks for a new one. Open visits end at once.

    Without `by` whoever runs the server does it.
    """
    factors = Authenticator.objects.filter(user=user)
    if not factors.delete()[0]:
        return False
    name = user.get_username()
    trail.record("reset second factor", by, None, user, account=name)
    record(user, by or user, {"deleted": {"name": "second factor", "object": name}})
    return True


def record(user, by, *message) -> None:
    """Write into the history of an account what was done to it."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(user),
        object_id=user.pk,
        object_repr=str(user),
        action_flag=CHANGE,
        change_message=json.dumps(message),
    )
    log.info("Account %d was changed by account %d.", user.pk, by.pk)
