"""The first screen of the desk: what waits, how it goes, what is wrong.

A small, fixed number of queries, and none that reads the whole table of signatures: each is
answered by an index of its own (`signature_waiting`, `_held`, `_quotes_waiting`, `_online`,
`outbox_waiting`, `_given_up`). Each number leads to its list, as far as one may see that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns import events, trail_pages
from campaigns.models import Campaign
from signatures import outbox, proposals, retention, tally
from signatures.models import OutboxMail, Signature

LATE = 15  # minutes for which a mail that somebody waits for may wait
WEEK = 7  # days, today included
NEWEST = 6  # events of the trail
Status = Campaign.Status


@dataclass(frozen=True)
class Figure:
    """A number, what it is the number of, and where one can look at it."""

    number: int
    words: str
    url: str = ""
    note: str = ""
    note_url: str = ""


class SignedFilter(admin.SimpleListFilter):
    title = _("signed online")
    parameter_name = "signed"

    def lookups(self, request, model_admin):
        return [("today", _("today")), ("week", _("in the last seven days"))]

    def queryset(self, request, queryset):
        since = {"today": today(), "week": week()}.get(self.value())
        return queryset.signed_since(since) if since else queryset


class MailFilter(admin.SimpleListFilter):
    title = _("mail")
    parameter_name = "mail"

    def lookups(self, request, model_admin):
        return [("waiting", _("waits")), ("given_up", _("was given up or came back today"))]

    def queryset(self, request, queryset):
        mails = {"waiting": OutboxMail.objects.waiting, "given_up": given_up}.get(self.value())
        return queryset.filter(pk__in=mails().values("signature")) if mails else queryset


def overview(user) -> dict:
    """For this organiser; without any right there is nothing to see."""
    if not user.get_all_permissions():
        return {}
    to_list = ToList(user)
    behind = outbox.minutes_behind(now())
    sees = user.has_perm("signatures.view_signature")
    return {
        "alarms": list(alarms(behind)),
        "waiting": [*(waiting(to_list) if sees else []), *proposed(user)],
        "campaigns": [of_campaign(campaign, user, to_list) for campaign in running()],
        "signed": signed(to_list) if sees else [],
        "mails": mails(behind, to_list),
        "events": newest(user),
    }


class ToList:
    """Addresses of the list of signatures, for those who may see it."""

    def __init__(self, user):
        self.path = ""
        if user.has_perm("signatures.view_signature"):
            self.path = reverse("admin:signatures_signature_changelist")

    def __call__(self, **filters) -> str:
        return f"{self.path}?{urlencode(filters)}" if self.path else ""


def today() -> datetime:
    return now().replace(hour=0, minute=0, second=0, microsecond=0)


def week() -> datetime:
    return today() - timedelta(days=WEEK - 1)


def given_up():
    return OutboxMail.objects.filter(failed_at__gte=today())


def running():
    """Campaigns that have not ended, with their totals."""
    total = Sum("tally__number", filter=~Q(tally__kind__in=tally.GONE))
    return (
        Campaign.objects.filter(status__in=[Status.DRAFT, Status.OPEN, Status.PAUSED])
        .annotate(total=total)
        .order_by("pk")
    )


def waiting(to_list):
    organisations = Signature.objects.waiting().count()
    held = Signature.objects.held().aggregate(all=Count("*"), paper=Count("batch"))
    comments = Signature.objects.quotes_waiting().count()
    yield Figure(
        organisations,
        ngettext("organisation to decide on", "organisations to decide on", organisations),
        to_list(state="waiting"),
    )
    yield Figure(
        held["all"],
        ngettext("signature is held", "signatures are held", held["all"]),
        to_list(state="held"),
        of_paper(held["paper"]),
        to_list(state="doubles"),
    )
    yield Figure(
        comments,
        ngettext("comment to read", "comments to read", comments),
        to_list(state="comments"),
    )


def of_paper(number) -> str:
    words = ngettext(
        "%(number)d on paper looks like another one",
        "%(number)d on paper look like others",
        number,
    )
    return words % {"number": number} if number else ""


def proposed(user):
    """What others propose, to those who may decide on it."""
    if not user.has_perm("signatures.view_proposal"):
        return
    acts = [act for act in proposals.Act if proposals.may_decide(user, act)]
    number = proposals.waiting().filter(act__in=acts).exclude(by=user).count()
    words = ngettext("proposal needs a second person", "proposals need a second person", number)
    yield Figure(number, words, f"{reverse('admin:signatures_proposal_changelist')}?state=waiting")


def of_campaign(campaign, user, to_list) -> dict:
    url = to_list(state="counted", campaign__id__exact=campaign.pk)
    if user.has_perm("campaigns.view_campaign"):
        url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    return {"campaign": campaign, "total": campaign.total or 0, "url": url}


def signed(to_list) -> list:
    """How many signed, how many of them have confirmed, and the share: today, and in a week."""
    is_confirmed = Q(confirmed_at__isnull=False)
    is_today = Q(signed_at__gte=today())
    # Columns of the index, so that it answers alone.
    numbers = Signature.objects.signed_since(week()).aggregate(
        today=Count("signed_at", filter=is_today),
        today_confirmed=Count("signed_at", filter=is_today & is_confirmed),
        week=Count("*"),
        week_confirmed=Count("signed_at", filter=is_confirmed),
    )
    return [
        period(_("signed online today"), "today", numbers, to_list),
        period(_("signed online in the last seven days"), "week", numbers, to_list),
    ]


def period(words, name, numbers, to_list) -> dict:
    number, confirmed = numbers[name], numbers[f"{name}_confirmed"]
    has_confirmed = ngettext("has confirmed", "have confirmed", confirmed)
    return {
        "signed": Figure(number, words, to_list(signed=name)),
        "confirmed": Figure(confirmed, has_confirmed, to_list(signed=name, state="confirmed")),
        "percent": 100 * confirmed // number if number else None,
    }


def mails(behind, to_list) -> list[Figure]:
    queue = OutboxMail.objects.waiting().aggregate(
        all=Count("*"), patient=Count("precedence", filter=Q(precedence__gt=0))
    )
    lost = given_up().count()
    note = ""
    if queue["patient"]:
        note = _("%(number)d of them are reminders or news, which let others go first")
        note %= {"number": queue["patient"]}
    return [
        Figure(
            queue["all"],
            ngettext("mail waits to be sent", "mails wait to be sent", queue["all"]),
            to_list(mail="waiting"),
            note,
        ),
        Figure(
            behind,
            ngettext(
                "minute that the oldest has waited", "minutes that the oldest has waited", behind
            ),
            to_list(mail="waiting"),
        ),
        Figure(
            lost,
            ngettext(
                "mail was given up or came back today",
                "mails were given up or came back today",
                lost,
            ),
            to_list(mail="given_up"),
        ),
    ]


def alarms(behind):
    """Sentences that say what is wrong and what to do."""
    if outbox.is_paused():
        yield _(
            "The mail server refuses us, so nobody can confirm at the moment. Tell whoever runs "
            "the site; what waits is sent as soon as it is mended."
        )
    elif behind > LATE:
        words = _(
            "Somebody has been waiting for a mail for %(minutes)d minutes. Tell whoever runs the "
            "site if that does not become less."
        )
        yield words % {"minutes": behind}
    kept = retention.kept_too_long()
    if kept is None:
        yield _(
            "For hours nothing has been looked through for what should be forgotten by now: the "
            "mail sender seems to stand still. Tell whoever runs the site."
        )
    elif kept:
        words = ngettext(
            "%(number)d thing is kept for longer than the privacy page says. Tell whoever runs "
            "the site.",
            "%(number)d things are kept for longer than the privacy page says. Tell whoever runs "
            "the site.",
            kept,
        )
        yield words % {"number": kept}


def newest(user) -> list[dict]:
    """What happened lately at the desk."""
    if not user.has_perm("campaigns.view_auditevent"):
        return []
    return [
        {"event": event, "sentence": events.sentence(event)}
        for event in trail_pages.visible(user).order_by("-number")[:NEWEST]
    ]
