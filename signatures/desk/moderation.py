"""Signatures at the organisers' desk: for reading and for moderation, never for editing.

Nobody types a signature into existence here, and nobody changes what was signed. What organisers do
goes through `lifecycle` and is recorded with who and when.
"""

from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.shortcuts import render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from signatures import lifecycle, names, proposals
from signatures.desk import rules, search, through
from signatures.desk.overview import MailFilter, SignedFilter
from signatures.desk.proposals import ProposalFilter, propose_chosen
from signatures.models import Kind, Moderation, Signature

Verb = Moderation.Verb
MOST_AT_ONCE = 200
# What may be asked of a column that has a filter; `id` of a campaign.
LOOKUPS = {"", "exact", "in", "isnull", "id__exact", "id__in"}
NEEDS_REASON = {Verb.REFUSE, Verb.HIDE, Verb.HOLD, Verb.ASK, Verb.PERSONAL}
# Verbs that are called otherwise than in the records.
ACTS = {
    Verb.ASK: lifecycle.ask_opinion,
    Verb.PERSONAL: lifecycle.take_personally,
    Verb.QUOTE: lifecycle.approve_comment,
    Verb.UNQUOTE: lifecycle.refuse_comment,
}


class StateFilter(admin.SimpleListFilter):
    """The queues of the desk."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("organisations to decide on")),
            ("held", _("held")),
            ("doubles", _("on paper, like another one")),
            ("comments", _("comments to read")),
            ("pending", _("not confirmed")),
            ("confirmed", _("confirmed")),
            ("counted", _("counted")),
            ("hidden", _("hidden")),
            ("refused", _("refused")),
            ("withdrawn", _("withdrawn")),
        ]

    def queryset(self, request, queryset):
        state = self.value()
        if state in {"waiting", "held", "doubles", "pending", "confirmed", "counted"}:
            return getattr(queryset, state)()
        if state == "comments":
            return queryset.quotes_waiting()
        if state in {"hidden", "refused", "withdrawn"}:
            return queryset.filter(**{f"{state}_at__isnull": False})
        return queryset


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args, required, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = required


class ModerationInline(admin.TabularInline):
    model = Moderation
    fields = readonly_fields = ["verb", "reason", "by", "at"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


def moderation(verb: Verb, description):
    """An action of the list that asks for a reason first and shows how many it is about."""

    @admin.action(description=description, permissions=["moderate"])
    def action(model_admin, request, queryset):
        return model_admin.moderate(request, queryset, verb, description)

    action.__name__ = str(verb)
    return action


@admin.register(Signature)
class SignatureAdmin(admin.ModelAdmin):
    list_display = [
        "who", "kind", "state", "domains", "country", "visibility", "signals", "day", "campaign",
    ]  # fmt: skip
    list_filter = [
        StateFilter, search.FoundFilter, ProposalFilter, SignedFilter, MailFilter, "kind",
        "campaign", "visibility", "language",
    ]  # fmt: skip
    list_select_related = ["campaign"]
    search_fields = ["organisation_folded", "website"]
    search_help_text = _("Organisations by name or website, anybody by the whole e-mail address.")
    ordering = ["-id"]
    list_per_page = 50
    show_full_result_count = False
    fields = [
        "campaign", "appeal", "language", "kind", "who", "masked_address", "organisation",
        "website", "domains", "role", "country", "city", "comment", "visibility", "updates", "via",
        "signals", "consent_version", "state", "signed_at", "confirmed_at", "approved_at",
        "refused_at", "hidden_at", "held_at", "held_reason", "withdrawn_at",
    ]  # fmt: skip
    inlines = [ModerationInline]
    question_template = "admin/signatures/moderate.html"
    warnings = {}  # beyond the usual words, by verb
    actions = [
        moderation(Verb.APPROVE, _("Approve organisations")),
        moderation(Verb.REFUSE, _("Refuse organisations")),
        moderation(Verb.HOLD, _("Hold: do not count for now")),
        moderation(Verb.RELEASE, _("Release what is held")),
        moderation(Verb.HIDE, _("Hide the name from the web")),
        moderation(Verb.RESTORE, _("Show the name again")),
    ]

    def get_urls(self):
        rule = path(
            "rule/",
            self.admin_site.admin_view(rules.moderate_by_rule),
            name="signatures_signature_rule",
        )
        find = path("find/", self.admin_site.admin_view(search.find), name="signatures_find")
        through_whom = path(
            "through/", self.admin_site.admin_view(through.through), name="signatures_through"
        )
        return [rule, find, through_whom, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        context = {**(extra_context or {}), "may_moderate": self.has_moderate_permission(request)}
        return super().changelist_view(request, context)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_moderate_permission(self, request):
        return request.user.has_perm("signatures.moderate_signature")

    def lookup_allowed(self, lookup, value, request):
        """Only what the filters that are shown ask: Django would let every column be guessed at."""
        shown = {getattr(known, "parameter_name", known) for known in self.list_filter}
        name, _two, how = lookup.partition("__")
        return name in shown and how in LOOKUPS and super().lookup_allowed(lookup, value, request)

    def get_search_results(self, request, queryset, search_term):
        """An address belongs into no URL: whoever has put one there is told, and finds nothing."""
        if "@" in search_term:
            words = _("Look for an address with the box of this page, not in the browser's line.")
            self.message_user(request, words, messages.WARNING)
            return queryset.none(), False
        return super().get_search_results(request, queryset, names.fold(search_term))

    @admin.display(description=_("who"))
    def who(self, signature):
        return signature.listed_name or "–"

    @admin.display(description=_("address"))
    def masked_address(self, signature):
        return mask(signature.email) or "–"

    @admin.display(description=_("address and website"))
    def domains(self, signature):
        """Whether the address belongs to the website that the organisation names."""
        if signature.kind != Kind.ORGANISATION or not signature.website:
            return "–"
        host = urlsplit(signature.website).hostname.removeprefix("www.")
        sign = "✓" if belongs(signature.contact_domain, host) else "✗"
        return f"{signature.contact_domain} {sign} {host}"

    @admin.display(description=_("signed"), ordering="signed_at")
    def day(self, signature):
        return signature.signed_at.date()

    @admin.display(description=_("state"))
    def state(self, signature):
        return next(words for applies, words in states(signature) if applies)

    def moderate(self, request, queryset, verb, description):
        """First the question, then, with the reason given, the act."""
        if queryset.count() > MOST_AT_ONCE:
            words = _("Choose at most %(most)d, or moderate by a rule.") % {"most": MOST_AT_ONCE}
            self.message_user(request, words, messages.WARNING)
            return None
        confirmed = "reason" in request.POST
        form = self.question(verb, queryset, request.POST if confirmed else None)
        needs_second = proposals.needs_second(request.user, verb, len(queryset))
        if form.is_valid():
            if needs_second:
                return propose_chosen(request, queryset, form.cleaned_data["reason"], verb)
            left = [s for s in queryset if not self.act(request, verb, s, form.cleaned_data)]
            self.report(request, len(queryset) - len(left), len(left))
            self.explain(request, verb, left)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": description,
            "opts": self.opts,
            "verb": verb,
            "warning": self.warnings.get(verb),
            "signatures": queryset,
            "needs_second": needs_second,
            "form": form,
        }
        return render(request, self.question_template, context)

    def question(self, verb, queryset, data):
        """The form that asks what has to be said before the act."""
        return ReasonForm(data, required=verb in NEEDS_REASON)

    def act(self, request, verb, signature, answers):
        act = ACTS.get(verb) or getattr(lifecycle, verb)
        return act(signature, request.user, **answers)

    def explain(self, request, verb, left):
        """Why some were left alone, where that cannot be seen from their state."""
        wanted = {s.opinion_wanted_by_id for s in left if verb in {Verb.APPROVE, Verb.REFUSE}}
        if request.user.pk in wanted:
            words = _("You have asked for a second opinion: somebody else has to decide.")
            self.message_user(request, words, messages.WARNING)

    def report(self, request, done, left_alone):
        words = ngettext("%(done)d signature changed.", "%(done)d signatures changed.", done)
        self.message_user(request, words % {"done": done})
        if left_alone:
            words = ngettext(
                "%(number)d was left alone: it is not in a state for that.",
                "%(number)d were left alone: they are not in a state for that.",
                left_alone,
            )
            self.message_user(request, words % {"number": left_alone}, messages.WARNING)


def states(signature):
    """(does it apply, how the desk says it), the weightiest first."""
    return [
        (signature.withdrawn_at, _("withdrawn")),
        (signature.held_at, _("held")),
        (signature.is_pending, _("not confirmed")),
        (signature.refused_at, _("refused")),
        (not signature.is_counted, _("to decide on")),
        (signature.hidden_at, _("counted, hidden")),
        (True, _("counted")),
    ]


def mask(address: str) -> str:
    """`s***@e***.org` for `sam@example.org`."""
    local, at, domain = address.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}***{at}{name[:1]}***{dot}{top}" if at else ""


def belongs(domain: str, host: str) -> bool:
    """Whether one of the two is the other or lies below it."""
    return domain == host or domain.endswith(f".{host}") or host.endswith(f".{domain}")
