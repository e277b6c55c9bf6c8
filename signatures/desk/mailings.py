"""An update as a mail: how it looks, how many people want it, sending it, and stopping that."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from campaigns.models import Update
from signatures import emails, mailing, proposals
from signatures.forms import AddressForm
from signatures.models import Mailing, Proposal

ALONE = 1000  # readers to whom one organiser may mail without a second one
NAMES = dict(settings.LANGUAGES)
SHOWN = ["From", "Reply-To", "Subject", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"]
# The HTML of a mail brings its style along, as mail programs want it, and loads nothing.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)


class TrialForm(AddressForm):
    """Where an organiser wants to see the mail arrive."""

    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, update, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [(code, NAMES[code]) for code in update.languages]


@require_safe
def letter(request, pk):
    """The HTML of the mail as it leaves, in the language that is asked for, else in English."""
    update = _get(request, pk)
    html, _kind = emails.preview(update, request.GET.get("language", "")).alternatives[0]
    return HttpResponse(html, headers={"Content-Security-Policy": MAIL_POLICY})


def mail(request, pk):
    """Everything about the mail on one page; its buttons act at once."""
    update = _get(request, pk)
    if request.method != "POST":
        return _page(request, update, TrialForm(update))
    act = ACTS.get(request.POST.get("act"), _nothing)
    return act(request, update) or redirect("admin:campaigns_update_mail", pk)


def _nothing(request, update):
    messages.warning(request, _("Nothing was chosen."))


def _try_out(request, update):
    form = TrialForm(update, request.POST)
    if not form.is_valid():
        return _page(request, update, form)
    address, language = form.cleaned_data["email"], form.cleaned_data["language"]
    if mailing.try_out(update, address, language, by=request.user):
        messages.success(request, _("The mail is on its way to you. The address is not kept."))
    else:
        words = _("At most %(most)d a day. Here on this page you see the mail as it leaves.")
        messages.warning(request, words % {"most": mailing.TRIALS_A_DAY})
    return None


def _send(request, update):
    """At once, or, if it is many, when somebody else agrees."""
    number = sum(mailing.readers_by_language(update.campaign).values())
    if not update.published_at or of(update) or not number or _proposal(update):
        messages.warning(request, _("Nothing has changed: look at what this page says now."))
    elif number > ALONE:
        proposals.propose(
            Proposal.Act.MAIL, update.campaign, number, str(update)[:200], request.user,
            update=update.pk,
        )  # fmt: skip
        messages.success(request, _("Proposed. The mails leave as soon as somebody else agrees."))
    elif mailing.start(update, request.user):
        messages.success(request, _("The mails are on their way."))


def _stop(request, update):
    if not request.user.has_perm("signatures.change_mailing"):
        raise PermissionDenied
    sent = of(update)
    if sent is not None and mailing.stop(sent, request.user):
        messages.success(request, _("Stopped. What has not left yet will not leave any more."))
    else:
        messages.warning(request, _("Nothing has changed: look at what this page says now."))


ACTS = {"try": _try_out, "send": _send, "stop": _stop}


def of(update) -> Mailing | None:
    return getattr(update, "mailing", None)


def words_about(sent: Mailing | None) -> str:
    """Where a mailing stands; nothing if there is none."""
    if sent is None:
        return ""
    waiting = mailing.waiting(sent.update).count()
    if sent.stopped_at:
        return _("stopped after %(number)d mails") % {"number": sent.queued}
    if not sent.finished_at:
        return _("being put into the queue: %(number)d so far") % {"number": sent.queued}
    words = ngettext("%(number)d mail", "%(number)d mails", sent.queued) % {"number": sent.queued}
    if not waiting:
        return words
    return _("%(mails)s, %(waiting)d of them still waiting") % {"mails": words, "waiting": waiting}


def _get(request, pk) -> Update:
    if not request.user.has_perm("signatures.add_mailing"):
        raise PermissionDenied
    return get_object_or_404(Update.objects.select_related("campaign", "mailing"), pk=pk)


def _proposal(update) -> Proposal | None:
    """One that somebody can still agree to."""
    young = Proposal.objects.filter(
        act=Proposal.Act.MAIL, campaign=update.campaign, decided_by=None,
        at__gt=now() - proposals.LASTS,
    )  # fmt: skip
    return next((one for one in young if one.details.get("update") == update.pk), None)


def _page(request, update, form):
    numbers = mailing.readers_by_language(update.campaign)
    sent = of(update)
    context = {
        **admin.site.each_context(request),
        "title": _("The mail"),
        "opts": Update._meta,
        "update": update,
        "form": form,
        "mails": [_as_read(update, code) for code in update.languages],
        "readers": [(NAMES.get(code, code), number, code in update.languages)
                    for code, number in numbers.items()],
        "number": sum(numbers.values()),
        "alone": ALONE,
        "mailing": sent,
        "words": words_about(sent),
        "waits": sent and not sent.stopped_at
        and (not sent.finished_at or mailing.waiting(update).exists()),
        "proposal": _proposal(update),
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "admin/campaigns/update/mail.html", context, status=status)


def _as_read(update, code) -> dict:
    message = emails.preview(update, code)
    head = {"Subject": message.subject, "Reply-To": message.reply_to[0], **message.extra_headers}
    return {
        "code": code,
        "language": NAMES[code],
        "headers": [(name, head[name]) for name in SHOWN],
        "text": message.body,
        "bytes": len(message.message().as_bytes()),
    }
