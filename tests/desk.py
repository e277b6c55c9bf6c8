"""Accounts of the desk, and how a test comes in with one: by the rules of the site itself."""

import re
from types import SimpleNamespace

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLResolver, get_resolver

from petition_site.staff import roles, visits

PASSWORD = "seven green owls eat soup"
DESK = "/admin/"


class DeskClient(Client):
    """Whoever is logged in here has shown a second factor, unless the test says otherwise."""

    def force_login(self, user, second_factor=True):
        if second_factor and not user.authenticator_set.exists():
            give_factor(user)
        super().force_login(user)
        session = self.session
        visits.begin(SimpleNamespace(session=session), user)
        session.save()


def make_account(name, *names, password=PASSWORD, **fields) -> User:
    """An organiser with these roles."""
    roles.sync()
    user = User.objects.create_user(name, password=password, is_staff=True, **fields)
    user.groups.set(Group.objects.filter(name__in=names))
    return user


def give_factor(user) -> str:
    """An app that makes codes; returns its key."""
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def app_code(secret: str, later: int = 0) -> str:
    """What the app shows now, or so many codes later."""
    now = list(totp.yield_hotp_counters_from_time())[1]
    return totp.format_hotp_value(totp.hotp_value(secret, now + later))


def log_in(client, name, password=PASSWORD, **options):
    form = {"login": name, "password": password}
    return client.post(f"{DESK}login/", form, **options)


def has_factor(user) -> bool:
    return Authenticator.objects.filter(user=user).exists()


def pages(objects: dict | None = None) -> list[tuple[str, str]]:
    """Name and address of every page of the desk, out of the URLconf itself.

    `objects` has the key of an object to show for each `app/model`. A page without a name is named
    by its pattern.
    """
    found = _leaves(get_resolver().url_patterns, "", objects or {})
    # Of two pages with one address the first one answers.
    first = {address: name for name, address in reversed(list(found))}
    return [(name, address) for address, name in reversed(first.items())]


def _leaves(patterns, route, objects):
    for pattern in patterns:
        whole = f"{route}{pattern.pattern}"
        if not whole.startswith(DESK[1:]):
            continue
        if isinstance(pattern, URLResolver):
            yield from _leaves(pattern.url_patterns, whole, objects)
        else:
            yield pattern.name or whole.removeprefix(DESK[1:]), f"/{_fill(whole, objects)}"


def _fill(route, objects) -> str:
    """Sample values for what is variable in an address."""
    model = "/".join(route.split("/")[1:3])
    route = re.sub(r"<\w+:(content_type_id)>", str(objects.get("content type", 1)), route)
    route = re.sub(r"<(\w+:)?\w+>", str(objects.get(model, 1)), route)
    route = re.sub(r"\^?\(\?P1?(<\w+>)?\(?(\w+)[^)]*\)", r"\2", route)
    return route.replace("$", "")
