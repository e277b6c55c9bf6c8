"""The site with one page more, which breaks and says everything that a visitor has sent."""

from django.core.exceptions import SuspiciousOperation
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from petition_site.urls import *  # noqa: F403
from petition_site.urls import urlpatterns as site


@csrf_exempt
def break_down(request, token):
    sent = f"{request.get_full_path()} {request.POST.dict()} {dict(request.headers)} {token}"
    try:
        int(sent)
    except ValueError as error:
        kind = SuspiciousOperation if request.GET.get("how") == "suspicious" else RuntimeError
        raise kind(sent) from error


urlpatterns = [path("en/break/<token>/", break_down), *site]
