"""What comes next for a campaign, and why: one sensible act, for the top of its page."""

from dataclasses import dataclass
from datetime import timedelta

from django.urls import NoReverseMatch, reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from campaigns import board, translations
from campaigns.models import Campaign

SOON = timedelta(days=7)
Status = Campaign.Status


@dataclass(frozen=True)
class NextStep:
    """What to do: a `verb` of the campaign, or the address of the page where it is done."""

    words: str
    why: str
    verb: str = ""
    address: str = ""


def next_step(campaign: Campaign) -> NextStep:
    return STEPS[Status(campaign.status)](campaign)


def _draft(campaign):
    if gaps := translations.gaps(campaign):
        return NextStep(
            _("Write what is missing in %(language)s: %(text)s")
            % {"language": translations.name_of(gaps[0].language), "text": gaps[0].text.label},
            _("A campaign is opened once English, and each language that has begun, is whole."),
            address=board.address(campaign, gaps[0]),
        )
    why = _("Nothing is missing. Look at the preview first: from then on the text is frozen.")
    return NextStep(_("Open for signing"), why, verb="publish")


def _open(campaign):
    newest = translations.newest(campaign)
    if newest is not None and newest.frozen_at is None:
        return _publish_version(newest)
    if campaign.closes_at is not None and campaign.closes_at <= now() + SOON:
        return NextStep(
            _("Extend signing, or let it end"),
            _("Signing ends by itself within a week."),
            address=reverse("admin:campaigns_campaign_extend", args=[campaign.pk]),
        )
    return _compare(campaign) or NextStep(
        _("Publish an update"),
        _("Whoever has signed wants to know what comes of it."),
        address=_page("admin:campaigns_update_add"),
    )


def _publish_version(appeal):
    return NextStep(
        _("Finish version %(version)d and publish it") % {"version": appeal.version},
        _("Until then people go on signing the version before."),
        address=reverse("admin:campaigns_appeal_change", args=[appeal.pk]),
    )


def _compare(campaign):
    """The first language that is behind the English text, if there is one."""
    behind = {board.State.STALE, board.State.UNCHECKED, board.State.MISSING}
    for language in board.languages(campaign):
        if language.state in behind:
            return NextStep(
                _("Bring %(language)s up to date") % {"language": language.name},
                language.state.label,
                address=reverse("admin:campaigns_campaign_languages", args=[campaign.pk]),
            )
    return None


def _paused(campaign):
    why = _("Nobody can sign while signing is paused.")
    return NextStep(_("Go on with signing"), why, verb="resume")


def _closed(campaign):
    return NextStep(
        _("Seal the list and hand it in"),
        _("Signing has ended. A sealed list is frozen, dated and hashed; a data officer makes it."),
        address=_page("admin:signatures_handin_changelist"),
    )


def _handed_in(campaign):
    return NextStep(
        _("Tell what came of it"),
        _("The signatures were handed in. News go to everybody who asked for them."),
        address=_page("admin:campaigns_update_add"),
    )


def _page(name: str) -> str:
    """A page of the desk that another part of the site may have."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


STEPS = {
    Status.DRAFT: _draft,
    Status.OPEN: _open,
    Status.PAUSED: _paused,
    Status.CLOSED: _closed,
    Status.HANDED_IN: _handed_in,
}
