"""An earlier appeal and its organisations: a list from a file, with a preview."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns import earlier
from campaigns.desk import DeskAdmin
from campaigns.models import EarlierAppeal, EarlierOrganisation
from signatures.desk import previews
from signatures.forms import EarlierOrganisationForm
from signatures.imports import lines, tables

FAULTS = 100  # shown at once


class FileForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV (UTF-8) or XLSX, at most 5 MB. The first line has the headings: name, country, "
            "website."
        ),
    )


class OrganisationForm(forms.ModelForm):
    """One by hand, by the rules of the file."""

    name = EarlierOrganisationForm.base_fields["name"]
    website = EarlierOrganisationForm.base_fields["website"]

    class Meta:
        model = EarlierOrganisation
        fields = ["appeal", "name", "country", "website"]

    clean_country = EarlierOrganisationForm.clean_country


@admin.register(EarlierAppeal)
class EarlierAppealAdmin(DeskAdmin):
    list_display = ["title", "campaign", "signed_on", "number"]
    change_form_template = "admin/signatures/earlier/appeal.html"

    def get_urls(self):
        ours = path(
            "<int:pk>/import/",
            self.admin_site.admin_view(import_organisations),
            name="campaigns_earlierappeal_import",
        )
        return [ours, *super().get_urls()]

    @admin.display(description=_("organisations"))
    def number(self, appeal):
        return appeal.organisations.count()


@admin.register(EarlierOrganisation)
class EarlierOrganisationAdmin(DeskAdmin):
    form = OrganisationForm
    list_display = ["name", "country", "website", "appeal"]
    list_filter = ["appeal"]
    search_fields = ["name"]
    list_select_related = ["appeal"]
    show_full_result_count = False


def import_organisations(request, pk):
    """First what is in the file or everything that is wrong with it, then all or nothing."""
    if not request.user.has_perm("campaigns.add_earlierorganisation"):
        raise PermissionDenied
    appeal = get_object_or_404(EarlierAppeal, pk=pk)
    if previews.FIELD in request.POST:
        return _take_over(request, appeal)
    form = FileForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        return _page(request, appeal, 422 if form.is_bound else 200, form=form)
    upload = form.cleaned_data["file"]
    content = upload.read(tables.MOST_BYTES + 1)
    table = tables.read(content, upload.name, lines.EARLIER_COLUMNS, required=["name"])
    there = set(appeal.organisations.values_list("name", flat=True))
    found, faults = lines.organisations(table, there)
    sealed = previews.seal(request.user, "earlier", {"appeal": appeal.pk, "rows": found})
    if sealed is None:
        faults = [tables.Fault(0, str(_("This is too much at once. Split the file.")))]
    if faults:
        shown = {"faults": sorted(faults)[:FAULTS], "number_of_faults": len(faults)}
        shown["more_faults"] = max(0, len(faults) - FAULTS)
        return _page(request, appeal, 422, form=form, **shown)
    return _page(request, appeal, 200, found=found, field=previews.FIELD, sealed=sealed)


def _page(request, appeal, status, **context):
    context = {
        **admin.site.each_context(request),
        "title": _("Organisations from a file"),
        "opts": EarlierAppeal._meta,
        "appeal": appeal,
        **context,
    }
    return render(request, "admin/signatures/earlier/import.html", context, status=status)


def _take_over(request, appeal):
    content = previews.unseal(request.user, "earlier", request.POST[previews.FIELD])
    if content is None or content["appeal"] != appeal.pk:
        messages.warning(request, _("The page was too old. Choose the file again."))
        return redirect("admin:campaigns_earlierappeal_import", appeal.pk)
    try:
        number = earlier.take_over(appeal, map(tuple, content["rows"]), request.user)
    except IntegrityError:
        messages.error(request, _("This has been entered before. Nothing was entered again."))
        return redirect("admin:campaigns_earlierappeal_import", appeal.pk)
    words = ngettext("%(number)d organisation.", "%(number)d organisations.", number)
    messages.success(request, words % {"number": number})
    return redirect(reverse("admin:campaigns_earlierappeal_change", args=[appeal.pk]))
