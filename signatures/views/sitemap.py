"""The public pages for search engines, each with its other languages; lists of names are not."""

from django.conf import settings
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Call, Campaign

OF_THE_SITE = ["privacy", "integrity"]
OF_A_CAMPAIGN = ["appeal", "statistics", "share"]


@require_safe
@cache_control(public=True, max_age=60)
def sitemap(request):
    slugs = list(Campaign.objects.public().order_by("pk").values_list("slug", flat=True))
    calls = Call.objects.filter(organiser__campaign__slug__in=slugs).order_by("pk")
    pages = [
        *([("campaigns:home", [])] if len(slugs) != 1 else []),  # one campaign is the home page
        *((f"signatures:{name}", [slug]) for slug in slugs for name in OF_A_CAMPAIGN),
        *(
            ("signatures:call", list(keys))
            for keys in calls.values_list("organiser__campaign__slug", "organiser__code")
        ),
        *((f"signatures:{name}", []) for name in OF_THE_SITE),
    ]
    context = {"pages": [addresses(name, arguments) for name, arguments in pages]}
    return render(request, "sitemap.xml", context, content_type="application/xml; charset=utf-8")


def addresses(name: str, arguments: list[str]) -> dict[str, str]:
    """Where a page is, by language."""
    found = {}
    for code, _name in settings.LANGUAGES:
        with override(code):
            found[code] = settings.SITE_URL + reverse(name, args=arguments)
    return found
