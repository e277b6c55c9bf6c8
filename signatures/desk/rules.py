"""Many signatures at once, chosen by a rule: first the number of those it fits, then the act."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from signatures import countries, lifecycle, proposals, rules
from signatures.desk.proposals import propose_rule
from signatures.models import Kind, Signature

ACTS = {"hold": lifecycle.hold_all, "release": lifecycle.release_all}
EVERY = [("", _("all"))]


class RuleForm(forms.Form):
    """What is left empty does not narrow the rule."""

    campaign = forms.ModelChoiceField(Campaign.objects.all(), label=_("Campaign"))
    act = forms.ChoiceField(
        label=_("What to do"),
        choices=[("hold", _("Hold: do not count for now")), ("release", _("Release what is held"))],
    )
    signed_from = forms.DateTimeField(label=_("Signed from (UTC)"), required=False)
    signed_until = forms.DateTimeField(label=_("Signed until (UTC)"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[*EVERY, *Kind.choices], required=False)
    country = forms.ChoiceField(
        label=_("Country"), choices=lambda: [*EVERY, *countries.choices()], required=False
    )
    language = forms.CharField(label=_("Language"), max_length=10, required=False)
    via = forms.CharField(label=_("Via"), max_length=40, required=False)
    held_reason = forms.CharField(label=_("Held because"), max_length=200, required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def rows(self):
        """The signatures that the rule fits and that are not yet as it wants them."""
        return rules.fitting(self.cleaned_data["campaign"], self.verb, self.cleaned_data)

    @property
    def verb(self):
        return self.cleaned_data["act"]


def moderate_by_rule(request):
    """Shows the form, then how many signatures the rule fits, then does it; all reversible."""
    if not request.user.has_perm("signatures.moderate_signature"):
        raise PermissionDenied
    form = RuleForm(request.POST or None)
    number = form.rows().count() if form.is_valid() else None
    needs_second = number and proposals.needs_second(request.user, form.verb, number)
    if number is not None and "do" in request.POST:
        return _propose(request, form, number) if needs_second else _act(request, form)
    context = {
        **admin.site.each_context(request),
        "title": _("Moderate by a rule"),
        "opts": Signature._meta,
        "form": form,
        "number": number,
        "needs_second": needs_second,
    }
    return render(request, "admin/signatures/rule.html", context)


def _propose(request, form, number):
    data = form.cleaned_data
    rule = rules.as_json(data)
    return propose_rule(request, data["campaign"], number, data["reason"], form.verb, rule)


def _act(request, form):
    data = form.cleaned_data
    done = ACTS[form.verb](data["campaign"], form.rows(), request.user, data["reason"])
    words = ngettext("%(done)d signature changed.", "%(done)d signatures changed.", done)
    messages.success(request, words % {"done": done})
    return redirect("admin:signatures_signature_changelist")
