"""What goes because its time is up."""

from collections import Counter

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from signatures import models, outbox, tally
from signatures.lifecycle.counting import in_batches
from signatures.lifecycle.leaving import delete
from signatures.models import Mute, OutboxMail, Signature

BATCH = 500


def forget() -> dict[str, int]:
    """Remove everything whose time is up; how many of each."""
    return {
        "signatures": in_batches(_forget_stale),
        "addresses": _forget_bounced(),
        "mutes": Mute.objects.filter(until__lte=now()).delete()[0],
        "mails": outbox.forget(),
        "counters": models.Counter.objects.filter(expires__lte=now().timestamp()).delete()[0],
    }


def _forget_bounced() -> int:
    """Whose mailbox could not be reached a week ago gets no news, and the address goes."""
    before = now() - outbox.KEPT_FOR
    # Refused for good when it was handed over, or it came back later.
    no_mailbox = Q(last_error__startswith="recipient 5") | Q(last_error=outbox.BOUNCED)
    bounced = OutboxMail.objects.filter(no_mailbox, failed_at__lte=before)
    rows = Signature.objects.confirmed().filter(updates=True, pk__in=bounced.values("signature"))
    return rows.update(updates=False, email="")


@transaction.atomic
def _forget_stale() -> int:
    stale = Signature.objects.select_for_update(of=("self",)).stale()[:BATCH]
    campaigns = Counter(delete(stale))
    for campaign_id, number in campaigns.items():
        tally.add_gone(campaign_id, tally.EXPIRED, number)
    return campaigns.total()
