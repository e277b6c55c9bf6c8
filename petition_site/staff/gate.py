"""Nobody passes into the desk without a second factor."""

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect

from petition_site.middleware import NEEDLESS, is_desk
from petition_site.staff import accounts, visits

# Where somebody can go who has not shown a second factor: to the pages that set one up, and out.
ENROLMENT = {"mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate", "account_logout"}
# Where people change their own factors; the second one goes on with what was asked before.
OWN_FACTORS = ("mfa_", "account_reauthenticate")
KEYS = {"publickey-credentials-create", "publickey-credentials-get"}
PERMISSIONS = ", ".join(f"{name}=({'self' if name in KEYS else ''})" for name in NEEDLESS)


class GateMiddleware:
    """The last before the views: it must know who asks, and for which page."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if is_desk(request):
            response["Cache-Control"] = "no-store"
            response["Permissions-Policy"] = PERMISSIONS
            if request.method == "POST" and page_of(request).startswith(OWN_FACTORS):
                accounts.take_up_factors(request)
        return response

    def process_view(self, request, view, args, kwargs):
        if not is_desk(request):
            return None  # no cookie gets there, so nobody is logged in there
        if not request.user.is_authenticated:
            if visits.KEY in request.session:  # of an account that has been switched off
                logout(request)
            return None  # each page of the desk asks for a login by itself
        page = page_of(request)
        if not visits.go_on(request, request.user):
            logout(request)
            return None if page == "account_login" else ask_for_login(request)
        if not visits.is_proven(request) and page not in ENROLMENT:
            return redirect("mfa_activate_totp")
        return None


def page_of(request) -> str:
    """Its name; of a request that was refused before it came to a page, nothing."""
    return request.resolver_match.view_name if request.resolver_match else ""


def ask_for_login(request):
    if request.method == "GET":
        return redirect_to_login(request.get_full_path())
    return redirect(settings.LOGIN_URL)
