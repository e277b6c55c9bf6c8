"""Campaigns at the organisers' desk: texts side by side, status only through `lifecycle`."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from campaigns import appeals, board, lifecycle, trail_pages, translations  # noqa: F401  (the trail registers itself)
from campaigns.desk import FIELDS, DeskAdmin, ReadOnly
from campaigns.models import Addressee, AuditEvent, Call, Campaign, Organiser
from campaigns.next_steps import next_step

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

# What ends something is asked once more, with what it means.
ASKED = {
    "close": _(
        "Nobody can sign any more. Who signed before can still confirm for seven days. Signing can "
        "be opened again."
    ),
    "hand_in": _(
        "The page says so from now on, and a clock starts: in %(days)d days names and everything "
        "else that leads to a person are erased. This cannot be taken back."
    ),
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


class ExtendForm(forms.Form):
    closes_at = forms.SplitDateTimeField(
        label=_("Signing ends (UTC)"),
        widget=forms.SplitDateTimeWidget(
            date_format="%Y-%m-%d",
            time_format="%H:%M",
            date_attrs={"type": "date", "aria-label": _("Day")},
            time_attrs={"type": "time", "aria-label": _("Time")},
        ),
    )

    def clean_closes_at(self):
        closes_at = self.cleaned_data["closes_at"]
        if closes_at <= now():
            raise forms.ValidationError(_("Choose a moment to come."))
        return closes_at


@admin.register(Campaign)
class CampaignAdmin(DeskAdmin):
    list_display = ["title", "status", "closes_at"]
    inlines = [AddresseeInline, OrganiserInline, EventInline]
    change_form_template = "admin/campaigns/campaign/change_form.html"

    def get_readonly_fields(self, request, obj=None):
        """Posters show the slug, and a new end of signing is recorded by `extend`."""
        fixed = [] if obj is None or obj.status == Status.DRAFT else ["slug", "closes_at"]
        return ["status", "closed_at", *fixed]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["board"] = board.languages(obj)
            context["next_step"] = next_step(obj)
            context["may_change"] = self.has_change_permission(request, obj)
            left_out = {context["next_step"].verb, "guard" if obj.guarded else "unguard"}
            context["verbs"] = [
                (verb, label)
                for verb, (label, statuses) in VERBS.items()
                if obj.status in statuses and verb not in left_out
            ]
            context["can_be_extended"] = obj.status in {Status.OPEN, Status.PAUSED}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_urls(self):
        pages = {"step": self.step, "extend": self.extend, "languages": board.show}
        ours = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(page),
                name=f"campaigns_campaign_{name}",
            )
            for name, page in pages.items()
        ]
        return [*ours, *super().get_urls()]

    def step(self, request, pk):
        """One of the verbs, whatever else stands unsaved on the page.

        At once, but for those that end something: they ask once more.
        """
        campaign = get_object_or_404(Campaign, pk=pk)
        verb = request.POST.get("verb")
        if not self.has_change_permission(request, campaign):
            raise PermissionDenied
        if verb == "publish" and (gaps := translations.gaps(campaign)):
            appeals.refuse(request, gaps)
            return redirect("admin:campaigns_campaign_languages", pk)
        if verb in ASKED and "sure" not in request.POST:
            what = ASKED[verb] % {"days": settings.AFTER_HAND_IN_DAYS}
            return self._page(request, campaign, "sure", VERBS[verb][0], verb=verb, what=what)
        if verb in VERBS:
            self._report(request, getattr(lifecycle, verb)(campaign, by=request.user))
        return redirect("admin:campaigns_campaign_change", pk)

    def extend(self, request, pk):
        """Another end of signing; the old one and the new one are recorded."""
        campaign = get_object_or_404(Campaign, pk=pk)
        if not self.has_change_permission(request, campaign):
            raise PermissionDenied
        form = ExtendForm(request.POST or None, initial={"closes_at": campaign.closes_at})
        if campaign.status not in {Status.OPEN, Status.PAUSED}:
            words = _("Signing has not begun or has ended: there is nothing to extend.")
            self.message_user(request, words, messages.WARNING)
        elif not form.is_valid():
            return self._page(request, campaign, "extend", _("Extend signing"), form=form)
        else:
            closes_at = form.cleaned_data["closes_at"]
            self._report(request, lifecycle.extend(campaign, closes_at, by=request.user))
        return redirect("admin:campaigns_campaign_change", pk)

    def _page(self, request, campaign, template, title, **context):
        context |= {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        context["campaign"] = campaign
        return render(request, f"admin/campaigns/{template}.html", context)

    def _report(self, request, done):
        level = messages.SUCCESS if done else messages.WARNING
        words = _("Done.") if done else _("Somebody else was faster: nothing has changed.")
        self.message_user(request, words, level)

    def has_delete_permission(self, request, obj=None):
        """What can have signatures is closed, not deleted."""
        return (
            obj is not None
            and obj.status == Status.DRAFT
            and super().has_delete_permission(request, obj)
        )


@admin.register(Call)
class CallAdmin(DeskAdmin):
    list_display = ["organiser", "title"]
