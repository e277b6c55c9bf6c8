"""The hand-in at the desk: seal the list, let files be made, say where it went, check files."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaigns.desk import FIELDS
from campaigns.models import Campaign
from signatures import countries, hand_in
from signatures.models import HandIn, HandInFile

MOST_TO_CHECK = 200 * 1024 * 1024  # bytes of a file that somebody brings
IS_THERE = ~Q(content="")
INITIAL = {"kinds": list(hand_in.FILES), "languages": [settings.LANGUAGE_CODE]}


class SealForm(forms.Form):
    campaign = forms.ModelChoiceField(Campaign.objects.all(), label=_("Campaign"))


class FilesForm(forms.Form):
    """What to make, in which languages, of which country."""

    kinds = forms.MultipleChoiceField(
        label=_("What"), choices=HandInFile.Kind.choices, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=settings.LANGUAGES, widget=forms.CheckboxSelectMultiple
    )
    country = forms.ChoiceField(
        label=_("Only of one country"),
        choices=lambda: [("", _("all countries")), *countries.choices()],
        required=False,
    )


class RecordForm(forms.ModelForm):
    """Where, when and to whom a sealed list was given."""

    receipt_file = forms.FileField(
        label=_("Receipt"),
        required=False,
        help_text=_("PDF, PNG or JPEG, at most 5 MB. Kept encrypted."),
    )

    def clean_handed_in_on(self):
        day = self.cleaned_data["handed_in_on"]
        if day is not None and day > now().date():
            raise forms.ValidationError(_("This day has not come yet."))
        return day

    def clean_receipt_file(self):
        file = self.cleaned_data["receipt_file"]
        if not file:
            return None
        try:
            return hand_in.clean_receipt(file)
        except hand_in.BadReceipt as error:
            raise forms.ValidationError(str(error)) from None


class CheckForm(forms.Form):
    file = forms.FileField(label=_("File"))

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MOST_TO_CHECK:
            raise forms.ValidationError(_("No file of ours is that large."))
        return file


@admin.register(HandIn)
class HandInAdmin(admin.ModelAdmin):
    form = RecordForm
    list_display = [
        "campaign", "number", "moment", "state", "people", "organisations", "paper", "handed_in_on",
    ]  # fmt: skip
    list_filter = ["campaign"]
    list_select_related = ["campaign"]
    fieldsets = [
        (
            _("The sealed list"),
            {
                "fields": [
                    "campaign", "number", "moment", "state", "by", "people", "organisations",
                    "paper", "countries", "named", "since_then", "digest",
                ]
            },
        ),
        (_("The hand-in"), {"fields": ["handed_in_on", "place", "recipient", "receipt_file"]}),
    ]  # fmt: skip
    readonly_fields = fieldsets[0][1]["fields"]
    formfield_overrides = FIELDS
    change_form_template = "admin/signatures/handin/change_form.html"
    change_list_template = "admin/signatures/handin/change_list.html"

    class Media:
        css = {"all": ["css/admin.css"]}

    def get_queryset(self, request):
        return super().get_queryset(request).defer("receipt", "blocks")

    def get_urls(self):
        pages = {
            "check/": self.check_file,
            "<int:pk>/files/": self.make_files,
            "<int:pk>/receipt/": self.receipt,
            "file/<int:pk>/": self.download,
        }
        own = [
            path(
                route,
                self.admin_site.admin_view(view),
                name=f"signatures_handin_{view.__name__}",
            )
            for route, view in pages.items()
        ]
        return [*own, *super().get_urls()]

    def has_change_permission(self, request, obj=None):
        """Of a list that is not yet complete nothing can be said."""
        return (obj is None or obj.sealed_at is not None) and super().has_change_permission(
            request, obj
        )

    def has_delete_permission(self, request, obj=None):
        return False

    def has_files_permission(self, request):
        return request.user.has_perm("signatures.add_handinfile")

    @admin.display(description=_("state"))
    def state(self, sealed):
        if sealed.sealed_at:
            return _("sealed")
        words = _("being sealed: %(done)d so far")
        return words % {"done": sealed.total}

    @admin.display(description=_("since then"))
    def since_then(self, sealed):
        taken_back, held = hand_in.correction(sealed)
        words = _("%(taken_back)d taken back, %(held)d no longer counted by organisers")
        return words % {"taken_back": taken_back, "held": held}

    def add_view(self, request, form_url="", extra_context=None):
        """Seal what counts now; the work itself goes on in the background."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SealForm(request.POST or None)
        if form.is_valid():
            sealed = hand_in.seal(form.cleaned_data["campaign"], request.user)
            if sealed is not None:
                return redirect("admin:signatures_handin_change", sealed.pk)
            words = _("Nothing counts yet, or a list of this campaign is just being sealed.")
            form.add_error("campaign", words)
        return self.page(request, "seal.html", _("Seal the list"), form=form)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= {
            "files": obj.files.defer("content").select_related("by").annotate(there=IS_THERE),
            "files_form": FilesForm(initial=INITIAL),
            "may_make": self.has_files_permission(request) and obj.sealed_at,
            "show_save_and_add_another": False,
            "may_download": request.user.has_perm("signatures.view_handinfile"),
        }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def save_model(self, request, obj, form, change):
        data = form.cleaned_data
        facts = {name: data[name] for name in ("handed_in_on", "place", "recipient")}
        hand_in.record(obj, request.user, **facts)
        if data["receipt_file"]:
            hand_in.keep_receipt(obj, data["receipt_file"], request.user)

    def make_files(self, request, pk):
        """What was ticked, in each language; each is made in the background."""
        if not self.has_files_permission(request):
            raise PermissionDenied
        sealed = get_object_or_404(self.get_queryset(request), pk=pk)
        form = FilesForm(request.POST or None)
        if not form.is_valid():
            messages.warning(request, _("Choose what to make, and at least one language."))
            return redirect("admin:signatures_handin_change", pk)
        data = form.cleaned_data
        asked = [
            hand_in.ask(sealed, kind, language, request.user, data["country"])
            for kind in data["kinds"]
            for language in data["languages"]
        ]
        if any(asked):
            words = _("They are being made; load this page again in a minute.")
            messages.success(request, words)
        return redirect("admin:signatures_handin_change", pk)

    @method_decorator(require_POST)
    def download(self, request, pk):
        if not request.user.has_perm("signatures.view_handinfile"):
            raise PermissionDenied
        files = HandInFile.objects.defer("content").select_related("hand_in__campaign")
        return _attachment(request, hand_in.read(get_object_or_404(files, pk=pk), request.user))

    @method_decorator(require_POST)
    def receipt(self, request, pk):
        if not self.has_view_permission(request):
            raise PermissionDenied
        sealed = get_object_or_404(self.get_queryset(request), pk=pk)
        return _attachment(request, hand_in.read_receipt(sealed, request.user))

    def check_file(self, request):
        """Whether a file that somebody brings is one that was made here, to the last byte."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = CheckForm(request.POST or None, request.FILES or None)
        checked = form.is_valid()
        digest, made = hand_in.made(form.cleaned_data["file"]) if checked else ("", None)
        return self.page(
            request, "check.html", _("Check a file"),
            form=form, checked=checked, digest=digest, made=made,
        )  # fmt: skip

    def page(self, request, template, title, **context):
        everywhere = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return render(request, f"admin/signatures/handin/{template}", {**everywhere, **context})


def _attachment(request, found):
    """A file, or the page that says that it is gone."""
    if found is None:
        context = {**admin.site.each_context(request), "title": _("No longer there")}
        return render(request, "admin/signatures/handin/gone.html", context, status=410)
    name, kind, content = found
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
