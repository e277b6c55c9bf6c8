"""The signatory's own page behind a mailed link: see, correct, change visibility, withdraw."""

from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from signatures import lifecycle, tokens
from signatures.forms import OwnPageForm
from signatures.models import Kind
from signatures.views import answers


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request, token):
    signature = tokens.find(tokens.Purpose.MANAGE, token)
    if signature is None:
        return answers.unknown_link(request)
    action = ACTIONS.get(request.POST.get("action", ""), _show)
    return action(request, signature, token)


def _show(request, signature, token):
    kept = {"name": signature.name, "visibility": signature.visibility}
    return _page(request, signature, OwnPageForm(initial=kept))


def _correct(request, signature, token):
    form = OwnPageForm(request.POST)
    if signature.kind == Kind.ORGANISATION or not form.is_valid():
        return _page(request, signature, form, status=422)
    lifecycle.correct(signature, **form.cleaned_data)
    return answers.SeeOther("signatures:manage", token)


def _ask_to_withdraw(request, signature, token):
    return render(request, "signatures/withdraw.html", {"signature": signature, "token": token})


def _withdraw(request, signature, token):
    lifecycle.withdraw(signature)
    return answers.SeeOther("signatures:withdrawn", signature.campaign.slug)


def _page(request, signature, form, status=200):
    context = {"signature": signature, "campaign": signature.campaign, "form": form}
    return render(request, "signatures/manage.html", context, status=status)


ACTIONS = {"correct": _correct, "ask": _ask_to_withdraw, "withdraw": _withdraw}
