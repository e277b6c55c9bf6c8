"""News, once asked for, can be stopped with one press; mail programs may press it (RFC 8058)."""

from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from signatures import lifecycle, tokens
from signatures.views import answers
from signatures.views.limits import limited


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("unsubscribe")
def unsubscribe(request, token):
    """A GET shows a button. A POST needs no cookie and no `Origin`, and leads nowhere else."""
    signature = tokens.find(tokens.Purpose.UNSUBSCRIBE, token)
    if signature is None:
        return answers.unknown_link(request)
    if request.method == "POST":
        lifecycle.stop_updates(signature)
        signature.updates = False
    return render(request, "signatures/unsubscribe.html", {"signature": signature})
