"""Paper at the desk: sheets to print, batches to enter, and what has become of them."""

import hashlib
import json

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, override
from django.views.decorators.http import require_http_methods

from campaigns.desk import DeskAdmin
from campaigns.models import Campaign, Organiser
from signatures import countries, lifecycle, names
from signatures.desk import previews
from signatures.forms import PaperLineForm
from signatures.imports import lines, pictures, tables
from signatures.models import PaperBatch, PaperSheet, Visibility
from signatures.paper import numbers, sheet

LINES = 20
PAGE = 100
FAULTS = 100  # shown at once
LineForms = forms.formset_factory(PaperLineForm, extra=LINES, max_num=LINES, absolute_max=LINES)


class CampaignAndOrganiser(forms.Form):
    """Whose sheets they are, or will be."""

    STATUSES = lifecycle.TAKES_PAPER

    campaign = forms.ModelChoiceField(None, label=_("Campaign"))
    organiser = forms.ModelChoiceField(None, required=False, label=_("Collected by"))
    language = forms.ChoiceField(label=_("Language of the sheets"), choices=settings.LANGUAGES)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        campaigns = Campaign.objects.filter(status__in=self.STATUSES).order_by("-pk")
        self.fields["campaign"].queryset = campaigns
        self.fields["campaign"].initial = campaigns.first()
        self.fields["organiser"].queryset = Organiser.objects.filter(campaign__in=campaigns)

    def clean(self):
        data = super().clean()
        organiser = data.get("organiser")
        if organiser and organiser.campaign != data.get("campaign"):
            self.add_error("organiser", _("This organiser belongs to another campaign."))
        return data


class SheetsForm(CampaignAndOrganiser):
    STATUSES = (Campaign.Status.OPEN, Campaign.Status.PAUSED)

    number = forms.IntegerField(
        label=_("How many sheets"), min_value=1, max_value=sheet.MOST_SHEETS, initial=10
    )


class BatchForm(CampaignAndOrganiser):
    """What is true of all sheets of a batch."""

    field_order = ("campaign", "organiser", "language", "version", "collected_on", "country")

    version = forms.IntegerField(
        required=False,
        min_value=1,
        label=_("Version of the text"),
        help_text=_("As it is printed on the sheets; empty: the newest."),
    )
    collected_on = forms.DateField(
        required=False,
        label=_("Collected on"),
        help_text=_("The last day, like 2026-11-24."),
        widget=forms.DateInput(attrs={"placeholder": "2026-11-24"}),
    )
    country = forms.ChoiceField(
        required=False,
        label=_("Country of lines that name none"),
        choices=lambda: [("", "–"), *countries.choices()],
    )
    sheets = forms.CharField(
        required=False,
        label=_("Numbers of the sheets"),
        help_text=_("One in each line. Leave it empty for sheets that have none."),
        widget=forms.Textarea(attrs={"rows": 3, "cols": 24, "autocomplete": "off"}),
    )
    note = forms.CharField(
        required=False,
        max_length=200,
        label=_("Note"),
        help_text=_("For you and the other organisers. Write no names of people into it."),
    )

    def clean_sheets(self):
        return numbers.clean_all(self.cleaned_data["sheets"])

    def clean_collected_on(self):
        day = self.cleaned_data["collected_on"]
        if day and day > now().date():
            raise ValidationError(_("This day has not come yet."), "future")
        return day

    def clean(self):
        data = super().clean()
        campaign = data.get("campaign")
        if campaign:
            frozen = campaign.appeals.exclude(frozen_at=None)
            data["appeal"] = (
                frozen.filter(version=data["version"]).first()
                if data.get("version")
                else campaign.appeal
            )
            if data["appeal"] is None:
                self.add_error("version", _("There is no such version of the text."))
        return data

    @property
    def facts(self) -> dict:
        """The same as JSON."""
        data = self.cleaned_data
        return {
            "campaign": data["campaign"].pk,
            "appeal": data["appeal"].pk,
            "via": data["organiser"].code if data["organiser"] else "",
            "language": data["language"],
            "collected_on": data["collected_on"].isoformat() if data["collected_on"] else None,
            "sheets": data["sheets"],
            "note": data["note"],
        }


class FileForm(BatchForm):
    file = forms.FileField(
        label=_("File"),
        help_text=_(
            "CSV (UTF-8) or XLSX, at most 5 MB and 20,000 lines. The first line has the headings: "
            "name, town, country, visibility (count, handin or public), number."
        ),
    )


class ScanForm(forms.Form):
    scan = forms.FileField(label=_("Picture or PDF of the sheet"))

    def clean_scan(self):
        upload = self.cleaned_data["scan"]
        if upload.size > pictures.MOST_BYTES:
            raise ValidationError(_("The file is too large. At most 5 MB can be kept."), "size")
        content = upload.read()
        self.media_type = pictures.type_of(content)
        if not self.media_type:
            raise ValidationError(_("This is no PDF, PNG or JPEG that can be read."), "type")
        return content


@admin.register(PaperBatch)
class PaperBatchAdmin(DeskAdmin):
    list_display = ["__str__", "collected_on", "lines", "held", "entered_by", "day", "campaign"]
    list_filter = ["campaign", "via"]
    list_select_related = ["campaign", "entered_by"]
    show_full_result_count = False
    fields = [
        "campaign", "via", "language", "collected_on", "note", "lines", "held", "entered_by",
        "entered_at",
    ]  # fmt: skip
    change_form_template = "admin/signatures/paper/batch.html"
    change_list_template = "admin/signatures/paper/batches.html"
    actions = None

    def get_urls(self):
        pages = [
            ("import/", import_file, "import"),
            ("sheets/", print_sheets, "sheets"),
            ("<int:pk>/lines/", show_lines, "lines"),
            ("<int:pk>/take-back/", take_back, "take_back"),
            ("sheet/<int:pk>/scan/", scan, "scan"),
        ]
        ours = [
            path(route, self.admin_site.admin_view(view), name=f"signatures_paperbatch_{name}")
            for route, view, name in pages
        ]
        return [*ours, *super().get_urls()]

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def add_view(self, request, form_url="", extra_context=None):
        return enter_lines(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        context = {
            "sheets": PaperSheet.objects.filter(batch=object_id).defer("scan").order_by("number"),
            "may_change": request.user.has_perm("signatures.change_paperbatch"),
            "scan_form": ScanForm(),
        }
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=_("signatures"))
    def lines(self, batch):
        return batch.signatures.live().count()

    @admin.display(description=_("held"))
    def held(self, batch):
        return batch.signatures.held().count()

    @admin.display(description=_("entered"), ordering="entered_at")
    def day(self, batch):
        return batch.entered_at.date()


def allowed(*acts):
    """Only for those who may do this with paper batches."""

    def decorate(view):
        def guarded(request, *args, **kwargs):
            if not all(request.user.has_perm(f"signatures.{act}") for act in acts):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def page(request, name, title, status=200, /, **context):
    context = {
        **admin.site.each_context(request),
        "title": title,
        "opts": PaperBatch._meta,
        **context,
    }
    return render(request, f"admin/signatures/paper/{name}.html", context, status=status)


# Printing


@allowed("add_paperbatch")
@require_http_methods(["GET", "HEAD"])
def print_sheets(request):
    """Asks how many, then gives them as one PDF. None of them is stored."""
    form = SheetsForm(request.GET if "campaign" in request.GET else None)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return page(request, "sheets", _("Print sheets"), status, form=form)
    data = form.cleaned_data
    code = data["organiser"].code if data["organiser"] else ""
    with override(data["language"]):
        content = sheet.make(data["campaign"], code, data["number"])
    response = HttpResponse(content, content_type="application/pdf")
    name = f"{data['campaign'].slug}-{data['language']}.pdf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# Entering


@allowed("add_paperbatch")
@require_http_methods(["GET", "HEAD", "POST"])
def enter_lines(request):
    """A sheet or two, typed in."""
    form = BatchForm(request.POST or None)
    country = request.POST.get("country", "")
    line_forms = LineForms(request.POST or None, form_kwargs={"country": known(country)})
    if form.is_valid() & line_forms.is_valid():
        typed = [lines.paper_line(f.cleaned_data) for f in line_forms if f.has_changed()]
        content = {"facts": form.facts, "lines": [as_json(line) for line in typed]}
        content["digest"] = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        if answer := _enter(request, form, content) if typed else _nothing(form):
            return answer
    status = 422 if form.is_bound else 200
    return page(request, "enter", _("Enter sheets"), status, form=form, lines=line_forms)


def known(country: str) -> str:
    return country if country in countries.CODES else ""


def _nothing(form):
    form.add_error(None, _("Write at least one line."))


@allowed("add_paperbatch")
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request):
    """First shows what is in the file, or everything that is wrong with it; then enters it.

    What was shown comes back sealed from the page, so that nothing is kept in between.
    """
    if previews.FIELD in request.POST:
        return _enter_what_was_shown(request)
    form = FileForm(request.POST or None, request.FILES or None)
    faults, content = [], None
    if form.is_valid():
        found, faults, digest = _read(form.cleaned_data)
        content = {"facts": form.facts, "lines": [as_json(line) for line in found]}
        content["digest"] = digest
    if content is None or faults:
        title, status = _("Import a file"), 422 if form.is_bound else 200
        return page(request, "import", title, status, form=form, **shown(faults))
    refusal = _refusal(form, content)
    if refusal:
        return page(request, "import", _("Import a file"), 409, form=form)
    return _preview(request, form.cleaned_data["campaign"], found, content)


def _read(data):
    upload = data["file"]
    # One byte more than may be, so that the reader says what is wrong.
    content = upload.read(tables.MOST_BYTES + 1)
    table = tables.read(content, upload.name, lines.PAPER_COLUMNS)
    return *lines.paper(table, data["country"]), table.digest


def shown(faults) -> dict:
    return {
        "faults": sorted(faults)[:FAULTS],
        "number_of_faults": len(faults),
        "more_faults": max(0, len(faults) - FAULTS),
    }


def _refusal(form, content) -> bool:
    """Whether the file or a sheet is there already; then the form says so."""
    campaign, facts = form.cleaned_data["campaign"], content["facts"]
    there = PaperSheet.objects.filter(campaign=campaign, number__in=facts["sheets"])
    entered = lifecycle.Entered(
        is_known=PaperBatch.objects.filter(campaign=campaign, digest=content["digest"]).exists(),
        known_sheets=tuple(there.values_list("number", flat=True)),
    )
    for words in reasons(entered):
        form.add_error(None, words)
    return not entered.is_done


def _preview(request, campaign, found, content):
    doubles = lifecycle.find_doubles(campaign, found)
    by_visibility = dict.fromkeys(Visibility, 0)
    by_country = {}
    for line in found:
        by_visibility[line.visibility] += line.number
        by_country[line.country] = by_country.get(line.country, 0) + line.number
    sealed = previews.seal(request.user, "paper", content)
    if sealed is None:
        faults = [tables.Fault(0, str(_("This is too much at once. Split the file.")))]
        form = FileForm()
        return page(request, "import", _("Import a file"), 422, form=form, **shown(faults))
    return page(
        request, "preview", _("Import a file"),
        campaign=campaign,
        number=sum(by_visibility.values()),
        visibilities=[(Visibility(value).label, n) for value, n in by_visibility.items()],
        countries=sorted(by_country.items(), key=lambda item: -item[1]),
        doubles=[found[place] for place in sorted(doubles)][:FAULTS],
        number_of_doubles=len(doubles),
        first=found[:10],
        field=previews.FIELD,
        sealed=sealed,
    )  # fmt: skip


def _enter_what_was_shown(request):
    content = previews.unseal(request.user, "paper", request.POST[previews.FIELD])
    if content is None:
        words = _("The page was too old. Choose the file again.")
        messages.warning(request, words)
        return redirect("admin:signatures_paperbatch_import")
    form = FileForm()
    answer = _enter(request, None, content)
    return answer or page(request, "import", _("Import a file"), 409, form=form)


def _enter(request, form, content):
    """Enter a batch; the page that follows, or `None`: then the form, or the desk, says why."""
    facts = content["facts"]
    campaign = get_object_or_404(Campaign, pk=facts["campaign"])
    batch = PaperBatch(
        campaign=campaign,
        via=facts["via"],
        language=facts["language"],
        collected_on=forms.DateField(required=False).clean(facts["collected_on"]),
        note=facts["note"],
        digest=content["digest"],
        entered_by=request.user,
    )
    appeal = get_object_or_404(campaign.appeals, pk=facts["appeal"])
    typed = [lifecycle.Line(*line) for line in content["lines"]]
    entered = lifecycle.enter(batch, typed, facts["sheets"], appeal)
    if entered.is_done:
        tell(request, entered)
        return redirect("admin:signatures_paperbatch_change", batch.pk)
    for words in reasons(entered):
        if form:
            form.add_error(None, words)
        else:
            messages.error(request, words)
    return None


def as_json(line: lifecycle.Line) -> list:
    return [line.country, str(line.visibility), line.name, line.city, line.number]


def reasons(entered) -> list:
    """Why nothing was entered."""
    found = []
    if entered.is_refused:
        found.append(_("This campaign takes no more paper."))
    if entered.is_known:
        found.append(_("This has been entered before. Nothing was entered again."))
    if entered.known_sheets:
        sheets = ", ".join(map(numbers.printed, entered.known_sheets))
        found.append(_("Sheets that have been entered before: %(sheets)s") % {"sheets": sheets})
    return found


def tell(request, entered):
    words = ngettext(
        "%(number)d signature was entered and counts.",
        "%(number)d signatures were entered and count.",
        entered.counted,
    )
    messages.success(request, words % {"number": entered.counted})
    if entered.held:
        words = ngettext(
            "%(number)d looks like another signature and is held until somebody has looked.",
            "%(number)d look like other signatures and are held until somebody has looked.",
            entered.held,
        )
        messages.warning(request, words % {"number": entered.held})


# Afterwards


@allowed("view_paperbatch", "view_signature")
@require_http_methods(["GET", "HEAD", "POST"])
def show_lines(request, pk):
    """The lines of a batch; one can be found by its whole name, and withdrawn for its signatory."""
    batch = get_object_or_404(PaperBatch, pk=pk)
    if "withdraw" in request.POST:
        return _withdraw(request, batch)
    rows = batch.signatures.live().order_by("-visibility", "pk")
    name = request.POST.get("name", "").strip()
    if name:
        rows = [row for row in rows.iterator() if names.fold(row.name) == names.fold(name)]
    found = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    may_change = request.user.has_perm("signatures.change_paperbatch")
    context = {"batch": batch, "found": found, "name": name, "may_change": may_change}
    return page(request, "lines", _("Lines of a batch"), **context)


@allowed("change_paperbatch")
def _withdraw(request, batch):
    number = request.POST["withdraw"]
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Http404
    signature = get_object_or_404(batch.signatures.live(), pk=number)
    if "sure" not in request.POST:
        context = {"batch": batch, "signature": signature}
        return page(request, "withdraw", _("Withdraw a signature"), **context)
    if lifecycle.withdraw_from_paper(signature, request.user):
        messages.success(request, _("The signature is withdrawn, and its name is erased."))
    return redirect("admin:signatures_paperbatch_lines", batch.pk)


@allowed("change_paperbatch")
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request, pk):
    """Asks first: this is for a batch that was entered by mistake, and erases it."""
    batch = get_object_or_404(PaperBatch, pk=pk)
    if "sure" not in request.POST:
        number = batch.signatures.count()
        return page(request, "take_back", _("Take a batch back"), batch=batch, number=number)
    number = lifecycle.take_back_batch(batch, request.user)
    if number is not None:
        words = ngettext(
            "The batch is gone, and %(number)d signature with it.",
            "The batch is gone, and %(number)d signatures with it.",
            number,
        )
        messages.success(request, words % {"number": number})
    return redirect("admin:signatures_paperbatch_changelist")


@allowed("view_papersheet")
@require_http_methods(["GET", "HEAD", "POST"])
def scan(request, pk):
    """The picture of a sheet, for downloading; a POST keeps one."""
    found = get_object_or_404(PaperSheet.objects.select_related("campaign"), pk=pk)
    if request.method == "POST":
        return _keep_scan(request, found)
    if not found.scan:
        raise Http404
    response = HttpResponse(found.scan, content_type=found.scan_type)
    name = f"{numbers.printed(found.number)}.{pictures.ENDINGS[found.scan_type]}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@allowed("change_papersheet")
def _keep_scan(request, found):
    form = ScanForm(request.POST, request.FILES)
    if form.is_valid():
        content = form.cleaned_data["scan"]
        lifecycle.keep_scan(found, content, form.media_type, request.user)
        messages.success(request, _("The picture is kept, encrypted."))
    else:
        for words in form.errors["scan"]:
            messages.error(request, words)
    return redirect(reverse("admin:signatures_paperbatch_change", args=[found.batch_id]))
