"""Countries of residence: ISO 3166-1 codes and Kosovo, named by the CLDR in each language."""

import unicodedata
from functools import lru_cache

from babel import Locale
from django.utils.translation import get_language

CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK
""".split()  # noqa: SIM905

# Where the alphabet is not the order of the code points.
ALPHABETS = {
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "ru": "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
}
APOSTROPHES = "'’ʼ"


def name(code: str) -> str:
    """The country's name in the language of the page; empty for a code that is none."""
    return dict(choices()).get(code, "")


def find(text: str) -> str:
    """The code of a country by its code or its name, in English or in the language of the page;
    empty for anything else."""
    text = text.strip()
    if text.upper() in CODES:
        return text.upper()
    return {**_codes("en"), **_codes(get_language() or "en")}.get(text.casefold(), "")


def choices() -> list[tuple[str, str]]:
    """All countries as (code, name), in the alphabet of the page's language."""
    return list(_choices(get_language() or "en"))


@lru_cache(maxsize=64)
def _choices(language: str) -> tuple[tuple[str, str], ...]:
    territories = Locale.parse(language, sep="-").territories
    named = [(code, territories[code]) for code in CODES]
    alphabet = ALPHABETS.get(language, "")

    def order(choice):
        letters = unicodedata.normalize("NFC", choice[1]).casefold()
        if alphabet:
            return [alphabet.find(letter) for letter in letters if letter not in APOSTROPHES]
        plain = unicodedata.normalize("NFKD", letters)
        return [letter for letter in plain if not unicodedata.combining(letter)]

    return tuple(sorted(named, key=order))


@lru_cache(maxsize=64)
def _codes(language: str) -> dict[str, str]:
    return {named.casefold(): code for code, named in _choices(language)}
