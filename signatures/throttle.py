"""How often one address may cause a mail, and how often a code may be guessed.

Counters are kept under keyed hashes. When the counter store cannot be reached, people come before
limits: the act goes on, and the log says so.
"""

import logging

from django.core.cache import caches
from redis.exceptions import RedisError

MAILS_A_DAY = 3
CODES = 5
DAY = 24 * 3600

log = logging.getLogger(__name__)


def may_mail(address_hash: str) -> bool:
    """At most three mails a day to one address, whatever they are about."""
    return _within(f"mail:{address_hash}", MAILS_A_DAY, DAY)


def may_try_code(address_hash: str) -> bool:
    """Five guesses while a code can live, whether or not the address is known."""
    return _within(f"code:{address_hash}", CODES, 7 * DAY)


def forgive_codes(address_hash: str) -> None:
    """A code has been right: earlier slips are forgotten."""
    caches["counters"].delete(f"code:{address_hash}")


def _within(key: str, limit: int, seconds: int) -> bool:
    counters = caches["counters"]
    try:
        if counters.add(key, 1, timeout=seconds):
            return True
        return counters.incr(key) <= limit
    except ValueError:  # expired between the two steps
        return True
    except RedisError as error:
        log.warning("The counter store cannot be reached: %s", type(error).__name__)
        return True
