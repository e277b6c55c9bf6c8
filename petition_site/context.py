from urllib.parse import urljoin

from django.conf import settings
from django.utils.translation import get_language, get_language_bidi


def site(request):
    """What every page knows: its language, the same page in the other languages, its address."""
    language = get_language() or settings.LANGUAGE_CODE
    prefix = f"/{language}/"
    rest = request.path[len(prefix) :] if request.path.startswith(prefix) else None
    return {
        "language": language,
        "direction": "rtl" if get_language_bidi() else "ltr",
        "languages": [
            {"code": code, "name": name, "path": f"/{code}/{rest or ''}"}
            for code, name in settings.LANGUAGES
        ],
        "site_url": settings.SITE_URL,
        "page_url": urljoin(settings.SITE_URL, request.path),
    }
