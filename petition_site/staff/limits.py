"""How often a login or a code may be wrong.

The tries of an account are counted for each network by itself, so that nobody locks its owner out
from elsewhere. Only wrong codes are counted for all networks together, too: who tries them has the
password already, and could otherwise guess from a thousand of them. A network from which the
account's owner has come in lately is no part of that: it has only its own few tries.
"""

import logging

from django.core.cache import caches
from redis.exceptions import RedisError

from signatures import keys, throttle
from signatures.retention.declared import KNOWN_DAYS

QUARTER, HOUR, DAY = 15 * 60, 3600, 24 * 3600
# What is counted, in this order, and how often it may happen within how many seconds.
LIMITS = {
    "login": {"account here": (5, QUARTER), "network": (30, QUARTER)},
    "code": {"account here": (5, QUARTER), "strangers": (30, HOUR)},
}
CODE_LIVES = 120  # seconds: a code that has been used is not taken again while it could be valid
KNOWN_FOR = KNOWN_DAYS * DAY  # so long a network from which somebody came in is no stranger's

log = logging.getLogger(__name__)


def allow(request, act: str, account: str) -> bool:
    """Count one more try; whether it may be made. What is refused here burdens nobody elsewhere."""
    for key, (limit, seconds) in _counters(request, act, account).items():
        count = throttle.count(key, seconds)
        if count == limit + 1:
            log.warning("Too many tries of a %s fail; they are slowed down.", act)
        if count > limit:
            return False
    return True


def forgive(request, act: str, account: str) -> None:
    """The try was right: the account's earlier slips are forgotten, and the network's is none."""
    for key in _counters(request, act, account):
        try:
            if key.startswith("desk:network"):
                caches["counters"].incr(key, -1)
            else:
                caches["counters"].delete(key)
        except (ValueError, RedisError):  # its time has ended, or it was never counted
            continue


def remember(request, account: str) -> None:
    """The owner is in: wrong codes from elsewhere will keep nobody out who comes from here."""
    try:
        caches["counters"].set(_known(request, account), 1, timeout=KNOWN_FOR)
    except RedisError:
        log.warning("The counter store cannot be reached: a network is not remembered.")


def is_known(request, account: str) -> bool:
    try:
        return caches["counters"].get(_known(request, account)) is not None
    except RedisError:  # nothing is counted then either
        return False


def is_first_use(account: str, code: str) -> bool:
    """Whether this code was not used a moment ago, by whoever looked over a shoulder."""
    return throttle.count(f"desk:used:{keys.fingerprint('code', account, code)}", CODE_LIVES) <= 1


def _counters(request, act, account) -> dict[str, tuple[int, int]]:
    network = throttle.network(request)
    names = {
        "account here": f"account:{keys.fingerprint('desk', account.casefold(), network)}",
        "strangers": f"account:{keys.fingerprint('desk', account.casefold())}",
        "network": f"network:{network}",
    }
    rules = dict(LIMITS[act])
    if "strangers" in rules and is_known(request, account):
        del rules["strangers"]
    return {f"desk:{names[what]}:{act}": rule for what, rule in rules.items()}


def _known(request, account) -> str:
    """Of one account and one network: tells neither, and nothing of two accounts in one place."""
    address = throttle.network_address(request)
    return f"desk:known:{keys.fingerprint('desk known', account.casefold(), address)}"
