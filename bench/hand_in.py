"""Time and memory of the hand-in and of exports, on a database of their own.

`DATABASE_URL=… python bench/hand_in.py seed 100000` makes so many signatures; then, each in a
process of its own so that its memory is seen, `seal`, `book`, `factsheet`, `table`, `page`,
`export` or `encrypted`. Printed are seconds, the most memory that the process had, and the size.
"""

import os
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition_site.settings")

import django  # noqa: E402

django.setup()

import pyrage  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.utils.timezone import now  # noqa: E402

from campaigns.models import Campaign  # noqa: E402
from signatures import exports, hand_in, tally  # noqa: E402
from signatures.hand_in import files  # noqa: E402
from signatures.management.commands.demo import ORGANISATIONS, PEOPLE, SLUG  # noqa: E402
from signatures.models import HandIn, HandInFile, Kind, Signature, Visibility  # noqa: E402

BATCH = 5000
TOWNS = ["", "", "Köln", "Київ", "Αθήνα", "თბილისი", "بيروت", "Łódź"]


def seed(number: int) -> int:
    """All of them agreed to be named, and no name stands twice in a country."""
    campaign = Campaign.objects.get(slug=SLUG)
    appeal, moment = campaign.appeal, now()
    people = [(c, g.split(), f.split()) for c, weight, g, f in PEOPLE for _ in range(weight)]
    for begin in range(0, number, BATCH):
        Signature.objects.bulk_create(
            signature(campaign, appeal, moment, people, index)
            for index in range(begin, min(begin + BATCH, number))
        )
    tally.recount(campaign)
    return number


def signature(campaign, appeal, moment, people, index) -> Signature:
    country, given, family = people[index % len(people)]
    common = {
        "campaign": campaign, "appeal": appeal, "country": country, "language": "en",
        "address_hash": f"bench{index}", "signed_at": moment, "confirmed_at": moment,
        "visibility": Visibility.PUBLIC,
    }  # fmt: skip
    if index % 500 == 0:
        name = f"{ORGANISATIONS['DE'].split(';')[0]} {index}"
        return Signature(kind=Kind.ORGANISATION, organisation=name, approved_at=moment, **common)
    name = f"{given[index % len(given)]} {family[index // 7 % len(family)]} {index % 9973}"
    return Signature(kind=Kind.INDIVIDUAL, name=name, city=TOWNS[index % len(TOWNS)], **common)


def seal() -> int:
    hand_in.seal(Campaign.objects.get(slug=SLUG), organiser())
    while HandIn.objects.filter(sealed_at=None).exists():
        hand_in.work()
    return HandIn.objects.defer("receipt").latest("pk").total


def make(kind: str) -> int:
    list_ = HandIn.objects.defer("receipt").latest("pk")
    return len(files.make(HandInFile(hand_in=list_, kind=kind, language="en")))


def export(key: str = "") -> int:
    campaign, by = Campaign.objects.get(slug=SLUG), organiser()
    granted = exports.grant(campaign, "peti", "Measuring.", by, key)
    return sum(map(len, exports.download(granted, by)))


def encrypted() -> int:
    return export(str(pyrage.x25519.Identity.generate().to_public()))


def organiser() -> User:
    return User.objects.get_or_create(username="bench")[0]


def main(what: str, *args: str) -> int:
    begun = time.perf_counter()
    if what == "seed":
        size = seed(int(args[0]))
    elif what in HandInFile.Kind.values:
        size = make(what)
    else:
        size = {"seal": seal, "export": export, "encrypted": encrypted}[what]()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:10} {time.perf_counter() - begun:7.1f} s {most:6.0f} MB {size:12,d}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
