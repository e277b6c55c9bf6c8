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

    def closed_before(self, moment):
        """Campaigns that ended so long ago and that nobody has said to be handed in."""
        return self.filter(status="closed", closed_at__lte=moment)

    def over(self, handed_in, closed):
        """Campaigns handed in before the one moment, or closed before the other and left at that.

        When somebody said so counts; the planned day of the hand-in is no proof.
        """
        said_at = models.Max("events__at", filter=models.Q(events__verb="hand in"))
        return self.annotate(handed_in_at=said_at).filter(
            models.Q(status="handed_in", handed_in_at__lte=handed_in)
            | models.Q(status="closed", closed_at__lte=closed)
        )


class AppealQuerySet(models.QuerySet):
    def published(self):
        """Versions that can be signed now or could be signed once."""
        return self.exclude(frozen_at=None)

    def asking_again(self):
        """Versions that are another text than the one before: who signed that is asked again."""
        return self.published().filter(change="substance")
