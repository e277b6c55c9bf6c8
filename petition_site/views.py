"""The doors of the site itself: choosing a language, health, and what is said when nothing fits."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template import loader
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

TITLES = {
    400: _("We could not read what your browser sent"),
    403: _("This form was sent from another site"),
    404: _("There is no such page"),
    405: _("This page does not work that way"),
    413: _("That was too much text"),
    415: _("We could not read what your browser sent"),
    422: _("We could not read what your browser sent"),
    500: _("Something broke on our side"),
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
}


@require_safe
def choose_language(request):
    """To the first page in the language that the browser asks for."""
    response = HttpResponseRedirect(f"/{get_language()}/")
    patch_vary_headers(response, ["Accept-Language"])
    return response


@require_safe
def healthz(request):
    """The process answers."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@require_safe
def readyz(request):
    """The database answers and is as new as the code."""
    executor = MigrationExecutor(connection)
    behind = executor.migration_plan(executor.loader.graph.leaf_nodes())
    status, words = (503, "migrations are missing") if behind else (200, "ok")
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


@require_safe
def robots(request):
    """Lists of signatories are not disallowed, or crawlers would never see their `noindex`."""
    return HttpResponse("User-agent: *\nDisallow:\n", content_type="text/plain; charset=utf-8")


def error(request, status: int):
    """A page of its own for every refusal; it needs no database, cookie or session."""
    context = {"title": TITLES[status], "advice": ADVICE[status], "status": status}
    response = render(request, "error.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def bad_request(request, exception=None):
    return error(request, 400)


def forbidden(request, exception=None):
    return error(request, 403)


def refused(request, reason=""):
    return error(request, 403)


def not_found(request, exception=None):
    return error(request, 404)


def server_error(request):
    try:
        return error(request, 500)
    except Exception:  # noqa: BLE001  (whatever broke the page may break its error page, too)
        page = loader.get_template("plain_error.html").render()
        return HttpResponse(page, status=500)
