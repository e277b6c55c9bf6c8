"""What other mail servers see of the site's sender, as they see it: in the DNS and at the door.

Everything is asked through `Ask` and `Knock`, so that it can be tried without a network. What must
be there for mails to arrive is `MISSING` without it; the rest is `ADVICE`.
"""

import base64
import binascii
import ipaddress
import smtplib
import ssl
from collections.abc import Callable, Iterator
from typing import NamedTuple

import dns.exception
import dns.resolver
import dns.reversename
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

OK, ADVICE, MISSING = "ok", "advice", "MISSING"
SPF_LOOKUPS = 10  # RFC 7208, 4.6.4
ASKS = ("include", "a", "mx", "ptr", "exists", "redirect")  # what costs a lookup
RSA_BITS = 2048
SECONDS = 10

# The answers to a name and a kind of record, as texts; none if there are none.
Ask = Callable[[str, str], list[str]]
# What is wrong with the TLS of a mail server; nothing if nothing is.
Knock = Callable[[str], str]


class CannotAsk(Exception):
    """No name server has answered; that says nothing about what it would have said."""


class Finding(NamedTuple):
    level: str
    words: str


def ask(name: str, kind: str) -> list[str]:
    """The DNS itself."""
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, UnicodeError) as error:
        raise CannotAsk(f"{kind} of {name}: {type(error).__name__}") from error
    if kind == "TXT":
        return [b"".join(row.strings).decode(errors="replace") for row in answer]
    return [str(row) for row in answer]


def knock(host: str) -> str:
    """STARTTLS at a mail server that takes mails from anywhere, as another one would ask it."""
    context = ssl.create_default_context()
    try:
        with smtplib.SMTP(host, 25, timeout=SECONDS) as server:
            server.starttls(context=context)
    except (OSError, smtplib.SMTPException) as error:
        return type(error).__name__
    return ""


def look(sender: str, bounces: str, selectors: list[str], ask: Ask, knock: Knock) -> list[Finding]:
    """All that there is to say about two domains: of the sender and of the envelope."""
    steps = [
        lambda: spf(bounces, ask),
        *[lambda selector=selector: dkim(sender, selector, ask) for selector in selectors],
        lambda: dmarc(sender, ask),
        lambda: alignment(sender, bounces),
        *[lambda domain=domain: mx(domain, ask, knock) for domain in sorted({sender, bounces})],
        lambda: mta_sts(sender, ask),
    ]
    return [finding for step in steps for finding in answered(step)]


def answered(step: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from step()
    except CannotAsk as error:
        yield Finding(MISSING, f"No name server has answered: {error}")


def spf(domain: str, ask: Ask) -> Iterator[Finding]:
    """Of the envelope's sender: that is whom it is asked for."""
    records = _spf_records(domain, ask)
    if len(records) != 1:
        words = "has no SPF record" if not records else f"has {len(records)} SPF records, not one"
        yield Finding(MISSING, f"{domain} {words}.")
        return
    number = _spf_lookups(domain, ask, 0)
    if number > SPF_LOOKUPS:
        yield Finding(MISSING, f"SPF of {domain} asks more than {SPF_LOOKUPS} times; it is void.")
    elif records[0].lower().endswith(("+all", " all")):
        yield Finding(MISSING, f"SPF of {domain} lets everybody send: it ends with “all”.")
    elif "all" not in records[0].lower() and "redirect=" not in records[0].lower():
        yield Finding(ADVICE, f"SPF of {domain} forbids nobody: end it with “-all” or “~all”.")
    else:
        yield Finding(OK, f"SPF of {domain}, {number} of {SPF_LOOKUPS} lookups.")


def _spf_records(domain: str, ask: Ask) -> list[str]:
    return [text for text in ask(domain, "TXT") if f"{text.lower()} ".startswith("v=spf1 ")]


def _spf_lookups(domain: str, ask: Ask, number: int) -> int:
    """How often a receiver must ask; it counts no further than it would."""
    for term in " ".join(_spf_records(domain, ask)[:1]).lower().split()[1:]:
        name, _sign, target = term.lstrip("+-~?").replace("=", ":", 1).partition(":")
        if name.partition("/")[0] not in ASKS:
            continue
        number += 1
        if number > SPF_LOOKUPS:
            break
        if name in {"include", "redirect"} and "%" not in target:
            number = _spf_lookups(target, ask, number)
    return number


def dkim(domain: str, selector: str, ask: Ask) -> Iterator[Finding]:
    name = f"{selector}._domainkey.{domain}"
    records = [text for text in ask(name, "TXT") if "p" in _tags(text)]
    if len(records) != 1:
        yield Finding(MISSING, f"{name} has {len(records) or 'no'} DKIM key{'s' * bool(records)}.")
        return
    tags = _tags(records[0])
    problem = _key_problem(tags.get("k", "rsa").lower(), tags["p"])
    if problem:
        yield Finding(MISSING, f"DKIM {name}: {problem}")
        return
    yield Finding(OK, f"DKIM {name}.")
    if "y" in tags.get("t", "").split(":"):
        yield Finding(ADVICE, f"DKIM {name} says that it is only being tried (t=y).")


def _key_problem(kind: str, text: str) -> str:
    if not text:
        return "the key is revoked."
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        key = None if kind == "ed25519" else load_der_public_key(raw)
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return "the key cannot be read."
    if kind == "ed25519":
        return "" if len(raw) == 32 else "the key cannot be read."
    if kind != "rsa" or not isinstance(key, RSAPublicKey):
        return "the key is neither RSA nor Ed25519."
    return "" if key.key_size >= RSA_BITS else f"the key has {key.key_size} bits, not {RSA_BITS}."


def dmarc(domain: str, ask: Ask) -> Iterator[Finding]:
    """Of the sender that people see, or of the domain above it."""
    found = next(_dmarc_records(domain, ask), None)
    if found is None:
        yield Finding(MISSING, f"{domain} has no DMARC record.")
        return
    name, records = found
    tags = _tags(records[0])
    policy = tags.get("sp" if name != domain and "sp" in tags else "p", "").lower()
    if len(records) > 1 or policy not in {"none", "quarantine", "reject"}:
        words = "there must be one record, with p=none, quarantine or reject."
        yield Finding(MISSING, f"DMARC of {name} is void: {words}")
        return
    yield Finding(OK, f"DMARC of {name}: {policy}.")
    if policy == "none":
        words = "after two weeks of reports go on to p=quarantine, then to p=reject."
        yield Finding(ADVICE, f"DMARC of {name} asks for nothing yet: {words}")
    if "rua" not in tags:
        yield Finding(ADVICE, f"DMARC of {name} asks for no reports: add rua=mailto:…")


def _dmarc_records(domain: str, ask: Ask) -> Iterator[tuple[str, list[str]]]:
    labels = domain.split(".")
    for number in range(len(labels) - 1):
        name = ".".join(labels[number:])
        records = [
            text for text in ask(f"_dmarc.{name}", "TXT") if _tags(text).get("v") == "DMARC1"
        ]
        if records:
            yield name, records


def alignment(sender: str, bounces: str) -> Iterator[Finding]:
    """Two labels tell which names belong together, as in the check of the settings."""
    if sender.split(".")[-2:] != bounces.split(".")[-2:]:
        words = "SPF of the one says nothing for the other; DKIM alone must do."
        yield Finding(ADVICE, f"BOUNCE_ADDRESS is at {bounces}, the sender at {sender}: {words}")


def mx(domain: str, ask: Ask, knock: Knock) -> Iterator[Finding]:
    hosts = [row.split()[-1].rstrip(".") for row in ask(domain, "MX")]
    hosts = [host for host in hosts if host]  # "." means: no mail here, please
    if not hosts:
        yield Finding(MISSING, f"{domain} takes no mail (no MX): answers and bounces are lost.")
        return
    yield Finding(OK, f"MX of {domain}: {', '.join(hosts)}.")
    for host in hosts:
        if problem := knock(host):
            words = "or this machine may not reach port 25"
            yield Finding(ADVICE, f"{host} offers no good STARTTLS, {words} ({problem}).")


def mta_sts(domain: str, ask: Ask) -> Iterator[Finding]:
    records = [text for text in ask(f"_mta-sts.{domain}", "TXT") if _tags(text).get("v") == "STSv1"]
    if len(records) == 1:
        yield Finding(OK, f"MTA-STS of {domain}.")
    else:
        words = "others may hand over answers and bounces in the clear."
        yield Finding(ADVICE, f"{domain} has no MTA-STS record: {words}")


def ptr(address: str, ask: Ask) -> Iterator[Finding]:
    """A mail server of one's own has a name, and the name has its address."""
    kind = "AAAA" if ipaddress.ip_address(address).version == 6 else "A"
    names = ask(str(dns.reversename.from_address(address)), "PTR")
    there_and_back = [name for name in names if _has_address(name.rstrip("."), kind, address, ask)]
    if there_and_back:
        yield Finding(OK, f"PTR of {address}: {there_and_back[0].rstrip('.')}.")
    else:
        yield Finding(MISSING, f"{address} has no name (PTR) that leads back to it.")


def _has_address(name: str, kind: str, address: str, ask: Ask) -> bool:
    wanted = ipaddress.ip_address(address)
    return wanted in map(ipaddress.ip_address, ask(name, kind))


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}
