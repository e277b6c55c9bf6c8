"""The audit trail at the desk: for reading, for taking along, and for proving that it is whole."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaigns import events, spreadsheet, trail
from campaigns.desk import DeskAdmin, ReadOnly
from campaigns.models import AuditEvent

COLUMNS = ["number", "at", "by", "campaign", "verb", "subject", "sentence", "details", "digest"]
BATCH = 2000


class VerbFilter(admin.SimpleListFilter):
    """The verbs that the trail has, in words."""

    title = _("what")
    parameter_name = "verb"

    def lookups(self, request, model_admin):
        verbs = AuditEvent.objects.order_by("verb").values_list("verb", flat=True).distinct()
        return [(verb, events.words(verb)) for verb in verbs]

    def queryset(self, request, queryset):
        return queryset.filter(verb=self.value()) if self.value() else queryset


def visible(user):
    """What is done to accounts is for those who see accounts."""
    found = AuditEvent.objects.select_related("by")
    return found if user.has_perm("auth.view_user") else found.exclude(subject__startswith="auth.")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnly, DeskAdmin):
    list_display = ["number", "at", "who", "what", "more", "slug"]
    list_display_links = ["number"]
    list_filter = ["campaign", VerbFilter, ("by", admin.RelatedOnlyFieldListFilter), "at"]
    search_fields = ["verb", "subject", "by__username"]
    search_help_text = _(
        "By what was done, to which row, or by whom: “hold”, “Signature 12”, “mo”."
    )
    ordering = ["-number"]
    list_per_page = 50
    show_full_result_count = False
    fields = readonly_fields = [
        "number", "at", "who", "what", "more", "campaign", "verb", "subject", "previous", "digest",
    ]  # fmt: skip

    def get_queryset(self, request):
        return visible(request.user)

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("export/", view(require_POST(self.export)), name="campaigns_auditevent_export"),
            path("check/", view(require_POST(self.check_chain)), name="campaigns_auditevent_check"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(
            request, {**(extra_context or {}), "title": _("Audit trail")}
        )

    def get_search_results(self, request, queryset, search_term):
        """The term stands in the address of the page, where no mail address belongs."""
        if "@" in search_term:
            self.message_user(request, _("The trail holds no addresses."), messages.WARNING)
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("who"), ordering="by")
    def who(self, event):
        return event.by or _("the site itself")

    @admin.display(description=_("campaign"), ordering="campaign")
    def slug(self, event):
        return event.details.get("campaign", "–")

    @admin.display(description=_("what"), ordering="verb")
    def what(self, event):
        return events.sentence(event)

    @admin.display(description=_("more"))
    def more(self, event):
        return events.details(event) or "–"

    def export(self, request):
        """What the list shows, filters and search included, as CSV; this, too, is an event."""
        self.refuse_strangers(request)
        found = self.get_changelist_instance(request).get_queryset(request)
        trail.record("export trail", request.user, number=found.count())
        response = StreamingHttpResponse(
            spreadsheet.lines(rows(found.order_by("number"))),
            content_type="text/csv; charset=utf-8",
        )
        response["Content-Disposition"] = 'attachment; filename="audit-trail.csv"'
        return response

    def check_chain(self, request):
        self.refuse_strangers(request)
        broken = trail.first_break()
        if broken is None:
            number = AuditEvent.objects.count()
            words = ngettext(
                "%(number)d event: none was changed, none is missing.",
                "%(number)d events: none was changed, none is missing.",
                number,
            )
            self.message_user(request, words % {"number": number}, messages.SUCCESS)
        else:
            words = _(
                "The trail is broken: event %(number)d was changed or is missing. Tell whoever "
                "runs the site, and keep a copy of the trail as it is now."
            )
            self.message_user(request, words % {"number": broken}, messages.ERROR)
        return redirect("admin:campaigns_auditevent_changelist")

    def refuse_strangers(self, request):
        if not self.has_view_permission(request):
            raise PermissionDenied


def rows(found):
    yield COLUMNS
    for event in found.iterator(chunk_size=BATCH):
        yield [
            event.number,
            event.at.isoformat(timespec="seconds"),
            event.by or "",
            event.details.get("campaign", ""),
            event.verb,
            event.subject,
            events.sentence(event),
            events.details(event),
            event.digest,
        ]
