"""Comments at the desk: read them before anybody else can, and decide which ones are shown."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from signatures import keys
from signatures.desk.moderation import SignatureAdmin, Verb, moderation
from signatures.desk.queues import QueueFilter
from signatures.models import Comment, Visibility


class DecisionFilter(QueueFilter):
    title = _("decision")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("to decide on")),
            ("approved", _("approved")),
            ("refused", _("not shown")),
            ("all", _("all")),
        ]

    def queryset(self, request, queryset):
        state = self.chosen()
        if state == "waiting":
            return queryset.quotes_waiting()
        if state == "all":
            return queryset
        return queryset.filter(**{f"comment_{state}_at__isnull": False})


@admin.register(Comment)
class CommentAdmin(SignatureAdmin):
    """Only comments that may be shown; of their authors no more than a decision needs."""

    list_display = ["comment", "shown_as", "decision", "language"]
    list_filter = [DecisionFilter, "language", "campaign"]
    search_fields = []
    fields = [
        "comment", "shown_as", "decision", "language", "country", "state", "campaign", "day",
        "comment_approved_at", "comment_refused_at",
    ]  # fmt: skip
    actions = [
        moderation(Verb.QUOTE, _("Show comments on the web")),
        moderation(Verb.UNQUOTE, _("Do not show comments")),
    ]
    question_template = "admin/signatures/moderate_comments.html"

    def get_urls(self):
        return super(SignatureAdmin, self).get_urls()

    def get_queryset(self, request):
        return super().get_queryset(request).confirmed().filter(quote=True)

    def has_view_permission(self, request, obj=None):
        """As for all signatures: this is only another view of them."""
        return request.user.has_perm("signatures.view_signature")

    def moderate(self, request, queryset, verb, description):
        for signature in queryset:
            signature.read_as = fingerprint(signature)
        return super().moderate(request, queryset, verb, description)

    def act(self, request, verb, signature, answers):
        """Only what stood on the page: the author may have changed it since."""
        return signature.read_as in request.POST.getlist("seen") and super().act(
            request, verb, signature, answers
        )

    @admin.display(description=_("shown with"))
    def shown_as(self, signature):
        named = signature.visibility == Visibility.PUBLIC
        return signature.listed_name if named else _("no name")

    @admin.display(description=_("decision"))
    def decision(self, signature):
        if signature.comment_approved_at:
            return _("approved")
        return _("not shown") if signature.comment_refused_at else _("to decide on")


def fingerprint(signature: Comment) -> str:
    return keys.fingerprint("comment", str(signature.pk), signature.comment)
