"""The adjectives of campaigns."""

from django.db import models


class CampaignQuerySet(models.QuerySet):
    def public(self):
        """Campaigns that visitors may see: all but drafts."""
        return self.exclude(status="draft")

    def running(self):
        """Public campaigns that have not ended."""
        return self.filter(status__in=["open", "paused"])

    def ended(self):
        return self.filter(status__in=["closed", "handed_in"])
