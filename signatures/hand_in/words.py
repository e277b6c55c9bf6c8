"""Sentences that several files of a hand-in share, in the language that is active."""

from datetime import date, datetime

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from signatures import small_cells
from signatures.hand_in.contents import Contents


def number(value: int) -> str:
    return str(intcomma(value))


def day(moment: date | datetime) -> str:
    return date_format(moment, "DATE_FORMAT")


def title(contents: Contents) -> str:
    """“Sealed list 2 of 3 March 2027”, and of which country."""
    hand_in = contents.hand_in
    words = _("Sealed list %(number)d of %(day)s")
    heading = words % {"number": hand_in.number, "day": day(hand_in.moment)}
    return f"{heading} · {contents.country_name}" if contents.country else heading


def total(contents: Contents) -> str:
    if contents.is_small:
        return _("fewer than %(least)d") % {"least": small_cells.LEAST}
    return number(contents.total)


def consent(contents: Contents) -> str:
    """On the cover of whatever holds names: how many signed, and how many of them are in it."""
    words = ngettext(
        "%(total)s signed, of whom %(listed)s agreed to be listed here.",
        "%(total)s signed, of whom %(listed)s agreed to be listed here.",
        contents.total,
    )
    return words % {"total": total(contents), "listed": number(contents.listed)}


def figures(contents: Contents) -> list[tuple[str, str]]:
    """The headline figures, each with what it counts."""
    if contents.is_small:
        return [(total(contents), _("signatures"))]
    shown = [
        (contents.people, ngettext("person", "people", contents.people)),
        (
            contents.organisations,
            ngettext("organisation", "organisations", contents.organisations),
        ),
        (contents.paper, ngettext("person on paper", "people on paper", contents.paper)),
    ]
    if not contents.country:
        countries = contents.hand_in.countries
        shown.append((countries, ngettext("country", "countries", countries)))
    return [(number(value), words) for value, words in shown if value]


def correction(contents: Contents) -> list[str]:
    """What is no longer so since the list was sealed; the totals above stand as they were."""
    gone, held = contents.correction
    told = []
    if gone:
        words = ngettext(
            "Correction: since the list was sealed, %(number)s signature was taken back. It is "
            "part of the totals above and no longer part of the names.",
            "Correction: since the list was sealed, %(number)s signatures were taken back. They "
            "are part of the totals above and no longer part of the names.",
            gone,
        )
        told.append(words % {"number": number(gone)})
    if held:
        words = ngettext(
            "Correction: since the list was sealed, the organisers have stopped counting "
            "%(number)s signature, which they are looking into.",
            "Correction: since the list was sealed, the organisers have stopped counting "
            "%(number)s signatures, which they are looking into.",
            held,
        )
        told.append(words % {"number": number(held)})
    return told


def handed_in(contents: Contents) -> str:
    """Day, place and recipient, as far as they are known."""
    hand_in = contents.hand_in
    known = [
        day(hand_in.handed_in_on) if hand_in.handed_in_on else "",
        str(hand_in.place),
        str(hand_in.recipient),
    ]
    return " · ".join(filter(None, known))


def method(contents: Contents) -> list[str]:
    """How the figures and the names come about, and how anybody can check them."""
    return [
        _(
            "Each signature online was confirmed by a press of a button in a mail to the address "
            "that signed; one address counts once. Organisations count after the organisers of "
            "the campaign have looked at them. Signatures on paper are counted apart."
        ),
        _(
            "Named here is only who agreed that the addressees get the name. Everybody else is "
            "counted and not named. E-mail addresses are handed to nobody."
        ),
        _(
            "Countries with fewer than %(least)d signatures are told together, because a handful "
            "of people can be recognised."
        )
        % {"least": small_cells.LEAST},
        _(
            "The list was sealed on %(day)s: every signature in it is a line with a random number, "
            "and the digest on this page, a SHA-256, is computed from all lines. If a line were "
            "changed, added or removed later, the digest would be another one. The campaign's page "
            "shows the same digest and explains how to check it. The number beside a name is its "
            "place in that list."
        )
        % {"day": day(contents.hand_in.moment)},
    ]
