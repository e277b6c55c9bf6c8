import random
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import forms, lifecycle, names, statistics, tally
from signatures.models import Kind, Signature, Visibility

SLUG = "protection-asylum"
DAYS = 150
BATCH = 1000
# (country, how often, given names, family names)
PEOPLE = [
    ("DE", 30, "Anna Jürgen Leyla Matthias Greta Yusuf", "Schmidt Öztürk Weiß Lehmann Vogel"),
    ("FR", 14, "Camille Benoît Inès Théo Zoé Jean-Luc", "Lefèvre Martin N’Diaye Dubois"),
    ("IT", 12, "Giulia Marco Niccolò Chiara", "Rossi D’Angelo Conti Bianchi"),
    ("GB", 9, "Seán Priya Emily Oluwaseun", "O’Brien Patel Carter Adeyemi"),
    ("ES", 7, "Lucía Íñigo Carmen Álvaro", "García Núñez Etxeberria"),
    ("GR", 6, "Ελένη Γιώργος Μαρία Νίκος", "Παπαδόπουλος Ιωάννου Δήμου"),
    ("PL", 5, "Zofia Łukasz Małgorzata", "Wiśniewska Nowak Żak"),
    ("NL", 5, "Femke Joost Anouk", "de Vries van Dijk Bakker"),
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
        statistics.renew(campaign)
        self.stdout.write(f"{len(rows)} made-up signatures in {campaign.slug}.")


def person(campaign, chance, number) -> Signature:
    country, _often, given, family = chance.choices(PEOPLE, [row[1] for row in PEOPLE])[0]
    visibility = chance.choice(VISIBILITIES)
    name = f"{chance.choice(given.split())} {chance.choice(family.split())}"
    signature = signed(campaign, chance, Kind.INDIVIDUAL, country, f"person{number}@example.org")
    signature.visibility = visibility
    signature.name = "" if visibility == Visibility.COUNT else name
    if chance.random() < 0.05:
        signature.confirmed_at, signature.reminded_at = None, signature.signed_at
    if chance.random() < 0.003:
        signature.held_at, signature.held_reason = now(), "demonstration"
    return signature


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
            yield signature


def signed(campaign, chance, kind, country, address) -> Signature:
    """Confirmed some time in the last months, more of them lately."""
    moment = now() - timedelta(days=DAYS * chance.random() ** 2)
    return Signature(
        campaign=campaign,
        kind=kind,
        language=chance.choice([code for code, _name in settings.LANGUAGES]),
        address_hash=lifecycle.address_hash(campaign, address),
        country=country,
        via="demo",
        consent_version=forms.CONSENT_VERSION,
        signed_at=moment,
        confirmed_at=moment + timedelta(minutes=chance.randint(1, 300)),
    )
