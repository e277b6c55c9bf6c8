"""The door for the mail provider, who tells what became of a mail after it was handed over.

One report is one POST: a JSON object with `id` (the report's own name, the same when it is sent
again), `event` (`bounce` or `complaint`), `message_id` (the header of the mail) and, for a bounce,
`permanent`. `X-Signature` is the HMAC-SHA256 of the body under `MAIL_WEBHOOK_KEY`, as hex digits.
"""

import hashlib
import hmac
import json
import re
from typing import NamedTuple

from django.conf import settings
from django.http import Http404, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from signatures import lifecycle

REPORT_ID = re.compile(r"[!-~]{1,200}")
MESSAGE_ID = re.compile(r"<?([!-;=?-~]{1,118})>?")
EVENTS = ("bounce", "complaint")


class Report(NamedTuple):
    id: str
    event: str
    message_id: str
    permanent: bool


@csrf_exempt
def report(request):
    """Where no key is set there is no such page."""
    if not settings.MAIL_WEBHOOK_KEY:
        raise Http404
    return _report(request)


report.is_signed = True  # so the rules for forms do not apply


@require_POST
def _report(request):
    """200 for whatever is understood, known or not: who gets anything else would send it again."""
    if request.content_type != "application/json":
        return _answer(415, "application/json is expected")
    if not _is_signed(request):
        return _answer(403, "the signature is wrong")
    try:
        told = _read(request.body)
    except (ValueError, RecursionError):
        return _answer(400, "the report cannot be read")
    if told.event == "complaint":
        lifecycle.heed_complaint(told.id, told.message_id)
    elif told.permanent:
        lifecycle.heed_bounce(told.id, told.message_id)
    return _answer(200, "ok")


def _is_signed(request) -> bool:
    key = settings.MAIL_WEBHOOK_KEY.encode()
    expected = hmac.new(key, request.body, hashlib.sha256).hexdigest()
    given = request.headers.get("X-Signature", "")
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _read(body: bytes) -> Report:
    """Raises `ValueError` for everything that is no report, `RecursionError` for a deep nest."""
    facts = json.loads(body.decode())
    if not isinstance(facts, dict):
        raise ValueError("not an object")
    permanent = facts.get("permanent", False)
    message_id = _text(facts, "message_id", MESSAGE_ID)
    if facts.get("event") not in EVENTS or not isinstance(permanent, bool):
        raise ValueError("an unknown event")
    return Report(_text(facts, "id", REPORT_ID)[0], facts["event"], f"<{message_id[1]}>", permanent)


def _text(facts: dict, name: str, form: re.Pattern) -> re.Match:
    match = form.fullmatch(facts[name]) if isinstance(facts.get(name), str) else None
    if match is None:
        raise ValueError(f"{name} is not what it should be")
    return match


def _answer(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
