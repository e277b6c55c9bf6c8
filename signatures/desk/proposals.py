"""Two persons: what others propose, with what it is, how many, why and by whom; and the answer."""

from itertools import groupby
from operator import attrgetter

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaigns.desk import DeskAdmin, ReadOnly
from campaigns.models import Update
from signatures import proposals
from signatures.models import Export, Kind, Proposal

Act, Verb = Proposal.Act, proposals.Verb
REMOVALS = {
    Verb.HOLD: _("Hold signatures: do not count them for now"),
    Verb.HIDE: _("Hide names from the web"),
    Verb.REFUSE: _("Refuse organisations"),
}
RULE = {
    "signed_from": _("signed from %s"),
    "signed_until": _("signed until %s"),
    "country": _("country: %s"),
    "kind": _("kind: %s"),
    "language": _("language: %s"),
    "via": _("via: %s"),
    "held_reason": _("held because: %s"),
}


class WaitingFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("to be decided on by you")),
            ("own", _("your own, waiting for somebody else")),
            ("decided", _("decided")),
            ("lapsed", _("nobody has decided in time")),
        ]

    def queryset(self, request, queryset):
        waiting = proposals.waiting().values("pk")
        if self.value() == "waiting":
            return queryset.filter(pk__in=waiting).exclude(by=request.user)
        if self.value() == "own":
            return queryset.filter(pk__in=waiting, by=request.user)
        if self.value() == "decided":
            return queryset.exclude(decided_by=None)
        if self.value() == "lapsed":
            return queryset.filter(decided_by=None).exclude(pk__in=waiting)
        return queryset


class ProposalFilter(admin.SimpleListFilter):
    """In the list of signatures: those that a proposal would take away."""

    title = _("proposal")
    parameter_name = "proposal"

    def lookups(self, request, model_admin):
        words = _("what proposal %s is about")
        return [(self.value(), words % self.value())] if self.value() else []

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        known = proposals.visible(request.user).filter(act=Act.REMOVE)
        proposal = known.filter(pk=self.value()).first() if self.value().isdecimal() else None
        if proposal is None:
            return queryset.none()
        return queryset.filter(pk__in=proposals.rows(proposal).values("pk"))


@admin.register(Proposal)
class ProposalAdmin(ReadOnly, DeskAdmin):
    list_display = ["what", "number", "reason", "by", "at", "state", "slug"]
    list_filter = [WaitingFilter, "act", "campaign"]
    list_select_related = ["campaign", "by", "decided_by"]
    ordering = ["-at"]
    list_per_page = 50
    fields = readonly_fields = [
        "what", "which", "reason", "number", "number_now", "campaign", "by", "at", "state",
        "decided_by", "decided_at",
    ]  # fmt: skip
    change_form_template = "admin/signatures/proposal/change_form.html"

    def get_queryset(self, request):
        return proposals.visible(request.user)

    def get_urls(self):
        decide = path(
            "<int:pk>/decide/",
            self.admin_site.admin_view(require_POST(self.decide)),
            name="signatures_proposal_decide",
        )
        return [decide, *super().get_urls()]

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context |= {
            "title": self.what(obj),
            "subtitle": None,
            "answers": answers(obj, request.user),
            "waits": is_waiting(obj),
            "is_own": obj.by_id == request.user.pk,
            "number_now": proposals.number_now(obj) if is_waiting(obj) else None,
        }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def decide(self, request, pk):
        """The answer, at once; whoever was slower than somebody else is told so."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        proposal = get_object_or_404(self.get_queryset(request), pk=pk)
        answer = request.POST.get("answer")
        if answer in dict(answers(proposal, request.user)):
            self.message_user(request, *ANSWERS[answer](proposal, request.user))
        else:
            self.message_user(request, TOO_LATE, messages.WARNING)
        return redirect("admin:signatures_proposal_change", pk)

    def changelist_view(self, request, extra_context=None):
        title = _("What needs two persons")
        return super().changelist_view(request, {**(extra_context or {}), "title": title})

    @admin.display(description=_("what"), ordering="act")
    def what(self, proposal):
        if proposal.act == Act.REMOVE:
            return REMOVALS[Verb(proposal.details["verb"])]
        return proposal.get_act_display()

    @admin.display(description=_("campaign"), ordering="campaign")
    def slug(self, proposal):
        return proposal.campaign.slug

    @admin.display(description=_("which"))
    def which(self, proposal):
        return "; ".join(map(str, WHICH[Act(proposal.act)](proposal.details))) or _("all")

    @admin.display(description=_("how many it would be now"))
    def number_now(self, proposal):
        number = proposals.number_now(proposal) if is_waiting(proposal) else None
        return "–" if number is None else number

    @admin.display(description=_("state"))
    def state(self, proposal):
        if proposal.agreed:
            return _("agreed")
        if proposal.decided_by_id:
            own = proposal.decided_by_id == proposal.by_id
            return _("taken back") if own else _("declined")
        return _("waiting") if is_waiting(proposal) else _("nobody has decided in time")


def removal(details):
    if "rule" not in details:
        return [_("chosen by hand")]
    rule, kinds = details["rule"], dict(Kind.choices)
    return [
        words % kinds.get(rule[name], rule[name]) for name, words in RULE.items() if name in rule
    ]


def export(details):
    purpose = details.get("purpose")
    return [dict(Export.Purpose.choices).get(purpose, purpose)]


def mail(details):
    return [update.title for update in Update.objects.filter(pk=details["update"])] or ["–"]


WHICH = {Act.REMOVE: removal, Act.EXPORT: export, Act.MAIL: mail}


def is_waiting(proposal) -> bool:
    return proposals.waiting().filter(pk=proposal.pk).exists()


def answers(proposal, user) -> list:
    """What this organiser can do about it now: (value, what the button says)."""
    if is_waiting(proposal):
        if proposal.by_id == user.pk:
            return [("decline", _("Take it back"))]
        if proposals.may_decide(user, Act(proposal.act)):
            return [("agree", _("Agree: it is done at once")), ("decline", _("Decline"))]
    elif proposals.broke_off(proposal) and proposals.may_decide(user, Act(proposal.act)):
        return [("finish", _("Go on where it broke off"))]
    return []


def agree(proposal, user):
    if not proposals.agree(proposal, user):
        return TOO_LATE, messages.WARNING
    return report(proposal)


def decline(proposal, user):
    if not proposals.decline(proposal, user):
        return TOO_LATE, messages.WARNING
    return _("Done: nothing of it happens."), messages.SUCCESS


def finish(proposal, user):
    proposals.remove(proposal)
    return report(proposal)


def report(proposal):
    if proposal.act != Act.REMOVE:
        return _("Agreed."), messages.SUCCESS
    done = proposal.details[proposals.DONE]
    words = ngettext(
        "Agreed: %(done)d signature changed. It was %(number)d when it was proposed.",
        "Agreed: %(done)d signatures changed. It was %(number)d when it was proposed.",
        done,
    )
    return words % {"done": done, "number": proposal.number}, messages.SUCCESS


ANSWERS = {"agree": agree, "decline": decline, "finish": finish}
TOO_LATE = _("It has been decided already, or is too old: nothing has changed.")
PROPOSED = _(
    "That is more than one person takes away within a day: it is proposed, and happens as soon as "
    "somebody else agrees."
)


def propose_rule(request, campaign, number, reason, verb, rule):
    """The rule of the form waits for a second person."""
    details = {"verb": verb, "rule": rule}
    proposals.propose(Act.REMOVE, campaign, number, reason, request.user, **details)
    return _proposed(request)


def propose_chosen(request, signatures, reason, verb):
    """What was ticked in the list waits for a second person: a proposal for each campaign."""
    rows = sorted(signatures.select_related("campaign"), key=attrgetter("campaign_id", "pk"))
    for campaign, group in groupby(rows, key=attrgetter("campaign")):
        chosen = [signature.pk for signature in group]
        details = {"verb": verb, "chosen": chosen}
        proposals.propose(Act.REMOVE, campaign, len(chosen), reason, request.user, **details)
    return _proposed(request)


def _proposed(request):
    messages.success(request, PROPOSED)
    return redirect("admin:signatures_proposal_changelist")
