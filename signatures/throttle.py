"""How often one address or one network may do what, when people are asked a question first, and how
fast mails leave.

Networks (IPv4 /32, IPv6 /64) and addresses are counted under keyed hashes; the key of the networks
changes every day, and no counter of them lives longer than two days. (Only the desk remembers
longer from where an account's owner has come in: see `petition_site.staff.limits`.) When the
counter store cannot be reached, people come before limits: the act goes on, and the log says so.
"""

import ipaddress
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from django.utils.timezone import now
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from signatures import keys, names

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
MAILS_A_DAY = 3
CODES = 5
# What one network may do; more than that is somebody's robot, or a crowd behind one address.
RATES = {
    "sign": "{SIGNS_PER_NETWORK}/h",
    "held": "100/h",
    "press": "600/h",
    # Mail providers press for their customers, many of them from one network.
    "unsubscribe": "10000/h",
    "code": "60/h",
    "unknown link": "100/h",
    "list": "60/m",
    "captcha": "120/m",
    "paper": "60/m",
}
SIGNS_A_DOMAIN = 100  # an hour
SUSPICIONS = 100  # in ten minutes, until everybody is asked a question …
ATTACK_LASTS = HOUR  # … for so long
# What lies between two mails to one domain, in seconds, where mails leave at a pace at all.
TO_MAJOR_PROVIDERS = 1
TO_OTHERS = 3
SOON_AFTER_HALF = 0.55  # of a turn

log = logging.getLogger(__name__)
Result = TypeVar("Result")


def may_mail(address_hash: str) -> bool:
    """At most three mails a day to one address, whatever they are about."""
    return count(f"mail:{address_hash}", DAY) <= MAILS_A_DAY


def may_try_code(what: str) -> bool:
    """Five guesses while a code can live, whether or not the address is known.

    `what` is the hash of the address, or of the ticket with which somebody guesses.
    """
    return count(f"code:{what}", 7 * DAY) <= CODES


def forgive_codes(address_hash: str) -> None:
    """A code has been right: earlier slips are forgotten."""
    _reached(lambda: caches["counters"].delete(f"code:{address_hash}"), False)


def over_limit(request: HttpRequest, act: str) -> bool:
    """Count one more `act` of the visitor's network; whether it is more than `RATES` allows."""
    rate = RATES[act].format(SIGNS_PER_NETWORK=settings.SIGNS_PER_NETWORK)
    usage = _reached(
        lambda: get_usage(
            request,
            group=act,
            key=lambda _group, request: network(request),
            rate=rate,
            increment=True,
        ),
        None,
    )
    return bool(usage and usage["should_limit"])


def is_crowded(address: str) -> bool:
    """Count one more signing with this mail provider; whether there are too many at once."""
    domain = names.domain_of(address)
    if domain in names.MAJOR_PROVIDERS:
        return False
    number = count(f"domain:{keys.fingerprint('domain', domain)}", HOUR)
    if number == SIGNS_A_DOMAIN + 1:
        log.warning("Unusually many signatures come from one mail domain; they are held.")
    return number > SIGNS_A_DOMAIN


def suspect() -> None:
    """Something looked like a robot. Too much of that, and everybody is asked a question."""
    if count("suspicions", 10 * MINUTE) == SUSPICIONS:
        _reached(lambda: caches["counters"].set("attack", 1, timeout=ATTACK_LASTS), None)
        log.warning("This looks like an attack: for an hour everybody is asked a question first.")


def is_under_attack() -> bool:
    return bool(_reached(lambda: caches["counters"].get("attack"), None))


def seconds_to_next_mail() -> float:
    """0 if the next mail may leave now, which takes the turn; else the time until the next turn.

    All senders share the turns: one in each `MAILS_PER_SECOND`-th of a second.
    """
    if not settings.MAILS_PER_SECOND:
        return 0.0
    length = 1 / settings.MAILS_PER_SECOND
    moment = time.time()
    turn = int(moment / length)
    lasts = int(length) + 2
    is_free = _reached(lambda: caches["counters"].add(f"mail-turn:{turn}", 1, timeout=lasts), True)
    return 0.0 if is_free else max((turn + 1) * length - moment, 0.001)


def seconds_to_turn_of_domain(address: str, is_news: bool = False) -> float:
    """0 if a mail may leave for this domain now, which takes the turn; else when to ask again.

    Those who ask in vain are sent to different turns, so that few of them come too early. News
    stand in a line of their own, which keeps nobody waiting.
    """
    if not settings.MAILS_PER_SECOND:
        return 0.0
    domain = names.domain_of(address)
    key = keys.fingerprint("domain", domain)
    moment = time.time()
    resting = _reached(lambda: caches["counters"].get(f"domain-rest:{key}"), None)
    if resting is not None:
        return max(resting * MINUTE - moment, 1.0)
    length = TO_MAJOR_PROVIDERS if domain in names.MAJOR_PROVIDERS else TO_OTHERS
    if is_news:
        return _seconds_to_turn_of_news(key, length, moment)
    turn = int(moment / length)
    before_us = count(f"domain-turn:{key}:{turn}", length + 1) - 1
    return (turn + before_us) * length - moment if before_us > 0 else 0.0


def _seconds_to_turn_of_news(key: str, length: int, moment: float) -> float:
    """News take what is left of a turn in its second half.

    The first half belongs to those who wait to confirm. Two senders may give the same place in the
    line to two mails; one of them then lines up again.
    """
    turn = int(moment / length)
    if moment < (turn + 0.5) * length:
        return (turn + SOON_AFTER_HALF) * length - moment
    taking = f"domain-turn:{key}:{turn}"
    if _reached(lambda: caches["counters"].add(taking, 1, timeout=length + 1), True):
        return 0.0
    line = f"domain-line:{key}"
    last = _reached(lambda: caches["counters"].get(line, 0), 0)
    ours = max(last, turn) + 1
    lasts = min((ours - turn) * length + MINUTE, 2 * DAY)
    _reached(lambda: caches["counters"].set(line, ours, timeout=lasts), None)
    return (ours + SOON_AFTER_HALF) * length - moment


def let_domain_rest(address: str, seconds: float) -> None:
    """Its mail server wants less: no mail to this domain for so long, to the full minute."""
    if not settings.MAILS_PER_SECOND or seconds <= 0:
        return
    key = keys.fingerprint("domain", names.domain_of(address))
    until = int((time.time() + seconds) / MINUTE) + 1
    _reached(
        lambda: caches["counters"].set(f"domain-rest:{key}", until, timeout=int(seconds) + MINUTE),
        None,
    )


def network(request: HttpRequest) -> str:
    """The visitor's network of today as a keyed hash; tomorrow it is another one."""
    today = now().date().isoformat()
    return keys.fingerprint("network", today, network_address(request))


def network_address(request: HttpRequest) -> str:
    """The visitor's network itself, for keyed hashes and for nothing else."""
    return _network_of(client_address(request))


def client_address(request: HttpRequest) -> str:
    """The address that the outermost of our own proxies saw, and nothing that a visitor wrote."""
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    proxies = settings.TRUSTED_PROXIES
    if proxies and len(hops) >= proxies:
        return hops[-proxies].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _network_of(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is None:
            return str(ipaddress.ip_network((ip, 64), strict=False))
        ip = ip.ipv4_mapped
    return str(ip)


def count(key: str, seconds: int) -> int:
    """The number of times this key was counted since it was first, within so many seconds."""
    return _reached(lambda: _increase(key, seconds), 0)


def _increase(key: str, seconds: int) -> int:
    counters = caches["counters"]
    if counters.add(key, 1, timeout=seconds):
        return 1
    try:
        return int(counters.incr(key))
    except ValueError:  # its time ended between the two steps
        return 1


def _reached(step: Callable[[], Result], otherwise: Result) -> Result:
    try:
        return step()
    except RedisError as error:
        log.warning("The counter store cannot be reached: %s", type(error).__name__)
        return otherwise
