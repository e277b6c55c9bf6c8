"""Appeals at the organisers' desk: versions of the text, frozen once they can be signed."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from i18nfield.forms import I18nFormField
from i18nfield.strings import LazyI18nString

from campaigns import lifecycle, translations
from campaigns.desk import FIELDS, DeskAdmin
from campaigns.models import Appeal, Campaign, Demand
from campaigns.widgets import SideBySideTextarea

MOST_NAMED = 12


class FreezableForm(forms.ModelForm):
    """In a frozen appeal languages may be added, and nothing that was there may change."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self._texts():
            widget = self.fields[name].widget
            for code, column in zip(widget.locales, widget.widgets, strict=True):
                if code in self._kept(name):
                    column.attrs["readonly"] = True

    def clean(self):
        data = super().clean()
        for name in self._texts():
            if name in data:
                data[name] = LazyI18nString({**(data[name].data or {}), **self._kept(name)})
        return data

    def _texts(self):
        return [name for name, field in self.fields.items() if isinstance(field, I18nFormField)]

    def _kept(self, name) -> dict:
        """The languages of this text that can have been signed."""
        if not self.is_frozen() or self.instance.pk is None:
            return {}
        stored = type(self.instance).objects.get(pk=self.instance.pk)
        texts = getattr(stored, name).data or {}
        return {code: words for code, words in texts.items() if words}


class AppealForm(FreezableForm):
    def is_frozen(self):
        return self.instance.frozen_at is not None


class DemandForm(FreezableForm):
    def is_frozen(self):
        return self.instance.appeal_id is not None and self.instance.appeal.frozen_at is not None


class DemandInline(admin.StackedInline):
    model = Demand
    form = DemandForm
    formfield_overrides = FIELDS
    extra = 0

    def get_readonly_fields(self, request, obj=None):
        return ["number"] if obj and obj.frozen_at else []

    def has_add_permission(self, request, obj=None):
        return not (obj and obj.frozen_at) and super().has_add_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return not (obj and obj.frozen_at) and super().has_delete_permission(request, obj)


class PublishForm(forms.Form):
    change = forms.ChoiceField(
        label=_("What kind of change is it?"),
        choices=Appeal.Change.choices,
        widget=forms.RadioSelect,
    )
    change_note = I18nFormField(
        label=_("What has changed"),
        help_text=_("Everybody can read it, in the list of changes and on the own page."),
        widget=SideBySideTextarea,
        required=False,
    )

    def clean_change_note(self):
        note = self.cleaned_data["change_note"]
        if not (note.data.get(translations.ENGLISH) or "").strip():
            raise forms.ValidationError(_("Say in English at least what has changed."))
        return note


@admin.register(Appeal)
class AppealAdmin(DeskAdmin):
    form = AppealForm
    list_display = ["campaign", "version", "change", "frozen_at"]
    inlines = [DemandInline]
    change_form_template = "admin/campaigns/appeal/change_form.html"

    def get_fields(self, request, obj=None):
        """The first version follows no other, so that nothing has changed in it."""
        is_later = obj is not None and obj.version > 1
        change = ["change_note", "change"] if is_later else []
        return ["campaign", "version", "opening", *change, "frozen_at"]

    def get_readonly_fields(self, request, obj=None):
        return ["version", "change", "frozen_at", *(["campaign"] if obj else [])]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """A campaign gets its first version here; the others follow from it, see `revise`."""
        if db_field.name == "campaign":
            kwargs["queryset"] = Campaign.objects.filter(appeals=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request, obj=None):
        return (
            obj is not None
            and obj.frozen_at is None
            and super().has_delete_permission(request, obj)
        )

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            newest = translations.newest(obj.campaign) == obj and not obj.campaign.has_ended
            context["can_be_revised"] = newest and obj.frozen_at is not None
            context["can_be_published"] = newest and obj.frozen_at is None and obj.version > 1
            context["may_change"] = self.has_change_permission(request, obj)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self):
        pages = {"revise": require_POST(self.revise), "publish": self.publish}
        ours = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(page),
                name=f"campaigns_appeal_{name}",
            )
            for name, page in pages.items()
        ]
        return [*ours, *super().get_urls()]

    def revise(self, request, pk):
        """A new version, with the words of this one to begin with."""
        appeal = self._get(request, pk)
        revision = lifecycle.revise_appeal(appeal, by=request.user)
        if revision is None:
            words = _("No new version: there is one already, or it is not the time for one.")
            self.message_user(request, words, messages.WARNING)
        return redirect("admin:campaigns_appeal_change", (revision or appeal).pk)

    def publish(self, request, pk):
        """Ask what kind of change it is and what to tell about it; then this version is signed."""
        appeal = self._get(request, pk)
        if appeal.frozen_at is not None or appeal.version == 1 or appeal.campaign.has_ended:
            words = _("This version cannot be published: it has been, or it waits for the opening.")
            self.message_user(request, words, messages.WARNING)
            return redirect("admin:campaigns_appeal_change", pk)
        gaps = translations.gaps(appeal.campaign)
        form = PublishForm(request.POST or None, initial={"change_note": appeal.change_note})
        if gaps and request.method == "POST":
            refuse(request, gaps)
        elif form.is_valid():
            return self._publish(request, appeal, form.cleaned_data)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Publish version %(version)d") % {"version": appeal.version},
            "opts": self.opts,
            "appeal": appeal,
            "form": form,
            "gaps": gaps,
        }
        return render(request, "admin/campaigns/publish.html", context)

    def _publish(self, request, appeal, details):
        note = details["change_note"]
        if lifecycle.publish_appeal(appeal, details["change"], note, by=request.user):
            self.message_user(request, _("From now on this version is signed."), messages.SUCCESS)
        else:
            words = _("Somebody else was faster: nothing has changed.")
            self.message_user(request, words, messages.WARNING)
        return redirect("admin:campaigns_appeal_change", appeal.pk)

    def _get(self, request, pk):
        appeal = get_object_or_404(Appeal.objects.select_related("campaign"), pk=pk)
        if not self.has_change_permission(request, appeal):
            raise PermissionDenied
        return appeal


def refuse(request, gaps):
    """Say which texts must be written before anything is published."""
    named = "; ".join(str(gap) for gap in gaps[:MOST_NAMED])
    words = ngettext(
        "Not published: %(number)d text is missing. %(named)s",
        "Not published: %(number)d texts are missing. %(named)s",
        len(gaps),
    )
    more = "…" if len(gaps) > MOST_NAMED else ""
    messages.error(request, words % {"number": len(gaps), "named": named + more})
