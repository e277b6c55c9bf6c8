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


class DayTally(models.Model):
    """The same count by the day (UTC) on which a signature was confirmed, or entered from paper.

    What stops counting is taken off the day on which it had come.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE)
    kind = models.CharField(max_length=12)
    day = models.DateField()
    shard = models.PositiveSmallIntegerField()
    number = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "kind", "day", "shard"], name="day_tally_part_unique"
            ),
        ]

    def __str__(self):
        return f"DayTally {self.pk}"


class Figures(models.Model):
    """What the statistics page shows, as of a moment; see `statistics`.

    `countries` are numbers of people by code, `days` pairs of a day and the count at its end; all
    rounded down. `people` is the exact number at that moment, which was public; `tried_…` is the
    last moment at which new figures could have come.
    """

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="figures")
    tried_at = models.DateTimeField(null=True)
    tried_people = models.IntegerField(default=0)
    taken_at = models.DateTimeField(null=True)
    people = models.IntegerField(default=0)
    countries = models.JSONField(default=dict)
    days = models.JSONField(default=list)

    def __str__(self):
        return f"Figures {self.pk}"


class Counter(models.Model):
    """A row of `counters.CounterCache`."""

    key = models.CharField(max_length=250, primary_key=True)
    value = models.IntegerField()
    expires = models.FloatField(db_index=True)

    def __str__(self):
        return f"Counter {self.value}"
