import random
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now
from i18nfield.strings import LazyI18nString

from campaigns import lifecycle as campaigns
from campaigns.models import Campaign, Update
from signatures import forms, lifecycle, names, statistics, tally
from signatures.models import Kind, OrganisationType, Signature, Visibility

SLUG = "protection-asylum"
DAYS = 150
BATCH = 1000
FIRST = {("DE", 1): 1, ("FR", 0): 2, ("UA", 1): 3, ("GR", 0): 4}  # who stands among the first
# (country, how often, given names, family names)
PEOPLE = [
    ("DE", 30, "Anna Jürgen Leyla Matthias Greta Yusuf", "Schmidt Öztürk Weiß Lehmann Vogel"),
    ("FR", 14, "Camille Benoît Inès Théo Zoé Jean-Luc", "Lefèvre Martin N’Diaye Dubois"),
    ("IT", 12, "Giulia Marco Niccolò Chiara", "Rossi D’Angelo Conti Bianchi"),
    ("GB", 9, "Seán Priya Emily Oluwaseun", "O’Brien Patel Carter Adeyemi"),
    ("ES", 7, "Lucía Íñigo Carmen Álvaro", "García Núñez Etxeberria"),
    ("GR", 6, "Ελένη Γιώργος Μαρία Νίκος", "Παπαδόπουλος Ιωάννου Δήμου"),
    ("PL", 5, "Zofia Łukasz Małgorzata", "Wiśniewska Nowak Żak"),
    ("NL", 5, "Femke Joost Anouk", "Visser Jansen Bakker Smit Mulder"),
    ("UA", 5, "Олена Тарас Юлія Андрій", "Шевчук Коваль Їжакевич"),
    ("RU", 2, "Мария Алексей", "Иванова Соколов"),
    ("BY", 2, "Вольга Сяргей", "Каваль Гаўрылюк"),
    ("GE", 1, "ნინო გიორგი", "ბერიძე კაპანაძე"),
    ("LB", 1, "ليلى محمد", "حداد خليل"),
    ("US", 1, "Grace Daniel", "Nguyen Miller"),
]
ORGANISATIONS = {
    "DE": "Friedenswerkstatt;Netz Kriegsdienstverweigerung;Brücken statt Mauern e.V.;Pazifix",
    "FR": "Maison de la paix;Réseau « Désobéir »;Union pacifique de l’Ouest",
    "IT": "Casa della Pace;Obiettori in rete;Donne in nero – Verona",
    "GB": "Refusers’ Aid;Quaker Meeting Example;Peace Pledge Example",
    "GR": "Σύνδεσμος Αντιρρησιών Παράδειγμα;Ειρήνη Τώρα",
    "UA": "Рух за мир (приклад);Право на відмову",
    "ES": "Insumisión Ejemplo;Alternativa Pacífica",
    "NL": "Vredesburo Voorbeeld;Vrouwen voor Vrede Voorbeeld",
    "BE": "Maison du Désarmement;Vredeshuis",
}
COMMENTS = {
    "de": [
        "Mein Großvater ist 1944 desertiert. Wer ihn versteckte, rettete auch mich.",
        "Wer nicht töten will, braucht Schutz und keine Strafe.",
    ],
    "en": [
        "Nobody should be forced to kill.",
        "I have met young men who walked for weeks rather than shoot at their neighbours.\n\nThey "
        "deserve a door that opens.",
    ],
    "uk": ["Мій брат має право не брати до рук зброї."],
}
# Days ago, then title and text by language. The links are made up, as is the rest.
NEWS = [
    (
        40,
        {
            "en": "A thousand signatures in a month",
            "de": "Tausend Unterschriften in einem Monat",
            "uk": "Тисяча підписів за місяць",
        },
        {
            "en": "More than a thousand people have signed within four weeks.\n\n"
            "What helps most now: pass the link on to two people who do not know it yet.",
            "de": "Mehr als tausend Menschen haben in vier Wochen unterschrieben.\n\n"
            "Was jetzt am meisten hilft: Gib den Link an zwei Menschen weiter.",
            "uk": "За чотири тижні підписали понад тисячу людей.\n\n"
            "Найбільше зараз допоможе, якщо передати посилання двом людям.",
        },
    ),
    (
        12,
        {"en": "Questions in the Parliament", "de": "Fragen im Parlament"},
        {
            "en": "Two members of a committee have asked the Commission when it will act.\n\n"
            "The session can be watched again:\nhttps://committee.example/session/12",
            "de": "Zwei Abgeordnete haben die Kommission gefragt, wann sie handelt.\n\n"
            "Die Sitzung zum Nachsehen:\nhttps://committee.example/session/12",
        },
    ),
]
VISIBILITIES = [Visibility.COUNT] * 5 + [Visibility.HANDIN] * 3 + [Visibility.PUBLIC] * 2


class Command(BaseCommand):
    help = "Fill the founding campaign with made-up signatures. Never on a public site."

    def add_arguments(self, parser):
        parser.add_argument("--people", type=int, default=4000)

    def handle(self, *args, people, **options):
        if urlsplit(settings.SITE_URL).hostname not in {"127.0.0.1", "localhost", "testserver"}:
            raise CommandError("Made-up signatures have no place on a public site.")
        campaign = Campaign.objects.get(slug=SLUG)
        if Signature.objects.filter(campaign=campaign, via="demo").exists():
            self.stdout.write("The made-up signatures are there already.")
            return
        chance = random.Random(2026)  # noqa: S311  (the same site for everybody)
        rows = [
            *(person(campaign, chance, number) for number in range(people)),
            *organisations(campaign, chance),
        ]
        appeal = campaign.appeal
        for row in rows:
            row.appeal = appeal
        Signature.objects.bulk_create(rows, batch_size=BATCH)
        tally.recount(campaign)
        write_news(campaign)
        statistics.renew(campaign)
        self.stdout.write(f"{len(rows)} made-up signatures in {campaign.slug}.")


def person(campaign, chance, number) -> Signature:
    country, _often, given, family = chance.choices(PEOPLE, [row[1] for row in PEOPLE])[0]
    visibility = chance.choice(VISIBILITIES)
    name = f"{chance.choice(given.split())} {chance.choice(family.split())}"
    signature = signed(campaign, chance, Kind.INDIVIDUAL, country, f"person{number}@example.org")
    signature.visibility = visibility
    signature.name = "" if visibility == Visibility.COUNT else name
    if chance.random() < 0.1:
        signature.updates, signature.email = True, f"person{number}@example.org"
    if chance.random() < 0.05:
        signature.confirmed_at, signature.reminded_at = None, signature.signed_at
    elif visibility != Visibility.COUNT and number % 20 == 0:
        said = COMMENTS.get(signature.language, COMMENTS["en"])
        signature.comment, signature.quote = said[number // 20 % len(said)], True
        signature.comment_approved_at = chance.choice([signature.confirmed_at, None])
    if chance.random() < 0.003:
        signature.held_at, signature.held_reason = now(), "demonstration"
    return signature


def write_news(campaign):
    for days, title, body in NEWS:
        update = Update.objects.create(
            campaign=campaign, title=LazyI18nString(title), body=LazyI18nString(body)
        )
        campaigns.publish_update(update)
        Update.objects.filter(pk=update.pk).update(published_at=now() - timedelta(days=days))


def organisations(campaign, chance):
    for country, listed in ORGANISATIONS.items():
        for number, name in enumerate(listed.split(";")):
            domain = f"{country.lower()}{number}.example.org"
            signature = signed(campaign, chance, Kind.ORGANISATION, country, f"office@{domain}")
            signature.organisation, signature.organisation_folded = name, names.fold(name)
            signature.visibility, signature.website = Visibility.PUBLIC, f"https://{domain}/"
            signature.contact_domain = chance.choice([domain, domain, "gmail.com"])
            if chance.random() < 0.8:
                signature.approved_at = signature.confirmed_at
                signature.organisation_type = chance.choice(OrganisationType.values)
                signature.pinned = FIRST.get((country, number))
            yield signature


def signed(campaign, chance, kind, country, address) -> Signature:
    """Confirmed some time in the last months, more of them lately."""
    moment = now() - timedelta(days=DAYS * chance.random() ** 2)
    return Signature(
        campaign=campaign,
        kind=kind,
        language=chance.choice([code for code, _name in settings.LANGUAGES]),
        address_hash=lifecycle.address_hash(campaign, address),
        exact_hash=lifecycle.exact_hash(campaign, address),
        country=country,
        via="demo",
        consent_version=forms.CONSENT_VERSION,
        signed_at=moment,
        confirmed_at=moment + timedelta(minutes=chance.randint(1, 300)),
    )
