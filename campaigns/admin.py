"""Campaigns at the organisers' desk: texts side by side, status only through `lifecycle`."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from i18nfield.forms import I18nFormField
from i18nfield.strings import LazyI18nString

from campaigns import lifecycle, trail_pages  # noqa: F401  (the trail registers itself)
from campaigns.desk import FIELDS, DeskAdmin, ReadOnly
from campaigns.models import Addressee, Appeal, AuditEvent, Call, Campaign, Demand, Organiser

Status = Campaign.Status
# Verb, its label, and the statuses in which it is offered.
VERBS = {
    "publish": (_("Open for signing"), [Status.DRAFT]),
    "pause": (_("Pause signing at once"), [Status.OPEN]),
    "resume": (_("Go on with signing"), [Status.PAUSED]),
    "guard": (_("Ask everybody a question first"), [Status.OPEN]),
    "unguard": (_("Ask no question any more"), [Status.OPEN]),
    "close": (_("End signing"), [Status.OPEN, Status.PAUSED]),
    "reopen": (_("Open again"), [Status.CLOSED]),
    "hand_in": (_("Say that it was handed in"), [Status.CLOSED]),
}


class AddresseeInline(admin.StackedInline):
    model = Addressee
    formfield_overrides = FIELDS
    extra = 0


class OrganiserInline(admin.StackedInline):
    model = Organiser
    formfield_overrides = FIELDS
    extra = 0
    show_change_link = True


class EventInline(ReadOnly, admin.TabularInline):
    """Who did what and when; for reading."""

    model = AuditEvent
    fields = readonly_fields = ["verb", "by", "at"]
    extra = 0


@admin.register(Campaign)
class CampaignAdmin(DeskAdmin):
    list_display = ["title", "status", "closes_at"]
    readonly_fields = ["status", "closed_at"]
    inlines = [AddresseeInline, OrganiserInline, EventInline]
    change_form_template = "admin/campaigns/campaign/change_form.html"

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["verbs"] = [
            (verb, label)
            for verb, (label, statuses) in VERBS.items()
            if obj and obj.status in statuses
        ]
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self):
        step = path(
            "<int:pk>/step/", self.admin_site.admin_view(self.step), name="campaigns_campaign_step"
        )
        return [step, *super().get_urls()]

    def step(self, request, pk):
        """One of the verbs, at once and whatever else stands unsaved on the page."""
        campaign = get_object_or_404(Campaign, pk=pk)
        verb = request.POST.get("verb")
        if not self.has_change_permission(request, campaign):
            raise PermissionDenied
        if verb in VERBS:
            done = getattr(lifecycle, verb)(campaign, by=request.user)
            level = messages.SUCCESS if done else messages.WARNING
            words = _("Done.") if done else _("Somebody else was faster: nothing has changed.")
            self.message_user(request, words, level)
        return redirect("admin:campaigns_campaign_change", pk)

    def has_delete_permission(self, request, obj=None):
        """What can have signatures is closed, not deleted."""
        return (
            obj is not None
            and obj.status == Status.DRAFT
            and super().has_delete_permission(request, obj)
        )


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


@admin.register(Appeal)
class AppealAdmin(DeskAdmin):
    form = AppealForm
    list_display = ["campaign", "version", "frozen_at"]
    inlines = [DemandInline]
    actions = ["revise", "publish"]

    def get_readonly_fields(self, request, obj=None):
        return ["campaign", "version", "frozen_at"] if obj else ["frozen_at"]

    def has_delete_permission(self, request, obj=None):
        return (
            obj is not None
            and obj.frozen_at is None
            and super().has_delete_permission(request, obj)
        )

    @admin.action(description=_("Start a new version"), permissions=["change"])
    def revise(self, request, queryset):
        for appeal in queryset:
            lifecycle.revise_appeal(appeal, by=request.user)

    @admin.action(description=_("Let people sign this version from now on"), permissions=["change"])
    def publish(self, request, queryset):
        for appeal in queryset:
            lifecycle.publish_appeal(appeal, by=request.user)


@admin.register(Call)
class CallAdmin(DeskAdmin):
    list_display = ["organiser", "title"]
