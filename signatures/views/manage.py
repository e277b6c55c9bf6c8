"""The signatory's own page behind a mailed link: see, correct, take along, withdraw, erase."""

import re

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from signatures import hand_in, lifecycle, own_data, tokens
from signatures.forms import AddressForm, OwnPageForm
from signatures.models import Kind
from signatures.views import answers, versions
from signatures.views.limits import limited


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("press")
def manage(request, token):
    signature = tokens.find(tokens.Purpose.MANAGE, token)
    if signature is None:
        return answers.unknown_link(request)
    if request.method != "POST":
        download = DOWNLOADS.get(request.GET.get("download"), _show)
        return download(request, signature, token)
    return ACTIONS.get(request.POST.get("action"), _show)(request, signature, token)


def _show(request, signature, token):
    return _page(request, signature)


def _correct(request, signature, token):
    form = _own_page_form(signature, request.POST)
    if signature.kind == Kind.ORGANISATION or not form.is_valid():
        return _page(request, signature, form=form, status=422)
    said = form.cleaned_data
    words = lifecycle.Words(
        comment=said["comment"],
        quote=said["quote"],
        affiliation=said.get("affiliation", signature.affiliation),
    )
    lifecycle.correct(signature, said["name"], said["visibility"], words)
    return answers.SeeOther("signatures:manage", token)


def _own_page_form(signature, data=None):
    return OwnPageForm(
        data,
        initial={name: getattr(signature, name) for name in OwnPageForm.base_fields},
        in_personal_capacity=lifecycle.was_taken_personally(signature),
    )


def _want_updates(request, signature, token):
    form = AddressForm(request.POST)
    if form.is_valid() and not lifecycle.want_updates(signature, form.cleaned_data["email"]):
        form.add_error("email", _("This is not the address with which you signed."))
    if form.errors:
        return _page(request, signature, address_form=form, status=422)
    return answers.SeeOther("signatures:manage", token)


def _stop_updates(request, signature, token):
    lifecycle.stop_updates(signature)
    return answers.SeeOther("signatures:manage", token)


def _renew(request, signature, token):
    """Sign the newest version, if it is the one that the page had shown."""
    newest = signature.campaign.appeal
    if request.POST.get("version") == str(newest.version):
        lifecycle.renew(signature, newest)
    return answers.SeeOther("signatures:manage", token)


def _ask(request, signature, token):
    """The second press of those acts that cannot be undone."""
    action = request.POST["action"].removeprefix("ask-")
    return render(request, f"signatures/{action}.html")


def _withdraw(request, signature, token):
    lifecycle.withdraw(signature)
    return answers.SeeOther("signatures:withdrawn", signature.campaign.slug)


def _erase(request, signature, token):
    lifecycle.erase(signature)
    return answers.SeeOther("signatures:withdrawn", signature.campaign.slug)


def _as_json(request, signature, token):
    answer = JsonResponse(
        own_data.collect(signature), json_dumps_params={"indent": 1, "ensure_ascii": False}
    )
    answer["Content-Disposition"] = "attachment; filename=signature.json"
    return answer


def _as_text(request, signature, token):
    """The same to be read by people."""
    answer = HttpResponse(own_data.as_text(signature), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = "attachment; filename=signature.txt"
    return answer


def _proof(request, signature, token):
    """That the signature is in the sealed list whose number is `list`."""
    number = request.GET.get("list", "")
    entries = hand_in.of_signature(signature, int(number)) if NUMBER.fullmatch(number) else []
    if not entries:
        return _page(request, signature)
    answer = JsonResponse(
        hand_in.as_data(entries[0]), json_dumps_params={"indent": 1, "ensure_ascii": False}
    )
    answer["Content-Disposition"] = "attachment; filename=proof.json"
    return answer


def _page(request, signature, form=None, address_form=None, status=200):
    form = form or _own_page_form(signature)
    context = {
        "signature": signature,
        "campaign": signature.campaign,
        **versions.news_for(signature),
        "form": form,
        "in_personal_capacity": "affiliation" in form.fields,
        "address_form": address_form or AddressForm(),
        "entries": hand_in.of_signature(signature),
    }
    return render(request, "signatures/manage.html", context, status=status)


ACTIONS = {
    "correct": _correct,
    "renew": _renew,
    "want-updates": _want_updates,
    "stop-updates": _stop_updates,
    "ask-withdraw": _ask,
    "ask-erase": _ask,
    "withdraw": _withdraw,
    "erase": _erase,
}
DOWNLOADS = {"json": _as_json, "text": _as_text, "proof": _proof}
NUMBER = re.compile("[0-9]{1,4}")
