"""Plays a case of `bad_inputs.json`: what it says, as requests to the addresses of this site.

Lists in a payload are alternatives; each is played by itself.
"""

import hashlib
import hmac
import io
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlencode

import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, encode_multipart
from django.utils.timezone import now

from campaigns import lifecycle as campaigns
from campaigns.models import Campaign
from signatures import keys, lifecycle, tokens
from signatures.models import Signature
from tests.factories import (
    approved,
    confirmed,
    links,
    make_campaign,
    organisation,
    press,
    read_mails,
    sign,
)

CASES = json.loads((Path(__file__).parent / "bad_inputs.json").read_text("utf-8"))
FORM = "application/x-www-form-urlencoded"
ALTERNATIVES = ("method", "query", "path", "path_suffix", "clock_skew_s", "setup", "raw")
# Everything that `play` knows how to do, so that no word of the file is passed over.
WORDS = {
    "form", "query", "path", "raw", "generator", "headers", "cookies", "file", "content_type",
    "method", "token", "setup", "repeat", "interval_s", "clock_skew_s", "petition",
    "path_suffix",
}  # fmt: skip
# What the file only describes: a report that is sent again, half of one, and far too much.
REPORT = '{"id": "r1", "event": "bounce", "message_id": "<message-id>", "permanent": true}'
BODIES = {"A10": [REPORT, REPORT[:30], {"repeat": ["x", 5_000_000]}]}
# A request takes milliseconds here, and of 192 random bits ten thousand guesses find as little as
# a thousand.
REPEATS = {"C25": 1000}


def variants(case) -> list[tuple[str, dict, dict]]:
    """The case once, or once for each alternative, each with a name of its own."""
    payload = {"method": "GET", **case["payload"]}
    if case["id"] in BODIES:
        payload = {**payload, "raw": BODIES[case["id"]], "content_type": "application/json"}
    if " / " in payload.get("setup", ""):
        payload["setup"] = payload["setup"].split(" / ")
    key = next((key for key in ALTERNATIVES if isinstance(payload.get(key), list)), None)
    if key is None:
        return [(case["id"], case, payload)]
    labels = payload[key] if key == "method" else range(1, len(payload[key]) + 1)
    return [
        (f"{case['id']}-{label}", case, {**payload, key: one})
        for one, label in zip(payload[key], labels, strict=True)
    ]


@dataclass
class Scene:
    """Where a case is played, and what came of it."""

    client: Client
    campaign: Campaign
    case: dict
    payload: dict
    slug: str = "peace"
    links: dict = field(default_factory=dict)  # in the mail about a signature that waits
    message_id: str = ""  # of that mail
    hidden: list = field(default_factory=list)  # texts that no public list may show
    answers: list = field(default_factory=list)
    bodies: list = field(default_factory=list)  # the streams that were offered
    mails: list = field(default_factory=list)
    effects: dict = field(default_factory=dict)

    @property
    def answer(self):
        return self.answers[-1]

    @property
    def page(self) -> str:
        return self.answer.content.decode()

    @property
    def form(self) -> dict:
        return {name: built(value) for name, value in self.payload["form"].items()}

    @property
    def token(self) -> str:
        return token_of(self.links["confirm"])


def token_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def play(scene: Scene) -> None:
    """Set up, send what the case says as often as it says, and let the sender of mails work."""
    if scene.case["endpoint"] in {"confirm", "withdraw", "webhook"}:
        leave_a_signature_waiting(scene)
    if scene.case["endpoint"] == "unsubscribe":
        leave_a_reader(scene)
    if "setup" in scene.payload:
        set_up(scene, scene.payload["setup"])
    before = state()
    start = now() + timedelta(seconds=scene.payload.get("clock_skew_s", 0))
    with time_machine.travel(start) as clock:
        for number in range(REPEATS.get(scene.case["id"], scene.payload.get("repeat", 1))):
            send(scene, number)
            clock.shift(scene.payload.get("interval_s", 0))
        scene.mails = read_mails()
    scene.effects = effects(before, state(), scene)


def state() -> dict[str, int]:
    rows = Signature.objects.all()
    return {
        "rows": rows.count(),
        "new_signatures": rows.filter(held_at=None).count(),
        "held": rows.held().count(),
        "confirmed": rows.confirmed().count(),
    }


def effects(before, after, scene) -> dict[str, int]:
    pages = "".join(answer.content.decode() for answer in scene.answers)
    return {
        **{effect: after[effect] - before[effect] for effect in after},
        "erased": before["rows"] - after["rows"],
        "mails": len(scene.mails),
        "rows_leaked": sum(text in pages for text in scene.hidden),
    }


def send(scene: Scene, number: int = 0) -> None:
    """One request. Address, query and cookies reach the site byte for byte, as a web server hands
    them over; the client's own ways would mend some of what a case is about."""
    body, content_type = encoded(scene, number)
    scene.bodies.append(io.BytesIO(body))
    answer = scene.client.generic(
        scene.payload["method"],
        "/",
        body,
        content_type,
        headers={name: fill(built(value), scene, number) for name, value in headers(scene, body)},
        **{
            "PATH_INFO": unquote_to_bytes(path(scene, number)).decode("latin-1"),
            "QUERY_STRING": fill(built(scene.payload.get("query", "")), scene, number),
            "wsgi.input": scene.bodies[-1],
        },
    )
    scene.answers.append(answer)


def headers(scene: Scene, body: bytes) -> Iterator[tuple[str, object]]:
    yield from scene.payload.get("headers", {}).items()
    if scene.case["endpoint"] == "webhook":
        key = settings.MAIL_WEBHOOK_KEY.encode()
        yield "X-Signature", hmac.new(key, body, hashlib.sha256).hexdigest()
    cookies = scene.payload.get("cookies", "none")
    if cookies == "none":
        assert not scene.client.cookies
    else:
        yield "Cookie", "; ".join(f"{name}={built(value)}" for name, value in cookies.items())


def encoded(scene: Scene, number: int) -> tuple[bytes, str]:
    """The body and its type."""
    payload = scene.payload
    content_type = payload.get("content_type", FORM)
    if "file" in payload:
        file = payload["file"]
        part = SimpleUploadedFile(file["name"], built(file["generator"]).encode())
        body = encode_multipart(BOUNDARY, {**scene.form, file["field"]: part})
        return body, f"{content_type}; boundary={BOUNDARY}"
    if "form" in payload:
        form = {name: fill(value, scene, number) for name, value in scene.form.items()}
        return urlencode(form).encode(), content_type
    raw = built(payload.get("raw", payload.get("generator", "")))
    if scene.case["endpoint"] == "webhook":
        raw = raw.replace("<message-id>", scene.message_id)
    return raw.encode(), content_type


def built(value) -> str:
    """A text, or what one of the file's generators makes."""
    match value:
        case {"repeat": [text, times]}:
            return text * times
        case {"concat": parts}:
            return "".join(map(built, parts))
        case {"join": {"sep": separator, "template": template, "count": count}}:
            return separator.join(template.replace("{n}", str(number)) for number in range(count))
    return value


def fill(text: str, scene: Scene, number: int) -> str:
    """Put in what the file can only name."""
    values = {
        "{n}": lambda: str(number),
        "{rnd}": lambda: secrets.token_urlsafe(24),
        "{rnd_ip}": lambda: str(IPv4Address(secrets.randbits(32))),
        "<token>": lambda: scene.token,
        "<valid of another petition>": cursor_of_another_campaign,
    }
    for word, value in values.items():
        if word in text:
            text = text.replace(word, value())
    return text


def path(scene: Scene, number: int) -> str:
    """The file's general addresses, as ours."""
    endpoint, payload = scene.case["endpoint"], scene.payload
    if "path" in payload:
        language = "" if endpoint == "lang" else "/en"
        return language + fill(built(payload["path"]), scene, number)
    if endpoint in {"confirm", "withdraw", "unsubscribe"}:
        token = fill(TOKENS[payload.get("token", "valid")](scene), scene, number)
        # The address of a token names no campaign; this is the nearest that one could try.
        language = "/en/bread" if payload.get("petition") == "B" else "/en"
        door = {"withdraw": "not-me"}.get(endpoint, endpoint)
        return f"{language}/{door}/{token}{payload.get('path_suffix', '/')}"
    return {
        "sign": f"/en/{scene.slug}/sign/",
        "list": f"/en/{scene.slug}/signatories/",
        "any": f"/en/{scene.slug}/",
        "lang": "/",
        "webhook": "/hooks/mail/",
    }[endpoint]


TOKENS = {
    **dict.fromkeys(["valid", "fresh", "valid before", "valid for A"], lambda scene: scene.token),
    "valid with last char flipped": lambda scene: (
        scene.token[:-1] + ("A" if scene.token[-1] != "A" else "B")
    ),
    "valid[:-6]": lambda scene: scene.token[:-6],
    "valid withdraw token": lambda scene: token_of(scene.links["not-me"]),
    "valid reject token": lambda scene: token_of(scene.links["not-me"]),
    "{rnd}": lambda scene: "{rnd}",
}


def leave_a_reader(scene: Scene) -> None:
    """Sam gets news; the link is the one that stops them."""
    reader = confirmed(scene.client, scene.campaign, email="sam@example.org", updates="on")
    token = tokens.keep_for_unsubscribing(reader)
    scene.links = {"confirm": f"/en/unsubscribe/{token}/"}


def leave_a_signature_waiting(scene: Scene) -> None:
    """Sam has signed here and another campaign; the links are those of the mail from here."""
    sign(scene.client, scene.campaign, email="sam@example.org")
    (message,) = read_mails()
    scene.message_id = message.extra_headers["Message-ID"]
    sign(scene.client, make_campaign("bread"), email="sam@example.org")
    read_mails()
    scene.links = links(message)


def cursor_of_another_campaign() -> str:
    other = make_campaign("butter")
    return keys.ticket("list", f"{other.pk}:individual", now().isoformat(), "1")


def set_up(scene: Scene, words: str) -> None:
    if words == "petition draft":
        scene.slug = make_campaign("draft", status="draft").slug
    elif words == "slug unknown":
        scene.slug = "never-heard-of"
    elif words == "rejected":
        press(scene.client, scene.links["not-me"])
    elif words == "signed before, closed now":
        campaigns.close(scene.campaign)
    elif words == "after M12 confirmed":
        confirmed(scene.client, scene.campaign, email="a@bücher.example")
    else:
        address = re.fullmatch(r"(\S+) confirmed", words)[1]
        confirmed(scene.client, scene.campaign, email=address)


def seed(scene: Scene, mo) -> None:
    """A person and an organisation that are listed, and one of each kind that is not."""
    client, campaign = scene.client, scene.campaign
    confirmed(client, campaign, name="Shown Person")
    approved(client, campaign, mo, organisation="Shown Action", name="Contact Person")
    confirmed(client, campaign, name="Handin Person", visibility="handin", comment="Because.")
    confirmed(client, campaign, organisation(organisation="Waiting Action"))
    lifecycle.hide(confirmed(client, campaign, name="Hidden Person"), mo, "insult")
    lifecycle.hold(confirmed(client, campaign, name="Held Person"), mo, "doubt")
    confirmed(client, make_campaign("bread"), name="Foreign Person")
    sign(client, campaign, name="Pending Person")
    read_mails()
    rows = Signature.objects.all()
    scene.hidden = ["Waiting Action", "Because.", "@example.org"]
    scene.hidden += [row.name for row in rows if row.name != "Shown Person"]
    scene.hidden += [row.address_hash for row in rows]
