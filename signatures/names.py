"""What a name, an address, a text may be: one cleaner for every door.

Each function takes what somebody typed and returns what is stored, or raises `ValidationError` with
a sentence that says what to do. Accepted text comes back as it was, but trimmed and in NFC.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from itertools import groupby

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 100
ORGANISATION_LENGTH = 200
CITY_LENGTH = 100
ROLE_LENGTH = 100
COMMENT_LENGTH = 500
FOLDED_LENGTH = 250
ADDRESS_LENGTH = 254  # RFC 5321, path without the angle brackets
LOCAL_PART_LENGTH = 64  # RFC 5321

# Controls, surrogates, private use, unassigned, line and paragraph separators.
REFUSED_CATEGORIES = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
BIDI_CONTROLS = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
JOINERS = {"\u200c", "\u200d"}
# Letters and marks that show nothing: Hangul fillers, Khmer inherent vowels, joiners of graphemes.
INVISIBLE_LETTERS = set("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u034f\u2800")
VIRAMA = 9  # combining class of the mark that takes a letter's vowel
# What may follow one letter. The accents of all scripts pile up above or below it without an end;
# the vowels and medials of one script have places of their own, five of them in Burmese လွှို့, and
# none of these comes twice, but for a slip of the finger.
ACCENTS_IN_A_ROW, SAME_IN_A_ROW, MARKS_IN_A_ROW = 3, 2, 8
OVERLAY, ATTACHED = 1, 200  # combining classes: struck through; from here on stacked

PERSON_PUNCTUATION = set(
    " '’‘´`-‐‑–.,()·&\"“”„«»‹›"
    "׳״־"  # Hebrew
    "՚֊"  # Armenian
    "་"  # between the syllables of Tibetan
    "፡"  # between the words of Ethiopic
    "・"  # between the names of a foreigner in Japanese
)
ORGANISATION_PUNCTUATION = PERSON_PUNCTUATION | set("/+!?:;*_@#—[]№°")
FORMULA_STARTS = set("=+-@＝＋－＠")
ADDRESS_IN_NAME = re.compile(r"://|www\.", re.IGNORECASE)
HOST_IN_NAME = re.compile(
    r"\w\.(com|net|org|info|biz|ru|xyz|top|shop|site|online)\b", re.IGNORECASE
)

LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
SPECIAL_USE = {"localhost", "local", "internal", "test", "invalid", "onion", "arpa", "lan", "home"}
DOTS_DO_NOT_MATTER = {"gmail.com"}
SAME_PROVIDER = {"googlemail.com": "gmail.com"}
# Mail providers that a state at war with its objectors can ask for a mailbox.
REACHABLE_PROVIDERS = {
    "mail.ru", "internet.ru", "bk.ru", "inbox.ru", "list.ru", "xmail.ru",
    "yandex.ru", "yandex.by", "yandex.com", "yandex.kz", "yandex.ua", "ya.ru", "narod.ru",
    "rambler.ru", "lenta.ru", "autorambler.ru", "myrambler.ru", "ro.ru", "vk.com",
    "tut.by", "mail.by", "list.by", "inbox.by", "open.by", "bk.by", "internet.by",
}  # fmt: skip


# So many people have their mailbox there that many signatures an hour mean nothing.
MAJOR_PROVIDERS = {
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com",
    "icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "tutanota.com", "tuta.io",
    "posteo.de", "mailbox.org", "riseup.net", "disroot.org", "systemli.org", "gmx.de", "gmx.net",
    "gmx.at", "gmx.ch", "web.de", "t-online.de", "freenet.de", "bluewin.ch", "orange.fr", "free.fr",
    "laposte.net", "wanadoo.fr", "sfr.fr", "hotmail.fr", "yahoo.fr", "yahoo.de", "yahoo.it",
    "libero.it", "virgilio.it", "hotmail.it", "tiscali.it", "yahoo.es", "hotmail.es", "yahoo.gr",
    "otenet.gr", "ziggo.nl", "kpnmail.nl", "xs4all.nl", "skynet.be", "telenet.be", "wp.pl", "o2.pl",
    "onet.pl", "interia.pl", "seznam.cz", "ukr.net", "i.ua", "meta.ua", "yahoo.co.uk",
    "hotmail.co.uk", "btinternet.com",
}  # fmt: skip


def clean_text(text: str) -> str:
    """Free text of several lines: what no text of ours may hold is refused."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not _shows_something(text):
        return ""
    for character in text:
        if character == "\ufffd" or (
            unicodedata.category(character) in REFUSED_CATEGORIES and character != "\n"
        ):
            raise ValidationError(_("Remove the characters that cannot be read."), "unreadable")
        if character in BIDI_CONTROLS:
            raise ValidationError(
                _("Remove the invisible characters that change the direction of writing."), "bidi"
            )
    if _piles_up_marks(text):
        raise ValidationError(_("Use at most three accents on one letter."), "marks")
    return text


def clean_line(text: str) -> str:
    """Text of one line, without characters that show nothing."""
    text = clean_text(text)
    if "\n" in text:
        raise ValidationError(_("Write it on one line."), "line")
    for index, character in enumerate(text):
        hidden = unicodedata.category(character) == "Cf" or character in INVISIBLE_LETTERS
        if hidden and not _joins(text, index):
            raise ValidationError(_("Remove the invisible characters."), "invisible")
    return text


def clean_name(text: str) -> str:
    """A person's name: letters of any script, digits, and the punctuation of names."""
    text = _clean_name(text, PERSON_PUNCTUATION)
    if HOST_IN_NAME.search(text):
        raise ValidationError(_("Write a name, not a web address."), "url")
    return text


def clean_organisation(text: str) -> str:
    """An organisation's name, where more punctuation is usual."""
    return _clean_name(text, ORGANISATION_PUNCTUATION)


def clean_address(text: str) -> str:
    """An e-mail address as mail is sent to it: as typed, the domain in its ASCII form."""
    text = text.strip()
    if any(unicodedata.category(c) in {"Cf", *REFUSED_CATEGORIES} for c in text):
        raise ValidationError(_("Remove the invisible characters."), "invisible")
    if any(character in text for character in '<>,; "'):
        raise ValidationError(
            _("Write only the address, like name@example.org, without a name or brackets."), "form"
        )
    local, at, domain = text.rpartition("@")
    if not at or "@" in local:
        raise ValidationError(_("Write an address like name@example.org."), "form")
    if not local.isascii():
        raise ValidationError(
            _("Only Latin letters, digits and signs can stand before the @."), "local"
        )
    if len(local) > LOCAL_PART_LENGTH or local.startswith("-") or not LOCAL_PART.fullmatch(local):
        raise ValidationError(_("Check the part before the @."), "local")
    address = f"{local}@{_clean_domain(domain)}"
    if len(address) > ADDRESS_LENGTH:
        raise ValidationError(_("This address is too long."), "length")
    return address


def canonical_address(address: str) -> str:
    """The same for all spellings of one mailbox; for recognising duplicates, never for delivery,
    and not for telling one owner about another (`exact_address`).

    Case and a +tag are folded everywhere, dots only where the provider ignores them.
    """
    local, _at, domain = address.lower().rpartition("@")
    domain = SAME_PROVIDER.get(domain, domain)
    local = local.split("+")[0] or local
    if domain in DOTS_DO_NOT_MATTER:
        local = local.replace(".", "")
    return f"{local}@{domain}"


def exact_address(address: str) -> str:
    """The same for spellings that are surely one mailbox; for deciding what may be mailed there.

    Some providers give a+b@ to somebody else than a@.
    """
    if SAME_PROVIDER.get(domain_of(address), domain_of(address)) in DOTS_DO_NOT_MATTER:
        return canonical_address(address)
    return address.lower()


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def is_reachable_by_the_state(address: str) -> bool:
    """Whether the mailbox lies with a provider in Russia or Belarus."""
    domain = domain_of(address)
    return any(domain == name or domain.endswith(f".{name}") for name in REACHABLE_PROVIDERS)


def mixes_scripts(name: str) -> bool:
    """Whether one word has letters of several of the scripts that look alike."""
    return any(len(_scripts(word)) > 1 for word in name.split())


def fold(text: str) -> str:
    """For searching: without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    # One letter can become eighteen.
    return "".join(c for c in decomposed if not unicodedata.combining(c))[:FOLDED_LENGTH]


def fold_all(texts: Iterable[str]) -> str:
    """Several names of one thing for searching, a line for each that differs."""
    return "\n".join(dict.fromkeys(fold(text) for text in texts if text))


def _clean_name(text: str, punctuation: set[str]) -> str:
    text = clean_line(text)
    if text and text[0] in FORMULA_STARTS:
        raise ValidationError(_("Begin with a letter or a digit."), "start")
    if ADDRESS_IN_NAME.search(text):
        raise ValidationError(_("Write a name, not a web address."), "url")
    for character in text:
        category = unicodedata.category(character)
        usual = category[0] in "LM" or category in {"Nd", "Zs"} or character in JOINERS
        if not usual and character not in punctuation:
            raise ValidationError(_("Leave out the sign “%(sign)s”."), "sign", {"sign": character})
    if text and not any(unicodedata.category(character)[0] in "LN" for character in text):
        raise ValidationError(_("Write at least one letter."), "letters")
    return text


def _clean_domain(domain: str) -> str:
    try:
        domain = idna.encode(domain, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise ValidationError(_("Check the part after the @."), "domain") from None
    last = domain.rpartition(".")[2]
    if "." not in domain or domain.endswith(".") or last.isdigit() or last in SPECIAL_USE:
        raise ValidationError(_("Check the part after the @."), "domain")
    return domain


def _shows_something(text: str) -> bool:
    return any(
        unicodedata.category(character) not in {"Cf", "Zs", "Mn"}
        and character not in INVISIBLE_LETTERS
        for character in text
    )


def _joins(text: str, index: int) -> bool:
    """Whether this is a joiner that changes how its neighbours are written: between two letters, or
    after a virama, as in the last letter of അനില്‍."""
    if text[index] not in JOINERS or index == 0:
        return False
    before, after = text[index - 1], text[index + 1 : index + 2]
    return unicodedata.combining(before) == VIRAMA or (
        _is_word(before) and after != "" and _is_word(after)
    )


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"


def _piles_up_marks(text: str) -> bool:
    """Whether more marks follow one letter than any script needs."""
    runs = (list(run) for is_mark, run in groupby(text, _is_mark) if is_mark)
    return any(_is_pile(marks) for marks in runs)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"}


def _is_pile(marks: list[str]) -> bool:
    accents = [mark for mark in marks if _is_accent(mark)]
    others = Counter(mark for mark in marks if not _is_accent(mark))
    return (
        len(accents) > ACCENTS_IN_A_ROW
        or max(others.values(), default=0) > SAME_IN_A_ROW
        or len(marks) > MARKS_IN_A_ROW
    )


def _is_accent(mark: str) -> bool:
    combining = unicodedata.combining(mark)
    return combining == OVERLAY or combining >= ATTACHED or unicodedata.category(mark) == "Me"


def _scripts(word: str) -> set[str]:
    scripts = {unicodedata.name(c, "").split(" ")[0] for c in word if c.isalpha()}
    return scripts & {"LATIN", "CYRILLIC", "GREEK"}
