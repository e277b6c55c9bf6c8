"""The language of a page, its security headers, and the rules for posts to public forms.

Public forms carry no cookie and no token, so that pages can be cached and signing works with
cookies off. What protects them instead is that browsers say where a post comes from.
"""

import re

from django.conf import settings
from django.http import QueryDict
from django.utils import translation

from petition_site import views

SESSION_KEY = re.compile("[a-z0-9]{32}")
FORM = "application/x-www-form-urlencoded"
PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in ("camera", "geolocation", "microphone", "payment", "usb", "browsing-topics")
)


def language(get_response):
    """The language in the path; where there is none, the browser's. No cookie, no session."""

    def middleware(request):
        code = translation.get_language_from_path(request.path_info)
        if code is None:
            code = translation.get_language_from_request(request)
        translation.activate(code)
        request.LANGUAGE_CODE = code
        response = get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        return response

    return middleware


def session_cookies(get_response):
    """A session cookie that cannot be ours is none: PostgreSQL would choke on a NUL in it."""

    def middleware(request):
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if not SESSION_KEY.fullmatch(key):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return get_response(request)

    return middleware


def headers(get_response):
    """The headers that every answer carries."""
    policy = "; ".join(
        f"{directive} {' '.join(sources)}" for directive, sources in settings.SECURE_CSP.items()
    )

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        return response

    return middleware


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


class PublicPostMiddleware:
    """Every POST is either checked by Django's CSRF protection or by these rules, never by neither.

    A view that is exempt from the token (`csrf_exempt`) takes only small url-encoded forms in
    UTF-8, each field once, and none that a browser says comes from another site.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.method != "POST" or not getattr(view, "csrf_exempt", False):
            return None
        refusal = refuse_post(request)
        return None if refusal is None else views.error(request, refusal)


def refuse_post(request) -> int | None:
    """The status with which a post to a public form is refused, or `None`."""
    if comes_from_elsewhere(request):
        return 403
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if not length:  # a button without fields
        return None
    if length > settings.PUBLIC_POST_MAX_BYTES:
        return 413
    if request.content_type == "multipart/form-data":
        return 422
    if request.content_type != FORM:
        return 415
    if request.content_params.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        return 415
    return None if is_plain_form(request.body) else 400


def comes_from_elsewhere(request) -> bool:
    """`Sec-Fetch-Site` where the browser sends it, `Origin` where it does not."""
    fetch_site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if fetch_site not in {"same-origin", "none"}:
        return True
    return origin is not None and origin.partition("://")[2].lower() != request.get_host().lower()


def is_plain_form(body: bytes) -> bool:
    """Not too many fields, and none twice: which value would be meant?"""
    try:
        fields = QueryDict(body, encoding="utf-8")
    except ValueError:
        return False
    few = len(fields) <= settings.PUBLIC_POST_MAX_FIELDS
    return few and all(len(values) == 1 for _name, values in fields.lists())
