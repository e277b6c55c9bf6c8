"""What is counted, and what is only counted: parts of totals, and how often somebody asked."""

from django.db import models

from campaigns.models import Campaign


class Tally(models.Model):
    """A part of a count. The shards of one country add up; no confirmation waits for another."""

    campaign = models.ForeignKey(Campaign, models.CASCADE)
    kind = models.CharField(max_length=12)
    country = models.CharField(max_length=2)
    shard = models.PositiveSmallIntegerField()
    number = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "kind", "country", "shard"], name="tally_part_unique"
            ),
        ]

    def __str__(self):
        return f"Tally {self.pk}"


class Counter(models.Model):
    """A row of `counters.CounterCache`."""

    key = models.CharField(max_length=250, primary_key=True)
    value = models.IntegerField()
    expires = models.FloatField(db_index=True)

    def __str__(self):
        return f"Counter {self.value}"
