"""The doors of the site itself: choosing a language, health, and what is said when nothing fits."""

import logging
import sys
import time
from datetime import timedelta
from email.utils import parseaddr
from functools import lru_cache

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template import loader
from django.utils.cache import patch_vary_headers
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from signatures import retention

OUTAGE = (OperationalError, InterfaceError)
RETRY_AFTER = "60"  # seconds
TEXT = "text/plain; charset=utf-8"
LOOK_EVERY = 3600  # seconds; looking for what is kept too long reads all rows

log = logging.getLogger(__name__)

TITLES = {
    400: _("We could not read what your browser sent"),
    403: _("This form was sent from another site"),
    404: _("There is no such page"),
    405: _("This page does not work that way"),
    413: _("That was too much text"),
    415: _("We could not read what your browser sent"),
    422: _("We could not read what your browser sent"),
    500: _("Something broke on our side"),
    503: _("We cannot answer at the moment"),
}
ADVICE = {
    400: _("Go back, reload the page and try again. Nothing has been stored."),
    403: _("Open the page of the appeal on this site and sign there. Nothing has been stored."),
    404: _("Perhaps a piece of the link is missing. From the start page you can find everything."),
    405: _("Open the page of the appeal and go on from there."),
    413: _("Go back and write less. Nothing has been stored."),
    415: _("Go back, reload the page and try again. Nothing has been stored."),
    422: _("Go back, reload the page and try again. Nothing has been stored."),
    500: _("It is not your fault. Please try again in a few minutes."),
    503: _("It is not your fault. Please try again in a few minutes."),
}
NOT_STORED = _("What you sent has not been stored. Please try again: sent twice, it counts once.")
FILE_TOO_LARGE = _("This file is too large")
SPLIT_IT = _("Files of up to 5 MB can be taken. Go back and split the list, or scan it smaller.")
NO_RIGHT = _("You may not open this page")
ASK_FOR_IT = _("Your account lacks the right for it. Somebody who manages accounts can give it.")


@require_safe
def choose_language(request):
    """To the first page in the language that the browser asks for."""
    response = HttpResponseRedirect(f"/{get_language()}/")
    patch_vary_headers(response, ["Accept-Language"])
    return response


@require_safe
def healthz(request):
    """The process answers."""
    return HttpResponse("ok", content_type=TEXT)


@require_safe
def readyz(request):
    """The database answers, is as new as the code, and holds nothing for longer than declared."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return HttpResponse("migrations are missing", status=503, content_type=TEXT)
        late = is_kept_too_long(int(time.time() / LOOK_EVERY))
    except OUTAGE:
        return HttpResponse("the database does not answer", status=503, content_type=TEXT)
    status, words = (503, "something is kept for too long") if late else (200, "ok")
    return HttpResponse(words, status=status, content_type=TEXT)


@lru_cache(maxsize=1)
def is_kept_too_long(hour: int) -> bool:
    """Whether the sender forgets too little; the log says what. Looked at once in an hour."""
    overdue = retention.overdue()
    for what, number in overdue:
        log.error("Kept for too long: %d %s.", number, what)
    return bool(overdue)


@require_safe
@cache_control(public=True, max_age=60)
def robots(request):
    """Lists of signatories are not disallowed, or crawlers would never see their `noindex`."""
    words = f"User-agent: *\nDisallow:\n\nSitemap: {settings.SITE_URL}/sitemap.xml\n"
    return HttpResponse(words, content_type=TEXT)


@require_safe
@cache_control(public=True, max_age=60)
def security_txt(request):
    """Where to report a weakness (RFC 9116); good for a year from today, since it must end."""
    contact = settings.SECURITY_CONTACT
    if not contact.startswith(("https://", "mailto:")):
        contact = f"mailto:{parseaddr(contact)[1]}"
    expires = now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=365)
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(dict(settings.LANGUAGES))}",
        f"Canonical: {settings.SITE_URL}/.well-known/security.txt",
    ]
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type=TEXT)


def error(request, status: int, **more):
    """A page of its own for every refusal; it needs no database, cookie or session."""
    context = {"title": TITLES[status], "advice": ADVICE[status], "status": status, **more}
    response = render(request, "error.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def too_large(request):
    """Of a file for the desk, unread."""
    return error(request, 413, title=FILE_TOO_LARGE, advice=SPLIT_IT)


def bad_request(request, exception=None):
    return error(request, 400)


def forbidden(request, exception=None):
    """Only the desk has pages that an account may lack the right for."""
    page = request.resolver_match.view_name if request.resolver_match else "no page"
    log.warning("Account %s was refused %s.", getattr(request.user, "pk", None), page)
    return error(request, 403, title=NO_RIGHT, advice=ASK_FOR_IT)


def refused(request, reason=""):
    """By Django's CSRF protection, which is for the desk alone."""
    return error(request, 403, title=TITLES[400], advice=ADVICE[400])


def not_found(request, exception=None):
    return error(request, 404)


def server_error(request):
    if isinstance(sys.exc_info()[1], OUTAGE):
        return unavailable(request)
    return last_resort(request, 500)


def unavailable(request):
    """The database cannot be reached; what was typed can be sent again with one press."""
    more = {"advice": NOT_STORED, "kept": kept(request)} if request.method == "POST" else {}
    response = last_resort(request, 503, **more)
    response["Retry-After"] = RETRY_AFTER
    return response


def kept(request) -> list[tuple[str, str]]:
    """The fields of a public form. Those of the desk hold a token and, it may be, a password."""
    view = getattr(request.resolver_match, "func", None)
    return list(request.POST.items()) if getattr(view, "csrf_exempt", False) else []


def last_resort(request, status: int, **more):
    """A page, if need be without our design: whatever broke may break the error page, too."""
    try:
        return error(request, status, **more)
    except Exception:  # noqa: BLE001  (as said)
        page = loader.get_template("plain_error.html").render()
        return HttpResponse(page, status=status)
