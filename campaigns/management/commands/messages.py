import gettext
import re
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract, extract_python
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import to_locale
from django.utils.translation.template import templatize

SOURCES = [
    *((folder, "*.py") for folder in ("campaigns", "petition_site", "signatures")),
    *(("templates", pattern) for pattern in ("*.html", "*.txt")),
]
LAZY = {f"{name}_lazy": arguments for name, arguments in DEFAULT_KEYWORDS.items()}
KEYWORDS = {**DEFAULT_KEYWORDS, **LAZY, "gettext_noop": None}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|\{\w*\}")
# No dates and nobody's name: they would change with every run, or be wrong.
HEADER = """msgid ""
msgstr ""
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""


class Command(BaseCommand):
    help = "Collect the texts to translate into `locale/`; needs no system gettext."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--check",
            action="store_true",
            help="Write nothing; fail and name each text that is not translated as it should be.",
        )

    def handle(self, *args, check, **options):
        texts = collect()
        if not check:
            for locale in locales():
                update(locale, texts)
        found = [line for locale in locales() for line in faults(locale, texts)]
        if check and found:
            raise CommandError("\n".join(found))
        self.stdout.write("\n".join(found) or "Nothing is left to translate.")


def locales() -> list[str]:
    """English needs no catalogue: it is what the others are translations of."""
    return [to_locale(code) for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def collect() -> Catalog:
    """Every text of the project's own files, in the order of files and lines."""
    texts = Catalog()
    for folder, pattern in SOURCES:
        for path in sorted((settings.BASE_DIR / folder).rglob(pattern)):
            # Without line numbers, so that a catalogue changes only when a text does.
            place = (path.relative_to(settings.BASE_DIR).as_posix(), None)
            for _line, text, comments, context in extract_from(path):
                texts.add(text, locations=[place], auto_comments=comments, context=context)
    return texts


def extract_from(path: Path):
    source = path.read_text("utf-8")
    if path.suffix != ".py":
        # Calls between blanked text; Python's tokenizer would take white space for indentation.
        source = "\n".join(line.strip() for line in templatize(source, path).splitlines())
    return extract(extract_python, BytesIO(source.encode()), KEYWORDS, ["Translators"])


def path_of(locale: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / locale / "LC_MESSAGES" / "django.po"


def read(locale: str) -> Catalog:
    path = path_of(locale)
    content = path.read_bytes() if path.exists() else header(locale)
    return read_po(BytesIO(content), locale=locale, abort_invalid=True)


def header(locale: str) -> bytes:
    """Plurals are counted as in Django's own catalogue, whose texts stand on the same pages."""
    folder = Path(django.__file__).parent / "conf" / "locale"
    plural_forms = gettext.translation("django", folder, [locale]).info()["plural-forms"]
    return HEADER.format(locale=locale, plural_forms=plural_forms).encode()


def update(locale: str, texts: Catalog) -> None:
    """Write the texts of today with the translations that are known; nothing is guessed."""
    known = read(locale)
    catalogue = read_po(BytesIO(header(locale)), locale=locale)
    for text in messages_of(texts):
        old = known.get(text.id, text.context)
        if old is not None and old.id == text.id:
            text = text.clone()
            text.string, text.user_comments = old.string, old.user_comments
            text.flags |= {"fuzzy"} & old.flags
        catalogue[text.id] = text
    body = BytesIO()
    write_po(body, catalogue, omit_header=True, include_lineno=False)
    path_of(locale).parent.mkdir(parents=True, exist_ok=True)
    path_of(locale).write_bytes(header(locale) + body.getvalue().rstrip() + b"\n")


def faults(locale: str, texts: Catalog) -> list[str]:
    """What is wrong with a catalogue, one line for each text."""
    known = read(locale)
    found = [(fault(text, known), text.id) for text in messages_of(texts)]
    for old in [*messages_of(known), *known.obsolete.values()]:
        if texts.get(old.id, old.context) is None:
            found.append(("obsolete", old.id))
    return [f"{locale}: {what}: {text}" for what, text in found if what]


def fault(text: Message, known: Catalog) -> str:
    """What is wrong with the translation of one text; empty if nothing is."""
    translation = known.get(text.id, text.context)
    if translation is None or translation.id != text.id:
        return "missing"
    if translation.fuzzy:
        return "fuzzy"
    originals, strings, forms = [text.id], [translation.string], 1
    if text.pluralizable:
        originals, strings, forms = text.id, translation.string, known.num_plurals
    if not all(strings) or len(strings) != forms:
        return "empty"
    wanted = [set(PLACEHOLDER.findall(words)) for words in originals]
    given = [set(PLACEHOLDER.findall(words)) for words in strings]
    # The first of two forms is for one, and may say so in words; the first of four is for 21, too.
    first = wanted if forms == 2 else wanted[-1:]
    agree = given[0] in first and all(form == wanted[-1] for form in given[1:])
    return "" if agree else "other placeholders"


def messages_of(catalogue: Catalog) -> list[Message]:
    """Without the header, which gettext keeps as the translation of nothing."""
    return [message for message in catalogue if message.id]
