"""How the count comes about: a public page whose numbers add up to the rows.

While people can sign, only what owners of mailboxes have confirmed is in the numbers. Anybody could
otherwise sign with the address of somebody else, and see in a number that did not change that it
had signed before.
"""

from django.db.models import Count, Q
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from signatures import tally
from signatures.models import Moderation, Signature
from signatures.querysets import COUNTED, LIVE, PENDING

CONFIRMED = LIVE & Q(confirmed_at__isnull=False)
# Every row is in exactly one of these.
STATES = {
    "counted": COUNTED,
    "pending": PENDING & Q(held_at=None),
    "held": LIVE & Q(held_at__isnull=False),
    "waiting": CONFIRMED & Q(kind="organisation", held_at=None, approved_at=None, refused_at=None),
    "refused": CONFIRMED & Q(held_at=None, refused_at__isnull=False),
    "withdrawn": ~LIVE,
}


@require_safe
@cache_control(public=True, max_age=60)
def integrity(request):
    accounts = [account(campaign) for campaign in Campaign.objects.public().order_by("slug")]
    return render(request, "signatures/integrity.html", {"accounts": accounts, "now": now()})


def account(campaign: Campaign) -> dict:
    """Where every signature of a campaign has gone; `rows` is the sum of the states."""
    rows = Signature.objects.filter(campaign=campaign)
    if not campaign.has_ended:
        rows = rows.exclude(PENDING)
    states = rows.aggregate(
        rows=Count("pk"),
        paper=Count("pk", filter=COUNTED & Q(batch__isnull=False)),
        **{name: Count("pk", filter=rule) for name, rule in STATES.items()},
    )
    steps = Moderation.objects.filter(signature__campaign=campaign).values_list("verb")
    totals = tally.read(campaign)
    return {
        "campaign": campaign,
        "totals": totals,
        "states": states,
        "gone": tally.read_gone(campaign),
        "decisions": dict(steps.annotate(number=Count("pk"))),
        "is_exact": states["counted"] == totals.total,
    }
