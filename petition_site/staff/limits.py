"""How often a login or a code may be wrong.

The tries of an account are counted for each network by itself, so that nobody locks its owner out
from elsewhere. Only wrong codes are counted for the account as a whole, too: who tries them has
the password already, and could otherwise guess from a thousand networks.
"""

import logging

from django.core.cache import caches
from redis.exceptions import RedisError

from signatures import keys, throttle

QUARTER, HOUR = 15 * 60, 3600
# What is counted, in this order, and how often it may happen within how many seconds.
LIMITS = {
    "login": {"account here": (5, QUARTER), "network": (30, QUARTER)},
    "code": {"account here": (5, QUARTER), "account": (30, HOUR)},
}
CODE_LIVES = 120  # seconds: a code that has been used is not taken again while it could be valid

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


def is_first_use(account: str, code: str) -> bool:
    """Whether this code was not used a moment ago, by whoever looked over a shoulder."""
    return throttle.count(f"desk:used:{keys.fingerprint('code', account, code)}", CODE_LIVES) <= 1


def _counters(request, act, account) -> dict[str, tuple[int, int]]:
    network = throttle.network(request)
    names = {
        "account here": f"account:{keys.fingerprint('desk', account.casefold(), network)}",
        "account": f"account:{keys.fingerprint('desk', account.casefold())}",
        "network": f"network:{network}",
    }
    return {f"desk:{names[what]}:{act}": rule for what, rule in LIMITS[act].items()}
