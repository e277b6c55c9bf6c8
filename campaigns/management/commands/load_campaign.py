import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from i18nfield.strings import LazyI18nString

from campaigns import lifecycle, translations
from campaigns.models import Addressee, Appeal, Call, Campaign, Demand, Organiser

DATA = Path(__file__).resolve().parents[2] / "data"
FACTS = "campaign"


class Command(BaseCommand):
    help = (
        "Load a campaign from its data files: what is missing is added, what an organiser has "
        "edited is left alone. Safe to repeat."
    )

    def add_arguments(self, parser):
        parser.add_argument("slug", nargs="?", default="protection-asylum")

    def handle(self, *args, slug, **options):
        folder = DATA / slug
        if not folder.is_dir():
            known = ", ".join(sorted(path.name for path in DATA.iterdir()))
            raise CommandError(f"No data for “{slug}”. There is: {known}.")
        facts = json.loads((folder / f"{FACTS}.json").read_text("utf-8"))
        with transaction.atomic():
            campaign = load(slug, facts, languages_in(folder))
        if options["verbosity"]:
            self.stdout.write(f"{campaign.slug}: {campaign.get_status_display()}")


def load(slug: str, facts: dict, texts: dict) -> Campaign:
    """`facts` has what no language changes, `texts` a tree of the same shape per language."""
    in_all = merge(texts)
    campaign = put(Campaign, {"slug": slug}, facts["campaign"], in_all["campaign"])
    appeal = put(
        Appeal,
        {"campaign": campaign, "version": 1},
        {},
        {"opening": in_all["appeal"]["opening"]},
    )
    for number, text in enumerate(in_all["appeal"]["demands"], start=1):
        put(Demand, {"appeal": appeal, "number": number}, {}, {"text": text})
    for position, addressee in enumerate(in_all["addressees"], start=1):
        put(Addressee, {"campaign": campaign, "position": position}, {}, addressee)
    for position, (code, part) in enumerate(facts["organisers"].items(), start=1):
        name = in_all["organisers"][code]
        organiser = put(
            Organiser,
            {"campaign": campaign, "code": code},
            {"position": position, **part},
            {"name": name},
        )
        if code in in_all["calls"]:
            put(Call, {"organiser": organiser}, {}, in_all["calls"][code])
    compare(campaign, texts)
    lifecycle.publish(campaign)
    return campaign


def languages_in(folder: Path) -> dict[str, dict]:
    """The texts of each language; the other file holds what no language changes."""
    files = sorted(path for path in folder.glob("*.json") if path.stem != FACTS)
    return {path.stem: json.loads(path.read_text("utf-8")) for path in files}


def compare(campaign: Campaign, texts: dict) -> None:
    """What is shipped was compared with the English that is shipped, if that still stands there."""
    known = translations.texts(campaign)
    stored = {text.words(translations.ENGLISH) for text in known}
    if stored - {""} != set(leaves(texts[translations.ENGLISH])):
        return
    digest = translations.source_digest(campaign)
    compared = set(campaign.translation_checks.values_list("language", flat=True))
    for language in texts.keys() - compared:
        lifecycle.compare(campaign, language, digest)


def leaves(tree) -> list[str]:
    """The texts of a tree."""
    if isinstance(tree, str):
        return [tree.strip()] if tree.strip() else []
    branches = tree.values() if isinstance(tree, dict) else tree
    return [leaf for branch in branches for leaf in leaves(branch)]


def merge(texts: dict):
    """Trees of the same shape, one per language, become one tree of {language: text}."""
    first = next(iter(texts.values()))
    if isinstance(first, dict):
        return {
            key: merge({code: tree[key] for code, tree in texts.items() if key in tree})
            for key in first
        }
    if isinstance(first, list):
        return [
            merge({code: tree[i] for code, tree in texts.items() if i < len(tree)})
            for i in range(len(first))
        ]
    return texts


def put(model, key: dict, facts: dict, texts: dict):
    """The row with this key, created if need be; languages that it lacks are added to its texts."""
    row, _created = model.objects.get_or_create(**key, defaults=facts)
    for name, languages in texts.items():
        present = getattr(getattr(row, name), "data", None) or {}
        setattr(row, name, LazyI18nString({**languages, **present}))
    row.save(update_fields=list(texts))
    return row
