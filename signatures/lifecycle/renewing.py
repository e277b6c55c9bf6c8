"""Signing a newer version of the text, too; nobody has to, and every signature goes on counting."""

from itertools import islice

from django.db import transaction
from django.db.models import F, Q
from django.utils.timezone import now

from campaigns.models import Appeal, Campaign
from signatures import emails
from signatures.models import Signature
from signatures.querysets import SignatureQuerySet

BATCH = 500
BATCHES = 10  # at a time: confirmations must not wait for thousands of mails to be queued


def renew(signature: Signature, appeal: Appeal) -> bool:
    """Sign `appeal`, too, which must be the newest; the signature stands under it from now on."""
    campaign = signature.campaign
    if not campaign.is_open or appeal != campaign.appeal or not signature.appeal.is_outdated:
        return False
    rows = Signature.objects.confirmed().filter(pk=signature.pk, appeal=signature.appeal_id)
    return bool(rows.update(appeal=appeal))


def ask_all_again() -> int:
    """Tell those who get news, in all campaigns with another text than the one they signed."""
    asking = Appeal.objects.asking_again().filter(campaign__status=Campaign.Status.OPEN)
    campaigns = Campaign.objects.filter(pk__in=asking.values("campaign"))
    return sum(ask_again(campaign) for campaign in campaigns)


def ask_again(campaign: Campaign) -> int:
    """Queue some of the mails that lead earlier signatories to the new text; how many.

    `reminded_at` remembers who has been asked, in the transaction that queues the mail. So it can
    be interrupted and repeated, and nobody is mailed twice about the same version.
    """
    newest = campaign.appeals.asking_again().order_by("-version").first()
    if newest is None or not campaign.is_open:
        return 0
    earlier = list(campaign.appeals.filter(version__lt=newest.version).values_list("pk", flat=True))
    # What came before the confirmation was the reminder to confirm.
    before = Q(reminded_at__lt=newest.frozen_at) | Q(reminded_at__lt=F("confirmed_at"))
    not_yet = Q(reminded_at=None) | before
    rows = Signature.objects.confirmed().filter(
        not_yet, appeal__in=earlier, updates=True, held_at=None
    )
    return sum(islice(iter(lambda: _ask(rows), 0), BATCHES))


@transaction.atomic
def _ask(rows: SignatureQuerySet) -> int:
    batch = list(rows.order_by("pk").select_for_update(of=("self",))[:BATCH])
    Signature.objects.filter(pk__in=[row.pk for row in batch]).update(reminded_at=now())
    for signature in batch:
        emails.ask_again(signature)
    return len(batch)
