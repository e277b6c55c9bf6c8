"""The language of a page, its security headers, and the rules for posts to public forms.

Public forms carry no cookie and no token, so that pages can be cached and signing works with
cookies off. What protects them instead is that browsers say where a post comes from.
"""

import logging
import re
from collections.abc import Collection

from django.conf import settings
from django.http import HttpResponseNotAllowed, QueryDict
from django.middleware import security
from django.utils import translation

from petition_site import views

SESSION_KEY = re.compile("[a-z0-9]{32}")
FORM = "application/x-www-form-urlencoded"
READING = ("GET", "HEAD")
SAFE = {*READING, "OPTIONS", "TRACE"}
# What the desk needs beyond the public pages, which have no script and know no accounts.
DESK_CSP = {"script-src": ["'self'"], "connect-src": ["'self'"]}
DESK_FEATURES = {"publickey-credentials-create", "publickey-credentials-get"}
# What a page needs that adds a live count where scripts run, and one that adds copying and sharing.
SCRIPT_CSP = {"script-src": ["'self'"], "connect-src": ["'self'"]}
SHARE_FEATURES = {"clipboard-write", "web-share"}
# What may be shown in other sites' pages, and what may be read by them.
FRAME_CSP = {"frame-ancestors": ["*"]}
ELSEWHERE = {"Cross-Origin-Resource-Policy": "cross-origin"}
READABLE = {**ELSEWHERE, "Access-Control-Allow-Origin": "*"}
# No page of this site needs any of what a browser can do beyond showing pages.
NEEDLESS = (
    "accelerometer", "ambient-light-sensor", "aria-notify", "autoplay", "bluetooth",
    "browsing-topics", "camera", "captured-surface-control", "ch-ua-high-entropy-values",
    "clipboard-read", "clipboard-write", "compute-pressure", "cross-origin-isolated",
    "deferred-fetch", "deferred-fetch-minimal", "digital-credentials-create",
    "digital-credentials-get", "display-capture", "encrypted-media", "fullscreen", "gamepad",
    "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
    "interest-cohort", "keyboard-map", "language-detector", "language-model", "local-fonts",
    "local-network", "local-network-access", "loopback-network", "magnetometer",
    "media-playback-while-not-visible", "microphone", "midi", "on-device-speech-recognition",
    "otp-credentials", "payment", "picture-in-picture", "private-state-token-issuance",
    "private-state-token-redemption", "publickey-credentials-create", "publickey-credentials-get",
    "screen-wake-lock", "serial", "speaker-selection", "storage-access", "summarizer", "sync-xhr",
    "translator", "unload", "usb", "web-share", "window-management", "xr-spatial-tracking",
)  # fmt: skip

log = logging.getLogger(__name__)


def language(get_response):
    """The language in the path; where there is none, the browser's. No cookie, no session."""

    def middleware(request):
        code = translation.get_language_from_path(request.path_info)
        if code is None:
            code = translation.get_language_from_request(request)
        translation.activate(code)
        request.LANGUAGE_CODE = code
        response = get_response(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", translation.get_language())
        return response

    return middleware


def cookies(get_response):
    """Only the desk knows cookies; whatever a visitor sends, public pages are the same.

    A session cookie that cannot be ours is none: PostgreSQL would choke on a NUL in it.
    """

    def middleware(request):
        session = settings.SESSION_COOKIE_NAME
        if not is_desk(request):
            request.COOKIES = {}
        elif not SESSION_KEY.fullmatch(request.COOKIES.get(session, "")):
            request.COOKIES.pop(session, None)
        return get_response(request)

    return middleware


def headers(get_response):
    """The headers that every answer carries, unless a page has set its own.

    What does not say who may keep it for how long, nobody keeps.
    """
    everywhere = {
        "Cache-Control": "no-store",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    public = {
        **everywhere,
        "Content-Security-Policy": policy(settings.SECURE_CSP),
        "Permissions-Policy": permissions(),
    }
    desk = {
        **everywhere,
        "Content-Security-Policy": policy({**settings.SECURE_CSP, **DESK_CSP}),
        "Permissions-Policy": permissions(DESK_FEATURES),
    }
    script = {
        **public,
        "Content-Security-Policy": policy({**settings.SECURE_CSP, **SCRIPT_CSP}),
    }
    share = {**script, "Permissions-Policy": permissions(SHARE_FEATURES)}
    frame = {
        **public,
        **ELSEWHERE,
        "Content-Security-Policy": policy({**settings.SECURE_CSP, **FRAME_CSP}),
    }
    chosen = {
        "script": script,
        "share": share,
        "frame": frame,
        "figures": {**public, **READABLE},
    }

    def middleware(request):
        response = get_response(request)
        openness = openness_of(request, response)
        wanted = desk if is_desk(request) else chosen.get(openness, public)
        for name, value in wanted.items():
            response.headers.setdefault(name, value)
        if openness == "frame":
            del response.headers["X-Frame-Options"]
        if has_onion_twin(request, response):
            onion = f"http://{settings.ONION_HOST}{request.get_full_path()}"
            response.headers["Onion-Location"] = onion
        if response.headers.get("Content-Type") == "application/json":
            response.headers["Content-Type"] += "; charset=utf-8"
        return response

    return middleware


def no_body_for_head(get_response):
    """HEAD gets the headers alone; Django leaves that to the web server, and ours complains."""

    def middleware(request):
        response = get_response(request)
        if request.method == "HEAD" and not response.streaming:
            response.content = b""
        return response

    return middleware


def policy(directives: dict[str, list[str]]) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def permissions(allowed: Collection[str] = ()) -> str:
    return ", ".join(f"{name}={'(self)' if name in allowed else '()'}" for name in NEEDLESS)


def is_desk(request) -> bool:
    return request.path_info.startswith(f"/{settings.ADMIN_PATH}/")


def openness_of(request, response) -> str:
    """What the view needs beyond a closed page, if this is its page and not an error.

    The view says so and not its answer: a 304 is another answer, and browsers keep its headers.
    """
    if response.status_code not in {200, 304} or request.resolver_match is None:
        return ""
    return getattr(request.resolver_match.func, "openness", "")


def is_onion(request) -> bool:
    return bool(settings.ONION_HOST) and host_of(request) == settings.ONION_HOST


def host_of(request) -> str:
    return request.headers.get("Host", "").partition(":")[0].lower()


def has_onion_twin(request, response) -> bool:
    """A public page that the Tor Browser may offer to open at the site's address in its network."""
    return (
        bool(settings.ONION_HOST)
        and request.method in READING
        and response.status_code == 200
        and response.headers.get("Content-Type", "").startswith("text/html")
        and not is_desk(request)
        and not is_onion(request)
    )


class SecurityMiddleware(security.SecurityMiddleware):
    """https everywhere but in the Tor network, which encrypts by itself and has no certificates."""

    def process_request(self, request):
        return None if is_onion(request) else super().process_request(request)


def wrong_method(get_response):
    """A page for whoever meets a view that does not know the method."""

    def middleware(request):
        response = get_response(request)
        if response.status_code != 405 or response.content:
            return response
        page = views.error(request, 405)
        page["Allow"] = response["Allow"]
        return page

    return middleware


class OutageMiddleware:
    """While the database cannot be reached, a page says so, not that something broke."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, views.OUTAGE):
            return None
        log.error("The database does not answer: %s", str(exception).partition("\n")[0])
        return views.unavailable(request)


class PublicPostMiddleware:
    """Every POST is either checked by Django's CSRF protection or by these rules, never by neither.

    Django's protection is for the desk, where only the size is limited here. Elsewhere a view that
    takes a POST is exempt from the token (`csrf_exempt`), and takes only small url-encoded forms in
    UTF-8, each field once, and none that a browser says comes from another site. One that asks for
    a signature over the body (`is_signed`) checks for itself who it is from, and only the size is
    limited here. All other views only show.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if getattr(view, "csrf_exempt", False):
            refuse = refuse_size if getattr(view, "is_signed", False) else refuse_post
            refusal = refuse(request) if request.method == "POST" else None
            if refusal is None:
                return None
            log.info("A form was refused with %d.", refusal)
            return views.error(request, refusal)
        if request.method in SAFE:
            return None
        if is_desk(request):  # also of those who are not logged in, before a file is taken
            is_big = body_length(request) > settings.DESK_POST_MAX_BYTES
            return views.too_large(request) if is_big else None
        return HttpResponseNotAllowed(READING)


def refuse_post(request) -> int | None:
    """The status with which a post to a public form is refused, or `None`."""
    if comes_from_elsewhere(request):
        return 403
    if "Transfer-Encoding" in request.headers:  # of unknown length: Django would take it for empty
        return 400
    if not body_length(request):  # a button without fields
        return None
    if refusal := refuse_size(request):
        return refusal
    if request.content_type == "multipart/form-data":
        return 422
    if request.content_type != FORM:
        return 415
    if request.content_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        return 415
    return None if is_plain_form(request.body) else 400


def refuse_size(request) -> int | None:
    """The status with which a body is refused before it is read, or `None`."""
    return 413 if body_length(request) > settings.PUBLIC_POST_MAX_BYTES else None


def body_length(request) -> int:
    return int(request.META.get("CONTENT_LENGTH") or 0)


def comes_from_elsewhere(request) -> bool:
    """`Sec-Fetch-Site` where the browser sends it, `Origin` where it does not."""
    fetch_site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if fetch_site not in {"same-origin", "none"}:
        return True
    here = f"{request.scheme}://{request.get_host()}"
    return origin is not None and origin.lower() != here.lower()


def is_plain_form(body: bytes) -> bool:
    """Not too many fields, and none twice: which value would be meant?"""
    try:
        fields = QueryDict(body, encoding="utf-8")
    except ValueError:
        return False
    few = len(fields) <= settings.PUBLIC_POST_MAX_FIELDS
    return few and all(len(values) == 1 for _name, values in fields.lists())
