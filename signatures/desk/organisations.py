"""Organisations at the desk: the queue of those who wait, and what is known of each."""

from dataclasses import asdict

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext_lazy as _
from i18nfield.forms import I18nFormField

from campaigns.widgets import SideBySideInput
from signatures import countries, lifecycle, names
from signatures.desk import duplicates
from signatures.desk.moderation import ReasonForm, SignatureAdmin, Verb, moderation
from signatures.desk.queues import QueueFilter
from signatures.forms import CountryField
from signatures.models import Organisation, OrganisationType

MOST_ALIASES = 10


class StateFilter(QueueFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("waiting", _("to decide on")),
            ("opinion", _("a second opinion is wanted")),
            ("approved", _("approved")),
            ("refused", _("refused")),
            ("held", _("held")),
            ("pinned", _("among the first signatories")),
            ("all", _("all")),
        ]

    def queryset(self, request, queryset):
        state = self.chosen()
        if state == "opinion":
            return queryset.filter(opinion_wanted_by__isnull=False)
        if state in {"approved", "refused"}:
            return queryset.filter(**{f"{state}_at__isnull": False})
        return queryset if state == "all" else getattr(queryset, state)()


class PlaceForm(ReasonForm):
    """Where among the first signatories."""

    place = forms.IntegerField(
        label=_("Place among the first signatories"), min_value=1, max_value=lifecycle.PLACES
    )

    def __init__(self, *args, taken, **kwargs):
        super().__init__(*args, required=False, **kwargs)
        self.taken = taken
        free = set(range(1, lifecycle.PLACES + 1)) - taken
        self.fields["place"].initial = min(free, default=None)

    def clean_place(self):
        if self.cleaned_data["place"] in self.taken:
            raise ValidationError(_("This place is taken. Choose another one."), "taken")
        return self.cleaned_data["place"]


class DescriptionForm(forms.Form):
    organisation_type = forms.ChoiceField(
        label=_("Type"), choices=[("", _("not known")), *OrganisationType.choices], required=False
    )
    country = CountryField(label=_("Country"))
    website = forms.URLField(
        label=_("Website"),
        assume_scheme="https",
        max_length=200,
        error_messages={"invalid": _("Write a web address like https://example.org.")},
    )
    organisation_names = I18nFormField(
        label=_("Name in other languages"),
        help_text=_("As the organisation itself translates its name. Empty: as it was signed."),
        required=False,
        max_length=names.ORGANISATION_LENGTH,
        widget=SideBySideInput,
    )
    aliases = forms.CharField(
        label=_("Other names"),
        help_text=_("One a line: abbreviations, earlier names. They are found by the search."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def clean_organisation_names(self):
        typed = self.cleaned_data["organisation_names"].data or {}
        return {code: names.clean_organisation(text) for code, text in typed.items() if text}

    def clean_aliases(self):
        lines = [line.strip() for line in self.cleaned_data["aliases"].splitlines()]
        aliases = [names.clean_organisation(line) for line in dict.fromkeys(lines) if line]
        if len(aliases) > MOST_ALIASES:
            raise ValidationError(_("Use at most %(most)s lines."), "many", {"most": MOST_ALIASES})
        if any(len(alias) > names.ORGANISATION_LENGTH for alias in aliases):
            limit = {"limit": names.ORGANISATION_LENGTH}
            raise ValidationError(_("Use at most %(limit)s characters a line."), "long", limit)
        return "\n".join(aliases)

    @property
    def description(self) -> lifecycle.Description:
        return lifecycle.Description(
            **{name: value for name, value in self.cleaned_data.items() if name != "reason"}
        )


class HintedList(ChangeList):
    def get_results(self, request):
        super().get_results(request)
        found = duplicates.hints(self.result_list)
        for organisation in self.result_list:
            organisation.hints = found[organisation.pk]


@admin.register(Organisation)
class OrganisationAdmin(SignatureAdmin):
    list_display = [
        "who", "state", "domains", "hints", "based_in", "organisation_type",
    ]  # fmt: skip
    list_filter = [StateFilter, "organisation_type", "campaign"]
    search_help_text = _("Organisations by any of their names, or by their website.")
    fields = None
    fieldsets = [
        (
            _("What was signed"),
            {
                "fields": [
                    "campaign", "organisation", "website", "domains", "based_in", "mandate",
                    "contact", "role", "masked_address", "language", "via", "day",
                ],
            },
        ),
        (
            _("What is known"),
            {"fields": ["hints", "organisation_type", "other_names", "aliases", "pinned"]},
        ),
        (
            _("State"),
            {
                "fields": [
                    "state", "opinion_wanted_by", "approved_at", "refused_at", "hidden_at",
                    "held_at", "held_reason",
                ],
            },
        ),
    ]  # fmt: skip
    actions = [
        moderation(Verb.APPROVE, _("Approve organisations")),
        moderation(Verb.REFUSE, _("Refuse organisations")),
        moderation(Verb.ASK, _("Ask for a second opinion")),
        moderation(Verb.PIN, _("Put among the first signatories")),
        moderation(Verb.UNPIN, _("Take from among the first signatories")),
        moderation(Verb.HOLD, _("Hold: do not count for now")),
        moderation(Verb.RELEASE, _("Release what is held")),
        moderation(Verb.HIDE, _("Hide the name from the web")),
        moderation(Verb.RESTORE, _("Show the name again")),
        moderation(Verb.PERSONAL, _("Take as a person's signature")),
    ]
    warnings = {
        Verb.ASK: _("From now on somebody else has to approve or refuse; you no longer can."),
        Verb.PERSONAL: _(
            "The signature then counts as a person's who is named nowhere; organisation, name and "
            "office are erased. This cannot be taken back. The person can ask to be named on the "
            "own page, and sign again for the organisation."
        ),
    }

    def get_urls(self):
        describe = path(
            "<int:pk>/describe/",
            self.admin_site.admin_view(self.describe),
            name="signatures_organisation_describe",
        )
        return [describe, *super(SignatureAdmin, self).get_urls()]

    def get_queryset(self, request):
        return super().get_queryset(request).live().filter(kind="organisation")

    def get_changelist(self, request, **kwargs):
        return HintedList

    def has_view_permission(self, request, obj=None):
        """As for all signatures: this is only another view of them."""
        return request.user.has_perm("signatures.view_signature")

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["verbs"] = verbs_for(obj) if self.has_moderate_permission(request) else []
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    @admin.display(description=_("to look at"))
    def hints(self, organisation):
        if not hasattr(organisation, "hints"):
            organisation.hints = duplicates.hints([organisation])[organisation.pk]
        return "; ".join(organisation.hints) or "–"

    @admin.display(description=_("country"), ordering="country")
    def based_in(self, organisation):
        return countries.name(organisation.country)

    @admin.display(description=_("contact person"))
    def contact(self, organisation):
        return organisation.name or "–"

    @admin.display(description=_("mandate"))
    def mandate(self, organisation):
        return _("Declared when signing: “I may sign for this organisation.”")

    @admin.display(description=_("name in other languages"))
    def other_names(self, organisation):
        others = lifecycle.described(organisation).organisation_names
        return "; ".join(f"{code}: {name}" for code, name in sorted(others.items())) or "–"

    def question(self, verb, queryset, data):
        if verb != Verb.PIN:
            return super().question(verb, queryset, data)
        return PlaceForm(data, taken=set().union(*map(lifecycle.taken_places, queryset)))

    def explain(self, request, verb, left):
        super().explain(request, verb, left)
        if verb == Verb.PERSONAL and any(map(lifecycle.has_signed_as_person, left)):
            words = _(
                "This person has signed as a person already: refuse the organisation instead."
            )
            self.message_user(request, words, messages.WARNING)

    def describe(self, request, pk):
        """Type, names, website and country; recorded, and the count follows the country."""
        if not self.has_moderate_permission(request):
            raise PermissionDenied
        organisation = get_object_or_404(self.get_queryset(request), pk=pk)
        known = asdict(lifecycle.described(organisation))
        form = DescriptionForm(request.POST or None, initial=known)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            done = lifecycle.describe(organisation, request.user, form.description, reason)
            words = _("Done.") if done else _("Nothing has changed.")
            self.message_user(request, words, messages.SUCCESS if done else messages.WARNING)
            return redirect("admin:signatures_organisation_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Describe an organisation"),
            "opts": self.opts,
            "organisation": organisation,
            "form": form,
        }
        return render(request, "admin/signatures/organisation/describe.html", context)


def verbs_for(organisation) -> list:
    """(verb, label) of what can be done next, the likeliest first."""
    waiting = organisation.confirmed_at and not organisation.held_at
    listed = organisation.is_counted and not organisation.hidden_at
    choices = [
        (Verb.RELEASE, organisation.held_at, _("Release")),
        (Verb.APPROVE, waiting and not organisation.approved_at, _("Approve")),
        (Verb.REFUSE, waiting and not organisation.refused_at, _("Refuse")),
        (Verb.ASK, _may_ask(organisation), _("Ask for a second opinion")),
        (Verb.PIN, listed and not organisation.pinned, _("Put among the first signatories")),
        (Verb.UNPIN, organisation.pinned, _("Take from among the first signatories")),
        (Verb.HOLD, not organisation.held_at, _("Hold")),
        (Verb.HIDE, listed, _("Hide the name from the web")),
        (Verb.RESTORE, organisation.hidden_at, _("Show the name again")),
        (Verb.PERSONAL, organisation.confirmed_at, _("Take as a person's signature")),
    ]
    return [(verb, label) for verb, applies, label in choices if applies]


def _may_ask(organisation) -> bool:
    decided = organisation.approved_at or organisation.refused_at or organisation.held_at
    return bool(organisation.confirmed_at and not decided and not organisation.opinion_wanted_by_id)
