"""How often a network may come to a page."""

from functools import wraps

from django.shortcuts import render

from signatures import throttle

RETRY_AFTER = "3600"  # seconds


def limited(act, methods=("POST",), counts=lambda request: True):
    """Answer 429 to a network that does this more often than `throttle.RATES` allows.

    Requests that `counts` waves through are free.
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if request.method in methods and counts(request) and throttle.over_limit(request, act):
                return too_many(request)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def too_many(request):
    response = render(request, "signatures/too_many.html", status=429)
    response["Retry-After"] = RETRY_AFTER
    response["Cache-Control"] = "no-store"
    return response
