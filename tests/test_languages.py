"""Everybody reads this site in their own language."""

import gettext
import re
import shutil

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from campaigns.management.commands import messages
from campaigns.management.commands.load_campaign import DATA, languages_in
from signatures import countries
from signatures.forms import SignForm
from tests.factories import links, person, post, press, read_mails

LANGUAGES = [language for language, _name in settings.LANGUAGES]
OTHERS = messages.locales()
# What neither a mail nor the title of a page behind its links may say.
TELLING = {
    "en": ["petition", "appeal", "asylum", "desert", "objector", "russia", "ukrain"],
    "de": ["petition", "appell", "asyl", "desert", "verweiger", "russ", "ukrain"],
    "fr": ["pétition", "appel ", "asile", "désert", "objecteur", "russ", "ukrain"],
    "it": ["petizion", "appell", "asilo", "disert", "obiett", "russ", "ucrain"],
    "el": ["ψήφισμα", "έκκληση", "άσυλο", "λιποτ", "αντιρρησ", "ρωσ", "ουκραν"],
    "es": ["petición", "llamamiento", "asilo", "desert", "objetor", "rus", "ucran"],
    "nl": ["petitie", "oproep", "asiel", "desert", "dienstweiger", "rusland", "oekra"],
    "ru": ["петиц", "обращени", "убежищ", "дезертир", "отказчик", "росси", "украин"],
    "uk": ["петиц", "зверненн", "притул", "дезертир", "відмовник", "росі", "україн"],
    "be": ["петыц", "зварот", "прытул", "дэзерцір", "адмоўнік", "расія", "расій", "украін"],
}
ALPHABET = "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯ"
SMALL = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: {plural_forms}\\n"

msgctxt "of a letter"
msgid "To"
msgstr "Кому"

msgid "To"
msgstr "До"

#, fuzzy
msgid "Guessed"
msgstr "Вгадано"

msgctxt "of a road"
msgid "%d way"
msgid_plural "%d ways"
msgstr[0] "%d шлях"
msgstr[1] "%d шляхи"
msgstr[2] "%d шляхів"
msgstr[3] "%d шляху"
"""


@pytest.fixture
def folder(tmp_path, settings):
    """A copy of the catalogues that a test may change."""
    shutil.copytree(settings.LOCALE_PATHS[0], tmp_path / "locale")
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    return tmp_path / "locale"


@pytest.fixture
def german(folder):
    return folder / "de" / "LC_MESSAGES" / "django.po"


def change(path, old, new):
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def faults():
    texts = messages.collect()
    return [line for locale in messages.locales() for line in messages.faults(locale, texts)]


def test_no_language_misses_a_text():
    assert faults() == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('msgid "All appeals"', 'msgid "All apples"', "missing: All appeals"),
        ('msgid "All appeals"', 'msgid "All apples"', "obsolete: All apples"),
        ('msgstr "Alle Appelle"', 'msgstr ""', "empty: All appeals"),
        ('msgid "All appeals"', '#, fuzzy\nmsgid "All appeals"', "fuzzy: All appeals"),
        ("Nächstes Ziel: %(goal)s", "Nächstes Ziel", "other placeholders: Next goal: %(goal)s"),
        ("Ziel: %(goal)s", "Ziel: %(ziel)s", "other placeholders: Next goal: %(goal)s"),
    ],
)
def test_the_check_names_language_fault_and_text(german, old, new, fault):
    change(german, old, new)

    with pytest.raises(CommandError) as error:
        call_command("messages", "--check")
    assert f"de: {fault}" in str(error.value).splitlines()


@pytest.mark.parametrize(
    ("locale", "old", "new"),
    [
        ("de", "sich %(counter)s Antworten", "sich die Antworten"),
        # German has “one answer” for 1; the first Ukrainian form is for 21, too.
        ("uk", "ще раз %(counter)s відповідь", "ще раз одну відповідь"),
    ],
)
def test_a_plural_without_its_number_is_found(folder, locale, old, new):
    change(folder / locale / "LC_MESSAGES" / "django.po", old, new)

    assert [line.partition(": (")[0] for line in faults()] == [f"{locale}: other placeholders"]


def test_collecting_again_changes_nothing(folder):
    before = {path: path.read_bytes() for path in folder.rglob("*.po")}

    call_command("messages")

    assert {path: path.read_bytes() for path in folder.rglob("*.po")} == before


def test_collecting_keeps_what_is_translated_and_drops_what_is_gone(german):
    change(german, 'msgid "All appeals"', 'msgid "All apples"')

    call_command("messages")

    text = german.read_text("utf-8")
    assert "All apples" not in text
    assert 'msgid "All appeals"\nmsgstr ""\n' in text
    assert 'msgid "Sign this appeal"\nmsgstr "Diesen Appell unterschreiben"\n' in text


def test_a_language_begins_with_every_text_and_no_translation(folder, settings):
    settings.LANGUAGES = [("en", "English"), ("pl", "Polski")]

    call_command("messages")

    assert len(faults()) == len(messages.messages_of(messages.collect()))
    assert "nplurals=" in (folder / "pl" / "LC_MESSAGES" / "django.po").read_text("utf-8")


@pytest.mark.parametrize("locale", OTHERS)
def test_a_catalogue_names_no_day_person_or_line(locale):
    text = messages.path_of(locale).read_text("utf-8")

    assert not [word for word in ("-Date:", "Translator:", "Team:", "Generated-By") if word in text]
    places = [line for line in text.splitlines() if line.startswith("#:")]
    assert places
    assert not [line for line in places if ":" in line[2:]]


@pytest.mark.parametrize(
    ("language", "number", "words"),
    [
        ("en", 1, "1 person"),
        ("en", 2, "2 people"),
        ("de", 1, "1 Einzelperson"),
        ("de", 2, "2 Einzelpersonen"),
        ("uk", 1, "1 людина"),
        ("uk", 2, "2 людини"),
        ("uk", 5, "5 людей"),
        ("uk", 11, "11 людей"),
        ("uk", 12, "12 людей"),
        ("uk", 21, "21 людина"),
        ("uk", 104, "104 людини"),
        ("uk", 1000, "1000 людей"),
    ],
)
def test_the_counter_agrees_with_its_number(language, number, words):
    with override(language):
        text = ngettext("%(number)s person", "%(number)s people", number)

    assert text % {"number": number} == words


def test_a_word_that_is_counted_elsewhere_also_stands_alone():
    with override("uk"):
        assert (_("signature"), _("signatures")) == ("підпис", "підписи")


def test_compiled_catalogues_answer_as_gettext_does(tmp_path, settings):
    settings.LOCALE_PATHS = [tmp_path]
    path = messages.path_of("uk")
    path.parent.mkdir(parents=True)
    forms = messages.header("uk").decode().partition("Plural-Forms: ")[2].partition("\\n")[0]
    path.write_text(SMALL.format(plural_forms=forms), "utf-8")

    call_command("compile_catalogues")

    uk = gettext.translation("django", tmp_path, ["uk"])
    assert (uk.gettext("To"), uk.pgettext("of a letter", "To")) == ("До", "Кому")
    assert (uk.gettext("Guessed"), uk.gettext("Unknown")) == ("Guessed", "Unknown")
    ways = [uk.npgettext("of a road", "%d way", "%d ways", n) % n for n in (1, 3, 11, 22, 31)]
    assert ways == ["1 шлях", "3 шляхи", "11 шляхів", "22 шляхи", "31 шлях"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_has_a_name(language):
    with override(language):
        names = dict(countries.choices())

    assert names.keys() == set(countries.CODES)
    assert all(names.values())
    assert len(set(names.values())) == len(names)


def test_ukrainian_countries_stand_in_the_order_of_the_alphabet():
    with override("uk"):
        names = [name for _code, name in countries.choices()]

    letters = list(dict.fromkeys(name[0] for name in names))
    assert letters == [
        letter for letter in "АБВГҐДЕЄЖЗИІЇЙКЛМНОПРСТУФХЦЧШЩЬЮЯ" if letter in letters
    ]
    assert {"Є", "І", "Й"} <= set(letters)
    ordered = ["Ефіопія", "Єгипет", "Замбія", "Ізраїль", "Йорданія", "Киргизстан", "Китай", "Кіпр"]
    ordered += ["Таїланд", "Тайвань", "Україна"]
    assert [name for name in names if name in ordered] == ordered
    assert "гґдеєж" in countries.ALPHABETS["uk"]


@pytest.mark.parametrize("folder", [path for path in DATA.iterdir() if path.is_dir()], ids=str)
def test_a_campaign_says_the_same_things_in_every_language(folder):
    texts = languages_in(folder)

    assert texts.keys() == set(LANGUAGES)
    assert {language: shape(tree) for language, tree in texts.items()} == dict.fromkeys(
        LANGUAGES, shape(texts["en"])
    )


def shape(tree):
    if isinstance(tree, dict):
        return {key: shape(branch) for key, branch in tree.items()}
    if isinstance(tree, list):
        return [shape(branch) for branch in tree]
    # A letter has the same paragraphs everywhere.
    return tree.count("\n\n") if tree.strip() else "nothing"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consent_sentence_is_short(language):
    with override(language):
        words = str(SignForm.base_fields["consent"].label).split()

    assert "16" in words
    assert len(words) <= 40


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_warning_before_signing_is_short(language):
    with override(language):
        text = strip_tags(render_to_string("signatures/_safety.html"))

    assert 60 <= len(text.split()) <= 120


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_neither_mails_nor_titles_behind_their_links_tell_what_it_is_about(
    client, campaign, language
):
    form = person()
    post(client, campaign, form, language)
    to_confirm = read_mails()[-1]
    seen = [title(client.get(path)) for path in links(to_confirm).values()]
    press(client, links(to_confirm)["confirm"])
    post(client, campaign, form, language)
    own_page = read_mails()[-1]
    seen += [title(client.get(links(own_page)["manage"]))]
    for message in (to_confirm, own_page):
        html, _type = message.alternatives[0]
        seen += [message.subject, message.body, html]

    assert len(seen) == 9
    assert not [word for word in TELLING[language] for text in seen if word in text.lower()]


def title(response) -> str:
    return re.search(r"<title>(.+)</title>", response.content.decode())[1]
