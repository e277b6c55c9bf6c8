"""Every column that could say something about a person: what it is for, how it is kept, how long.

The privacy page shows `table`. A test fails when a model or a column is missing here, or is
declared and gone, so that nothing is held which the page does not name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import Model
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from signatures import lifecycle, outbox
from signatures.retention.columns import COLUMNS, NOT_ABOUT_PEOPLE

LEDGER_DAYS = 2 * settings.BACKUP_DAYS
LOG_DAYS = 365
EXACT_DAYS = 30  # after that a signature keeps the day, no longer the hour
KNOWN_DAYS = 30  # how long the desk remembers from where somebody has logged in
FILE_DAYS = 7  # how long a file made for the hand-in is kept
CODE_DAYS = 7  # how long wrong guesses of a code are counted

READABLE = _("readable")
SEALED = _("encrypted")
HASHED = _("as a code that cannot be read back")
OUTSIDE = _("encrypted to a key that is not on the server")

SIGNING = _("When you sign")
ORGANISING = _("When you sign for an organisation")
ON_PAPER = _("When you sign on paper")
DESK = _("When you work at the organisers' desk")


@dataclass(frozen=True)
class Held:
    """A line of the privacy page. `until` is called in the language of the page."""

    group: Any
    what: Any
    why: Any
    how: Any
    until: Callable[[], str]


class Row(NamedTuple):
    what: str
    why: str
    how: str
    until: str


def days(number: int) -> str:
    return ngettext("%(days)d day", "%(days)d days", number) % {"days": number}


def until_hand_in() -> str:
    words = _(
        "Until you withdraw; at the latest %(time)s after the hand-in, or %(closing)s after the "
        "end of signing if nothing has been handed in"
    )
    return words % {
        "time": days(settings.AFTER_HAND_IN_DAYS),
        "closing": days(settings.AFTER_CLOSING_DAYS),
    }


def address_goes() -> str:
    words = _(
        "Until you confirm, at most %(pending)s. If you want news: until you stop them, at the "
        "latest %(news)s after the last news or the hand-in, or %(closing)s after the end of "
        "signing if there was neither"
    )
    return words % {
        "pending": days(settings.PENDING_DAYS),
        "news": days(settings.NEWS_DAYS),
        "closing": days(settings.AFTER_CLOSING_DAYS),
    }


def hour_goes() -> str:
    words = _(
        "The hour for %(exact)s. %(time)s after the hand-in, or %(closing)s after the end of "
        "signing if nothing has been handed in, nothing connects the rest with you: only the count "
        "remains"
    )
    return words % {
        "exact": days(EXACT_DAYS),
        "time": days(settings.AFTER_HAND_IN_DAYS),
        "closing": days(settings.AFTER_CLOSING_DAYS),
    }


def links_go() -> str:
    words = _("Those that confirm: %(time)s. The one to your own page: as long as your signature")
    return words % {"time": days(settings.PENDING_DAYS)}


def mails_go() -> str:
    words = _("Until it is handed over, at most %(tries)s; that it was sent, %(time)s")
    return words % {
        "tries": days(outbox.GIVE_UP_AFTER.days),
        "time": days(outbox.KEPT_FOR.days),
    }


LINES = {
    "address": Held(
        SIGNING,
        _("E-mail address"),
        _("To ask you to confirm, and to send you news if you want them"),
        SEALED,
        address_goes,
    ),
    "hash": Held(
        SIGNING,
        _("A code made from the address"),
        _("So that nobody signs twice, and so that you can find your signature again"),
        HASHED,
        until_hand_in,
    ),
    "name": Held(
        SIGNING,
        _("Name, town, comment"),
        _(
            "For the addressees, and for the web if you want that. If you are only counted, we do "
            "not keep them"
        ),
        SEALED,
        until_hand_in,
    ),
    "figures": Held(
        SIGNING,
        _("Country, language, day and hour, your choices, the text that you agreed to"),
        _("To count, and to prove that you agreed"),
        READABLE,
        hour_goes,
    ),
    "decisions": Held(
        SIGNING,
        _(
            "Whose invitation you followed, what looked unusual, and what organisers wrote about "
            "it; of organisations also the domain of the address"
        ),
        _("To find made-up signatures, and so that every decision can be examined"),
        READABLE,
        until_hand_in,
    ),
    "links": Held(
        SIGNING,
        _("The links and codes that we mailed to you"),
        _("So that only you can confirm and change your signature"),
        HASHED,
        links_go,
    ),
    "mails": Held(
        SIGNING,
        _("A mail on its way to you"),
        _("To try again while your mailbox does not answer"),
        SEALED,
        mails_go,
    ),
    "mute": Held(
        SIGNING,
        _("A code made from an address whose owner said that it was somebody else"),
        _("To send no more mail there"),
        HASHED,
        lambda: days(lifecycle.MUTED_FOR.days),
    ),
    "ledger": Held(
        SIGNING,
        _("A code made from the address, after you have taken something back"),
        _("So that no backup brings it again: your signature, your name, the news"),
        HASHED,
        lambda: days(LEDGER_DAYS),
    ),
    "limits": Held(
        SIGNING,
        _("How often one address or one network asked for something"),
        _("Against robots"),
        HASHED,
        lambda: (
            _("Networks at most two days, addresses at most %(time)s") % {"time": days(CODE_DAYS)}
        ),
    ),
    "backup": Held(
        SIGNING,
        _("Copies of all this"),
        _("For the day when a disk breaks"),
        OUTSIDE,
        lambda: days(settings.BACKUP_DAYS),
    ),
    "sealed": Held(
        SIGNING,
        _("Your line in the list for the addressees, if you agreed to be named"),
        _("So that what is handed in cannot be changed, and you can check it"),
        SEALED,
        until_hand_in,
    ),
    "paper": Held(
        ON_PAPER,
        _("Your line on the sheet, who collected it, and a picture of the sheet if there is one"),
        _("To count you, and to find doubles"),
        SEALED,
        until_hand_in,
    ),
    "organisation": Held(
        ORGANISING,
        _("Name, country and website of the organisation"),
        _("To list it"),
        READABLE,
        lambda: str(_("Until it withdraws")),
    ),
    "account": Held(
        DESK,
        _("Name, address, rights, your password as a code, and that you are logged in"),
        _("To let you in, and nobody else"),
        READABLE,
        lambda: str(_("As long as you have an account")),
    ),
    "known": Held(
        DESK,
        _("From which networks you have logged in"),
        _("So that nobody keeps you out by guessing your codes from elsewhere"),
        HASHED,
        lambda: days(KNOWN_DAYS),
    ),
    "log": Held(
        DESK,
        _("What you changed and decided, and when"),
        _("So that every change can be examined"),
        READABLE,
        lambda: (
            _("%(time)s; decisions about a campaign or a signature as long as it is there")
            % {"time": days(LOG_DAYS)}
        ),
    ),
    "trail": Held(
        DESK,
        _("What you decided about campaigns, exports, lists and mailings, and when"),
        _("In a chain that shows if somebody changes it later"),
        READABLE,
        lambda: str(_("As long as the site is there")),
    ),
}
# No column of its own: what is copied, and some of the counters.
ELSEWHERE = {"backup", "known"}


def table() -> list[tuple[str, list[Row]]]:
    """Headings and their rows, in the active language, for the page that says what is held."""
    rows: dict[str, list[Row]] = {}
    for line in LINES.values():
        row = Row(str(line.what), str(line.why), str(line.how), str(line.until()))
        rows.setdefault(str(line.group), []).append(row)
    return list(rows.items())


def undeclared() -> set[str]:
    """`app.Model.column` of all that exists and is not declared, or is declared and gone."""
    return set().union(*map(_difference, apps.get_models())) | _gone()


def _difference(model: type[Model]) -> set[str]:
    label = model._meta.label
    if label in NOT_ABOUT_PEOPLE or model._meta.proxy:
        return set()
    columns = {field.name for field in (*model._meta.fields, *model._meta.many_to_many)}
    return {f"{label}.{name}" for name in columns ^ set(COLUMNS.get(label, {}))}


def _gone() -> set[str]:
    installed = {model._meta.label for model in apps.get_models()}
    return (set(COLUMNS) | NOT_ABOUT_PEOPLE) - installed
