from django.core.management.base import BaseCommand

from campaigns.models import Campaign
from signatures import tally


class Command(BaseCommand):
    help = "Count the signatures row by row and put the shown counts right where they differ."

    def handle(self, *args, **options):
        for campaign in Campaign.objects.order_by("slug"):
            drift = tally.recount(campaign)
            for (kind, country), step in drift.items():
                self.stdout.write(f"{campaign.slug}: {kind} {country} was {-step:+d} off")
            total = tally.read(campaign).total
            self.stdout.write(f"{campaign.slug}: {total}" + ("" if drift else ", exact"))
