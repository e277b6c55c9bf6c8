"""A visit to the desk: from a login to its end.

A session remembers when it began, when its owner was last seen, and with which roles and factors.
It ends when its time is up, and at once when one of these is no longer so. (When the password
changes, Django ends it.)
"""

import time

from allauth.mfa.models import Authenticator
from django.conf import settings

IDLE = 30 * 60  # seconds without a request
FRESH = 15 * 60  # seconds for which a login answers for changes of one's own factors
STEP = 60  # so exactly is it known when somebody was last seen
KEY = "visit"


def begin(request, user) -> None:
    """The owner has just logged in, with every factor that the account has."""
    moment = int(time.time())
    request.session[KEY] = {"since": moment, "seen": moment, **standing(user)}


def go_on(request, user) -> bool:
    """Whether the visit may go on; if so, its owner has been seen."""
    visit = request.session.get(KEY)
    moment = int(time.time())
    if visit is None or visit["seen"] + IDLE <= moment:
        return False
    if visit["since"] + settings.SESSION_COOKIE_AGE <= moment:
        return False
    if {**visit, **standing(user)} != visit:
        return False
    if visit["seen"] + STEP <= moment:
        request.session[KEY] = {**visit, "seen": moment}
    return True


def is_proven(request) -> bool:
    """Whether the owner has shown a second factor."""
    return bool(request.session.get(KEY, {}).get("factors"))


def is_fresh(request) -> bool:
    return request.session.get(KEY, {}).get("since", 0) + FRESH > time.time()


def take_up_factors(request) -> bool:
    """After the owner has changed the factors, go on with the new ones; whether they changed."""
    visit = request.session[KEY]
    factors = standing(request.user)["factors"]
    if factors == visit["factors"]:
        return False
    request.session[KEY] = {**visit, "factors": factors}
    request.session.cycle_key()
    return True


def standing(user) -> dict:
    """What a visit rests on."""
    factors = Authenticator.objects.filter(user=user).order_by("pk")
    roles = user.groups.order_by("pk")
    return {
        "factors": list(factors.values_list("pk", flat=True)),
        "roles": [user.is_superuser, *roles.values_list("pk", flat=True)],
    }
