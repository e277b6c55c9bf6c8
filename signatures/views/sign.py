"""Signing: the form, the page that sends people to their inbox, and the code typed there."""

from datetime import timedelta

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.models import Campaign
from signatures import keys, lifecycle, outbox, throttle, tokens
from signatures.forms import ChallengeForm, CodeForm, sign_form
from signatures.models import Signature
from signatures.views import answers, appeal
from signatures.views.limits import limited

TICKET_LIFE = timedelta(days=7)
STEP = 5  # minutes, to which a delay is rounded
ONE_REQUEST = timedelta(minutes=1)  # at most, between the writing of a mail and of its ticket
WAY_AROUND = "unsolved"  # the button of those who cannot answer the question
ANSWERED = "captcha_0"  # is sent by who has seen the question


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request, slug):
    """Keep the signature and its mail, whoever it is from, and say: look into your inbox."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    if request.method != "POST":
        form = sign_form(request.GET.get("as", ""))
        return _page(request, campaign, form(initial={"via": request.GET.get("via", "")}), 200)
    form = sign_form(request.POST.get("kind", ""))(request.POST)
    if not (campaign.is_open and form.is_valid()):
        return _page(request, campaign, form, 422 if campaign.is_open else 409)
    if form.by_robot:
        throttle.suspect()
        return _hold(request, campaign, form, lifecycle.HONEYPOT)
    if form.mailbox_is_risky:
        return render(request, "signatures/mailbox.html", {"campaign": campaign, "form": form})
    if not _is_asked_a_question(request, campaign):
        return _keep(campaign, form)
    if WAY_AROUND in request.POST:
        return _hold(request, campaign, form, lifecycle.UNSOLVED)
    challenge = ChallengeForm(request.POST if ANSWERED in request.POST else None)
    return (
        _keep(campaign, form) if challenge.is_valid() else _ask(request, campaign, form, challenge)
    )


def _is_asked_a_question(request, campaign) -> bool:
    crowded = throttle.over_limit(request, "sign")
    if crowded:
        throttle.suspect()
    return crowded or campaign.guarded or throttle.is_under_attack()


def _ask(request, campaign, form, challenge):
    """The question, with all that was typed."""
    context = {"campaign": campaign, "form": form, "challenge": challenge}
    return render(request, "signatures/challenge.html", context, status=429)


def _hold(request, campaign, form, because):
    """For an organiser to look at. So many from one network that nobody could: ask once more."""
    if throttle.over_limit(request, "held"):
        return _ask(request, campaign, form, ChallengeForm())
    return _keep(campaign, form, because)


def _keep(campaign, form, hold_because=""):
    lifecycle.sign(campaign, form.details, hold_because)
    address_hash = lifecycle.address_hash(campaign, form.details["email"])
    ticket = keys.ticket("sent", form.KIND, address_hash, lifecycle.gist(form.details))
    return answers.SeeOther("signatures:sent", campaign.slug, ticket)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@limited("code")
def sent(request, slug, ticket):
    """The same for every address; the six-digit code of the mail confirms here, too."""
    campaign = get_object_or_404(Campaign.objects.public(), slug=slug)
    kind, address_hash, typed = _open(ticket)
    form = CodeForm(request.POST) if request.method == "POST" else CodeForm()
    signature = _find(campaign, kind, address_hash, form, ticket) if form.is_valid() else None
    if signature is not None:
        return _confirm(request, signature, typed)
    context = {"campaign": campaign, "form": form, **_delay(ticket)}
    return render(request, "signatures/sent.html", context, status=422 if form.is_bound else 200)


def _confirm(request, signature, typed):
    """At once what was typed in this browser; if others have typed since, it is read first."""
    if lifecycle.confirm_as_read(signature, typed):
        return answers.thanks(request, signature, tokens.new())
    token = tokens.keep_for_reading(signature)
    return answers.SeeOther("signatures:confirm", token) if token else answers.unknown_link(request)


def _delay(ticket: str) -> dict[str, int]:
    """How long mails take, rounded up; 0 while they take only the minutes that mails do take.

    Only those count that were there before the visitor came. His own address may have got one or
    not, and that is not to be seen here.
    """
    minutes = outbox.minutes_behind(keys.sealed_at(ticket) - ONE_REQUEST)
    return {
        "minutes": minutes // STEP * STEP + STEP if minutes >= STEP else 0,
        "hours": minutes // 60 + 1,
    }


def _page(request, campaign, form, status):
    context = {**appeal.context(campaign), "form": form}
    return render(request, "signatures/sign.html", context, status=status)


def _open(ticket: str) -> list[str]:
    try:
        return keys.read_ticket("sent", ticket, TICKET_LIFE)
    except keys.BadSeal:
        raise Http404 from None


def _find(campaign, kind, address_hash, form, ticket) -> Signature | None:
    """The signature that this code confirms; otherwise the form says what to do.

    That others have tried too many codes is not said: they would learn when the owner does.
    """
    if not throttle.may_try_code(keys.fingerprint("ticket", ticket)):
        form.add_error("code", _("Too many wrong codes. Use the button in the e-mail instead."))
        return None
    is_open = throttle.may_try_code(address_hash)
    signature = (
        Signature.objects.live()
        .select_related("campaign")
        .filter(campaign=campaign, kind=kind, address_hash=address_hash)
        .first()
    )
    if (
        signature is None
        or not is_open
        or not tokens.code_fits(signature, form.cleaned_data["code"])
    ):
        form.add_error("code", _("This is not the code. Compare it with the newest e-mail."))
        return None
    throttle.forgive_codes(address_hash)
    return signature
