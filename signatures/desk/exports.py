"""Exports at the desk: what for and why, then 24 hours in which it can be downloaded."""

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaigns import trail
from campaigns.desk import ReadOnly
from campaigns.models import Campaign
from signatures import exports, proposals
from signatures.models import Export, Proposal

# What names people by their office, and so needs a second person.
NEEDS_TWO = {Export.Purpose.CONTACTS}


class ExportForm(forms.Form):
    campaign = forms.ModelChoiceField(Campaign.objects.all(), label=_("Campaign"))
    purpose = forms.ChoiceField(
        label=_("What for"), choices=Export.Purpose.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Who gets it, and why. It stays in the audit trail: name no signatory."),
    )
    public_key = forms.CharField(
        label=_("Encrypt to (age1…)"),
        max_length=200,
        required=False,
        help_text=_(
            "A public key of age: then only the holder of its other half can read the file."
        ),
    )

    def clean_public_key(self):
        key = self.cleaned_data["public_key"].strip()
        try:
            if key:
                exports.check_key(key)
        except exports.BadKey:
            words = _("This is no public key of age: it begins with age1 and has 62 characters.")
            raise forms.ValidationError(words) from None
        return key


@admin.register(Export)
class ExportAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["at", "by", "campaign", "purpose", "reason", "expires_at", "downloads"]
    list_filter = ["campaign", "purpose"]
    list_select_related = ["campaign", "by"]
    fields = [*list_display, "public_key"]
    change_form_template = "admin/signatures/export/change_form.html"

    def has_add_permission(self, request):
        return request.user.has_perm("signatures.add_export")

    def get_urls(self):
        download = path(
            "<int:pk>/download/",
            self.admin_site.admin_view(self.download),
            name="signatures_export_download",
        )
        return [download, *super().get_urls()]

    def add_view(self, request, form_url="", extra_context=None):
        self.let_in(request)
        form = ExportForm(request.POST or None)
        if form.is_valid():
            return self.allow(request, **form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Take data away"),
            "opts": self.opts,
            "form": form,
        }
        return render(request, "admin/signatures/export/ask.html", context)

    def allow(self, request, campaign, purpose, reason, public_key):
        """At once, or after a second person has agreed."""
        details = {"purpose": purpose, "public_key": public_key}
        if purpose not in NEEDS_TWO:
            export = exports.grant(campaign, reason=reason, by=request.user, **details)
            return redirect("admin:signatures_export_change", export.pk)
        number = exports.count(campaign, purpose)
        act = Proposal.Act.EXPORT
        proposals.propose(act, campaign, number, reason, request.user, **details)
        words = ngettext(
            "This is about %(number)d contact person: somebody else has to agree first. Then you "
            "find it in this list.",
            "This is about %(number)d contact persons: somebody else has to agree first. Then you "
            "find it in this list.",
            number,
        )
        messages.info(request, words % {"number": number})
        return redirect("admin:signatures_export_changelist")

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        may = obj and obj.by == request.user and self.has_add_permission(request)
        context["may_download"] = may and exports.is_open(obj)
        context["is_over"] = obj and not exports.is_open(obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def download(self, request, pk):
        """Only for whoever it was granted to, with the password once more after a while."""
        self.let_in(request)
        return download(request, pk)

    def let_in(self, request):
        """Whoever may not, and tried, stands in the audit trail."""
        if not self.has_add_permission(request):
            trail.record("try to export", request.user)
            raise PermissionDenied


@require_POST
@reauthentication_required
def download(request, pk):
    export = get_object_or_404(Export.objects.select_related("campaign"), pk=pk)
    if export.by != request.user:
        raise PermissionDenied
    try:
        stream = exports.download(export, request.user)
    except exports.Gone:
        context = {**admin.site.each_context(request), "title": _("No longer there")}
        return render(request, "admin/signatures/export/gone.html", context, status=410)
    name = f"{export.campaign.slug}-{export.purpose}-{export.at:%Y-%m-%d}.csv"
    if export.public_key:
        name, kind = f"{name}.age", "application/octet-stream"
    else:
        kind = "text/csv; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(stream, content_type=kind, headers=headers)
