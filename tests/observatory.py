"""The score that MDN's HTTP Observatory (1.4.8) would give an answer, after its published table.

Credits count only where the faults leave at least 90 of 100. `newest` adds what its source has
gained since: credits for the opener and the embedder policy.
"""

import re
from urllib.parse import urlsplit

BROAD = {"*", "http:", "https:", "ftp:", "http://*", "https://*", "http://*.*", "https://*.*"}
INLINE = {"'unsafe-inline'", "data:"}
PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
SIX_MONTHS = 15552000


def score(answer, redirect: str, newest: bool = False) -> int:
    """`answer` came over https; `redirect` is where the same address leads to over http."""
    points = marks(answer, redirect)
    if newest:
        points["opener"] = 10 * (answer.get("Cross-Origin-Opener-Policy") == "same-origin")
        points["embedder"] = 10 * (answer.get("Cross-Origin-Embedder-Policy") == "require-corp")
    faults = 100 + sum(number for number in points.values() if number < 0)
    return 100 + sum(points.values()) if faults >= 90 else faults


def marks(answer, redirect: str) -> dict[str, int]:
    policy = parse(answer.get("Content-Security-Policy", ""))
    return {
        "policy": mark_policy(policy) if policy else -25,
        "cookies": mark_cookies(answer.cookies.values()),
        "sharing": mark_sharing(answer),
        "redirect": 0 if urlsplit(redirect).scheme == "https" else -20,
        "referrer": mark_referrer(answer.get("Referrer-Policy")),
        "transport": mark_transport(answer.get("Strict-Transport-Security", "")),
        "scripts": mark_scripts(answer.content.decode()),
        "sniffing": 0 if answer.get("X-Content-Type-Options") == "nosniff" else -5,
        "framing": mark_framing(policy, answer.get("X-Frame-Options", "")),
        "resources": mark_resources(answer.get("Cross-Origin-Resource-Policy")),
    }


def parse(policy: str) -> dict[str, set[str]]:
    parts = [part.split() for part in policy.lower().split(";") if part.strip()]
    return {part[0]: set(part[1:]) or {"'none'"} for part in parts}


def mark_policy(policy: dict[str, set[str]]) -> int:
    default = policy.get("default-src", {"*"})
    script, style, thing = (
        policy.get(name, default) for name in ("script-src", "style-src", "object-src")
    )
    passive = policy.get("img-src", default) | policy.get("media-src", default)
    active = set().union(*(policy[name] for name in policy.keys() - {"img-src", "media-src"}))
    if script & (BROAD | INLINE) or thing & BROAD or is_insecure(active):
        return -20
    if "'unsafe-eval'" in script | style or is_insecure(passive):
        return -10
    if style & (BROAD | INLINE):
        return 0
    return 10 if default == {"'none'"} else 5


def is_insecure(sources: set[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)


def mark_cookies(cookies) -> int:
    worst = 5 if cookies else 0
    for cookie in cookies:
        session = re.search("login|sess", cookie.key, re.IGNORECASE)
        if session and not cookie["httponly"]:
            worst = min(worst, -30)
        if not cookie["secure"]:  # the Observatory is milder where the transport is secure
            worst = min(worst, -10 if session else -5)
        if not cookie["samesite"]:
            worst = min(worst, -20 if "csrf" in cookie.key.lower() else 0)
    return worst


def mark_sharing(answer) -> int:
    origin = answer.get("Access-Control-Allow-Origin", "*")
    return -50 if origin != "*" and answer.get("Access-Control-Allow-Credentials") == "true" else 0


def mark_referrer(policy: str | None) -> int:
    return 0 if policy is None else 5 if policy.split(",")[-1].strip() in PRIVATE else -5


def mark_transport(header: str) -> int:
    age = re.search(r"max-age=(\d+)", header)
    return -20 if age is None else 0 if int(age[1]) >= SIX_MONTHS else -10


def mark_scripts(page: str) -> int:
    """Own scripts gain something if they tell their digest; scripts of others lose without."""
    scripts = re.findall(r"<script[^>]*\ssrc=[^>]*>", page)
    if any(re.search(r"src=\"?'?(https?:)?//", script) for script in scripts):
        return -5
    return 5 if any("integrity=" in script for script in scripts) else 0


def mark_framing(policy: dict[str, set[str]], header: str) -> int:
    if "frame-ancestors" in policy:
        return 5
    return 0 if header.lower() in {"deny", "sameorigin"} else -20


def mark_resources(policy: str | None) -> int:
    marks = {"same-origin": 10, "same-site": 10, "cross-origin": 0, None: 0}
    return marks.get(policy, -5)
