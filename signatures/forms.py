"""The only door for input: page, admin and import share it.

Field names are part of the public contract. Every form here is cookie-free: nobody is logged in, so
a forged post gains nothing that its author could not send himself; `petition_site.middleware`
refuses posts that come from other sites.
"""

import re
import secrets
from urllib.parse import urlsplit

from captcha.fields import CaptchaField
from captcha.models import CaptchaStore
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.timezone import now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from signatures import countries, names
from signatures.models import Kind, Visibility

# Changes with the wording of the consent sentence; each signature keeps the version it agreed to.
CONSENT_VERSION = "2026-11"
VIA = re.compile(r"[a-z0-9-]{1,40}")
GO_ON = "go-on"
ANSWER_LENGTH = 10
# A letter with three accents and a line's two ends. Far more is not even cleaned: bringing the
# accents of 64 KB in order takes a second.
SIGNS_A_LETTER = 5


class CleanedField(forms.CharField):
    """Text that goes through one of the cleaners of `names`; the limit holds for the result."""

    def __init__(self, *, cleaner, **kwargs):
        super().__init__(**kwargs)
        self.cleaner = cleaner

    def bound_data(self, data, initial):
        """A NUL cannot be shown again."""
        return data and data.replace("\0", "")

    def to_python(self, value):
        text = super().to_python(value)
        if self.max_length and len(text) > self.max_length * SIGNS_A_LETTER:
            raise self.too_long()
        return self.cleaner(text) if text else text

    def run_validators(self, value):
        try:
            super().run_validators(value)
        except ValidationError as errors:
            # Django's message counts for the reader; ours says what to do.
            if any(error.code == "max_length" for error in errors.error_list):
                raise self.too_long() from None
            raise

    def too_long(self):
        words = _("Use at most %(limit)s characters.")
        return ValidationError(words, "max_length", {"limit": self.max_length})


class WebsiteField(forms.URLField):
    """A web address that looks like where it leads, to organisers and to browsers."""

    default_validators = [URLValidator(["http", "https"])]

    def to_python(self, value):
        url = super().to_python(value)
        return url if len(url) > self.max_length else names.clean_line(url)

    def run_validators(self, value):
        super().run_validators(value)
        if value and ("\\" in value or "@" in urlsplit(value).netloc):
            raise ValidationError(self.error_messages["invalid"], "invalid")


class Countries(forms.Select):
    """Django renders two templates for each option; with all countries that is most of a page."""

    template_name = "signatures/_countries.html"


class CountryField(forms.ChoiceField):
    def __init__(self, **kwargs):
        super().__init__(
            choices=self.names,
            error_messages={
                "required": _("Choose the country you live in."),
                "invalid_choice": _("Choose a country from the list."),
            },
            **kwargs,
        )

    @staticmethod
    def names():
        return [("", _("Choose a country")), *countries.choices()]


class StrictCheckbox(forms.CheckboxInput):
    """Ticked only by the value that the page sends."""

    def value_from_datadict(self, data, files, name):
        return data.get(name) == "on"


class SignForm(forms.Form):
    """What both forms share; `details` has the fields of a `Signature`."""

    use_required_attribute = False
    field_order = ("visibility", "organisation", "website", "name", "role", "email", "country")

    kind = forms.CharField(required=False, widget=forms.HiddenInput)
    via = forms.CharField(required=False, widget=forms.HiddenInput)
    mailbox = forms.CharField(required=False, widget=forms.HiddenInput)
    homepage = forms.CharField(required=False, label=_("Leave this empty"))
    email = CleanedField(
        cleaner=names.clean_address,
        label=_("What is your e-mail address?"),
        help_text=_(
            "We send you an e-mail with a button to confirm. Nobody else gets the address."
        ),
        error_messages={"required": _("Enter your e-mail address.")},
        widget=forms.TextInput(
            attrs={"type": "email", "autocomplete": "email", "spellcheck": "false"}
        ),
    )
    country = CountryField(
        label=_("Which country do you live in?"),
        widget=Countries(attrs={"autocomplete": "country"}),
    )
    updates = forms.BooleanField(
        required=False,
        label=_("Send me news of this campaign. I can stop that at any time."),
        widget=StrictCheckbox,
    )
    consent = forms.BooleanField(
        label=_(
            "I am 16 or older and sign this appeal. I agree that my signature, which shows a "
            "political opinion, is kept and used to hand in this appeal, as the privacy page says."
        ),
        error_messages={
            "required": _("Tick the box if you agree. Without it we may not keep your signature.")
        },
        widget=StrictCheckbox,
    )

    def clean_via(self):
        """An unknown code is no reason to refuse a signature."""
        via = self.cleaned_data["via"]
        return via if VIA.fullmatch(via) else ""

    @property
    def by_robot(self) -> bool:
        """Whether the field that people do not see was filled in."""
        return bool(self.cleaned_data["homepage"])

    @property
    def mailbox_is_risky(self) -> bool:
        """Whether to explain the risk of this mailbox before any mail goes there."""
        address = self.cleaned_data["email"]
        going_on = self.cleaned_data["mailbox"] == GO_ON
        return names.is_reachable_by_the_state(address) and not going_on

    @property
    def details(self) -> dict:
        fields = ("email", "country", "updates", "via", *self.own_fields)
        return {
            "kind": self.KIND,
            "language": get_language(),
            "consent_version": CONSENT_VERSION,
            **{field: self.cleaned_data[field] for field in fields},
        }


def name_by_visibility(form) -> dict:
    """Who only wants to be counted leaves nothing else; whoever else signs has a name."""
    data = form.cleaned_data
    if data.get("visibility") == Visibility.COUNT:
        for field in {"name", "city", "comment", "affiliation"} & form.fields.keys():
            data[field] = ""
            form.errors.pop(field, None)
    elif data.get("visibility") and data.get("name") == "":
        form.add_error("name", _("Enter your name, or choose to be counted only."))
    data["quote"] = data["quote"] and bool(data.get("comment"))
    return data


class IndividualForm(SignForm):
    KIND = Kind.INDIVIDUAL
    own_fields = ("visibility", "name", "city", "comment", "quote")

    visibility = forms.ChoiceField(
        label=_("What may we do with your name?"),
        choices=[
            (Visibility.COUNT, _("Only count me. You need no name for that.")),
            (
                Visibility.HANDIN,
                _("Count me and give my name to the addressees, but never show it on the web."),
            ),
            (
                Visibility.PUBLIC,
                _("Count me, give my name to the addressees and show it on the web."),
            ),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what we may do with your name."),
            "invalid_choice": _("Choose one of the three answers."),
        },
    )
    name = CleanedField(
        cleaner=names.clean_name,
        required=False,
        max_length=names.NAME_LENGTH,
        label=_("What is your name?"),
        help_text=_("Not needed if you only want to be counted."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
    )
    city = CleanedField(
        cleaner=names.clean_organisation,
        required=False,
        max_length=names.CITY_LENGTH,
        label=_("Which town do you live in? (optional)"),
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    comment = CleanedField(
        cleaner=names.clean_text,
        required=False,
        max_length=names.COMMENT_LENGTH,
        label=_("Why do you sign? (optional)"),
        help_text=_("At most 500 characters. Organisers read it before anybody else can."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    quote = forms.BooleanField(
        required=False,
        label=_(
            "You may show my comment on the web and quote it, with my name only if I chose to be "
            "shown there."
        ),
        widget=StrictCheckbox,
    )

    def clean(self):
        return name_by_visibility(self)

    @property
    def details(self) -> dict:
        details = super().details
        if names.mixes_scripts(details["name"]):
            details["signals"] = "mixed scripts"
        return details


class PaperLineForm(forms.Form):
    """A line of a sheet, as an organiser types it in: a person, or a number of people who only want
    to be counted. Without a tick nobody has agreed to more than that."""

    use_required_attribute = False
    MOST = 20_000

    name = CleanedField(
        cleaner=names.clean_name,
        required=False,
        max_length=names.NAME_LENGTH,
        label=_("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    town = CleanedField(
        cleaner=names.clean_organisation,
        required=False,
        max_length=names.CITY_LENGTH,
        label=_("Town"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    country = forms.CharField(
        required=False,
        label=_("Country"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 14}),
    )
    visibility = forms.TypedChoiceField(
        required=False,
        coerce=str,
        empty_value=Visibility.COUNT,
        label=_("Tick"),
        choices=[("", _("no tick")), *Visibility.choices],
        error_messages={"invalid_choice": _("Write count, handin or public, or nothing.")},
    )
    number = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST,
        label=_("How many"),
        widget=forms.NumberInput(attrs={"size": 4}),
    )

    def __init__(self, *args, country="", **kwargs):
        super().__init__(*args, **kwargs)
        self.usual_country = country

    def clean_country(self):
        """By code or name; lines that name none are from where the batch says."""
        typed = self.cleaned_data["country"]
        country = countries.find(typed) if typed else self.usual_country
        if not country:
            raise ValidationError(
                _("Write a country by its two letters or its name."), "unknown_country"
            )
        return country

    def clean(self):
        data = self.cleaned_data
        data["number"] = data.get("number") or 1
        if data.get("visibility") == Visibility.COUNT:
            named = bool(self.data.get(self.add_prefix("name"), "").strip())
            data["name"] = data["town"] = ""
        else:
            named = True
            if data.get("visibility") and data.get("name") == "":
                self.add_error("name", _("Write the name, or leave the tick out."))
        if named and data["number"] > 1:
            self.add_error("number", _("A line with a name is one signature."))
        return data


class OrganisationForm(SignForm):
    KIND = Kind.ORGANISATION
    own_fields = ("organisation", "website", "name", "role")

    organisation = CleanedField(
        cleaner=names.clean_organisation,
        max_length=names.ORGANISATION_LENGTH,
        label=_("What is the name of your organisation?"),
        error_messages={"required": _("Enter the name of your organisation.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization", "spellcheck": "false"}),
    )
    website = WebsiteField(
        assume_scheme="https",
        max_length=200,
        label=_("What is its website?"),
        help_text=_("For example https://example.org"),
        error_messages={
            "required": _("Enter the address of your website."),
            "invalid": _("Write a web address like https://example.org."),
        },
        widget=forms.TextInput(attrs={"type": "url", "autocomplete": "url", "spellcheck": "false"}),
    )
    country = CountryField(
        label=_("Which country is it based in?"),
        widget=Countries(attrs={"autocomplete": "country"}),
    )
    name = CleanedField(
        cleaner=names.clean_name,
        max_length=names.NAME_LENGTH,
        label=_("What is your own name?"),
        help_text=_("For questions only. It is not published."),
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
    )
    role = CleanedField(
        cleaner=names.clean_organisation,
        max_length=names.ROLE_LENGTH,
        label=_("What is your role in the organisation?"),
        error_messages={"required": _("Enter your role.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    mandate = forms.BooleanField(
        label=_("I may sign for this organisation."),
        error_messages={"required": _("Tick the box if you may sign for the organisation.")},
        widget=StrictCheckbox,
    )

    @property
    def details(self) -> dict:
        details = super().details
        return {
            **details,
            "visibility": Visibility.PUBLIC,
            "organisation_folded": names.fold(details["organisation"]),
            "contact_domain": names.domain_of(details["email"]),
        }


class EarlierOrganisationForm(forms.Form):
    """An organisation that signed an earlier appeal, as organisers type it in."""

    name = CleanedField(cleaner=names.clean_organisation, max_length=names.ORGANISATION_LENGTH)
    country = forms.CharField(required=False)
    website = forms.URLField(
        assume_scheme="https",
        required=False,
        max_length=200,
        error_messages=OrganisationForm.base_fields["website"].error_messages,
    )

    def clean_country(self):
        typed = self.cleaned_data["country"]
        country = countries.find(typed)
        if typed and not country:
            raise ValidationError(
                _("Write a country by its two letters or its name."), "unknown_country"
            )
        return country


def sign_form(kind: str) -> type[SignForm]:
    """The form for a kind; for anything unknown the one for people."""
    return OrganisationForm if kind == Kind.ORGANISATION else IndividualForm


class ConfirmForm(forms.Form):
    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    hide_name = forms.BooleanField(
        required=False,
        label=_("Do not show my name on the web. It still goes to the addressees."),
        widget=StrictCheckbox,
    )


def sum_in_digits() -> tuple[str, str]:
    """A sum of two small numbers and its answer, from a source that cannot be foretold."""
    first, second = secrets.randbelow(8) + 2, secrets.randbelow(8) + 2
    return f"{first}+{second}", str(first + second)


def as_number(typed: str) -> int | None:
    """In the digits of any script. Python takes offence at thousands of them."""
    typed = typed.strip()
    return int(typed) if typed.isdecimal() and len(typed) <= ANSWER_LENGTH else None


class SumField(CaptchaField):
    """Each sum can be answered once, also by many at the same moment."""

    def clean(self, value):
        key, answer = value or ("", "")
        sums = CaptchaStore.objects.filter(hashkey=key, expiration__gt=now())
        asked = sums.first()
        taken = asked is not None and sums.filter(pk=asked.pk).delete()[0] == 1
        if not taken or as_number(answer) != int(asked.response):
            raise ValidationError(self.error_messages["invalid"], "invalid")
        return answer


class ChallengeForm(forms.Form):
    """One question more, when somebody tries to spoil the count. There is a way around it."""

    use_required_attribute = False

    captcha = SumField(
        label=_("What is the sum in the picture?"),
        error_messages={"invalid": _("Add the two numbers in the new picture.")},
    )


class AddressForm(forms.Form):
    """The address once more, from somebody who wants news after all."""

    email = CleanedField(
        cleaner=names.clean_address,
        label=SignForm.base_fields["email"].label,
        error_messages=SignForm.base_fields["email"].error_messages,
        widget=SignForm.base_fields["email"].widget,
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Or enter the six-digit code from the e-mail"),
        max_length=20,
        error_messages={"required": _("Enter the six digits from the e-mail.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )

    def clean_code(self):
        code = re.sub(r"\s", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{6}", code):
            raise ValidationError(_("Enter the six digits from the e-mail."), "digits")
        return code


class OwnPageForm(forms.Form):
    """The name, what is done with it and the comment, corrected by the signatory.

    Who was taken for an organisation first may say what he or she does where.
    """

    use_required_attribute = False

    visibility = IndividualForm.base_fields["visibility"]
    name = IndividualForm.base_fields["name"]
    affiliation = CleanedField(
        cleaner=names.clean_organisation,
        required=False,
        max_length=names.ROLE_LENGTH,
        label=_("What should stand behind your name? (optional)"),
        help_text=_("Your organisation or office. We add: in personal capacity."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "spellcheck": "false"}),
    )
    comment = IndividualForm.base_fields["comment"]
    quote = IndividualForm.base_fields["quote"]

    def __init__(self, *args, in_personal_capacity=False, **kwargs):
        super().__init__(*args, **kwargs)
        if not in_personal_capacity:
            del self.fields["affiliation"]

    def clean(self):
        return name_by_visibility(self)
