from dataclasses import asdict

from django.core.management.base import BaseCommand, CommandError

from campaigns.models import Campaign
from signatures import closing, tally

WORDS = {
    "unconfirmed": "signatures that nobody confirmed",
    "never_counted": "signatures that were confirmed but are held, refused or not decided on",
    "recognisable": "hashes by which a second signature is recognised",
    "names": "names that are not public",
    "addresses": "e-mail addresses",
    "links": "mailed links",
    "sheets": "sheets of paper, with their pictures",
    "ledger": "entries of the ledger of what people took back",
    "muted": "addresses that wanted no mail",
    "sealed": "lines of sealed lists (their digests stay)",
    "files": "files made for the hand-in",
    "counted": "signatures go on counting",
    "public_names": "people's names that they wanted on the web",
    "organisations": "organisations on the list",
}
WARNING = """\
This cannot be undone, and signing cannot go on afterwards. Names that were given to you for the
addressees only go, too: hand the campaign in before."""
AFTERWARDS = """\
What only you can do now: delete every backup made before this moment and every copy of the ledger
that was kept apart. When the last campaign of this site has come here, destroy ADDRESS_KEY and all
copies of it: then nobody, not even with an old backup, can ask whether an address has signed."""


class Command(BaseCommand):
    help = (
        "Destroy what leads to a person, for a campaign that has ended: everything but the count, "
        "organisations and public names. The first call only says what would go."
    )

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--yes", default="", metavar="PHRASE", help="the phrase it printed")

    def handle(self, *args, slug, yes, **options):
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise CommandError(f"There is no campaign {slug}.")
        if not campaign.has_ended:
            raise CommandError("Only a campaign that has ended can be closed for good.")
        if not yes:
            self.explain(campaign)
        elif closing.close_for_good(campaign, yes):
            closing.overwrite()
            total = tally.read(campaign).total
            self.stdout.write(f"Destroyed. {total} signatures remain as a count.\n{AFTERWARDS}")
        else:
            raise CommandError("That is not the phrase (any more): call this without it first.")

    def explain(self, campaign):
        going = closing.what_goes(campaign)
        self.stdout.write("To be destroyed:")
        self.list(going)
        self.stdout.write("To stay:")
        self.list(closing.what_stays(campaign))
        phrase = closing.phrase(campaign, going)
        self.stdout.write(f'{WARNING}\nIf you want that, add --yes "{phrase}"')

    def list(self, numbers):
        for name, number in asdict(numbers).items():
            self.stdout.write(f"  {number:8} {WORDS[name]}")
