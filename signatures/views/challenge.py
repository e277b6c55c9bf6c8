"""The picture and the sound of the question that keeps robots out."""

from captcha.views import captcha_audio, captcha_image
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from signatures.views.limits import limited


@require_safe
@never_cache
@limited("captcha", methods=("GET", "HEAD"))
def image(request, key):
    return captcha_image(request, key)


@require_safe
@never_cache
@limited("captcha", methods=("GET", "HEAD"))
def audio(request, key):
    """Only where the speech program flite is installed; the page offers it only there."""
    return captcha_audio(request, key)
