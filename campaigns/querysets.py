"""The adjectives of campaigns."""

from django.db import models


class UpdateQuerySet(models.QuerySet):
    def published(self):
        """What visitors may read, the newest first."""
        return self.filter(published_at__isnull=False).order_by("-published_at", "-pk")


class CampaignQuerySet(models.QuerySet):
    def public(self):
        """Campaigns that visitors may see: all but drafts."""
        return self.exclude(status="draft")

    def running(self):
        """Public campaigns that have not ended."""
        return self.filter(status__in=["open", "paused"])

    def ended(self):
        return self.filter(status__in=["closed", "handed_in"])

    def handed_in_before(self, moment):
        """Campaigns that said so before this moment; the planned day of the hand-in is no proof."""
        handed_in = models.Max("events__at", filter=models.Q(events__verb="hand in"))
        return (
            self.filter(status="handed_in")
            .annotate(handed_in_at=handed_in)
            .filter(handed_in_at__lte=moment)
        )
