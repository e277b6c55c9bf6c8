"""Many signatures at once, chosen by a rule: first the number of those it fits, then the act."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from signatures import countries, lifecycle
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

    LOOKUPS = {
        "signed_from": "signed_at__gte",
        "signed_until": "signed_at__lt",
        "kind": "kind",
        "country": "country",
        "language": "language",
        "via": "via",
        "held_reason": "held_reason",
    }

    def rows(self):
        """The signatures that the rule fits and that are not yet as it wants them."""
        rule = {
            lookup: self.cleaned_data[field]
            for field, lookup in self.LOOKUPS.items()
            if self.cleaned_data[field]
        }
        rows = Signature.objects.live().filter(campaign=self.cleaned_data["campaign"], **rule)
        return rows.filter(held_at__isnull=self.cleaned_data["act"] == "hold")


def moderate_by_rule(request):
    """Shows the form, then how many signatures the rule fits, then does it; all reversible."""
    if not request.user.has_perm("signatures.moderate_signature"):
        raise PermissionDenied
    form = RuleForm(request.POST or None)
    number = form.rows().count() if form.is_valid() else None
    if number is not None and "do" in request.POST:
        return _act(request, form)
    context = {
        **admin.site.each_context(request),
        "title": _("Moderate by a rule"),
        "opts": Signature._meta,
        "form": form,
        "number": number,
    }
    return render(request, "admin/signatures/rule.html", context)


def _act(request, form):
    act = ACTS[form.cleaned_data["act"]]
    done = act(
        form.cleaned_data["campaign"], form.rows(), request.user, form.cleaned_data["reason"]
    )
    words = ngettext("%(done)d signature changed.", "%(done)d signatures changed.", done)
    messages.success(request, words % {"done": done})
    return redirect("admin:signatures_signature_changelist")
