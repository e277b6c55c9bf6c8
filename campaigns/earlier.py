"""The list of an appeal that came before: taken over from a file, counted nowhere."""

from collections.abc import Iterable

from django.db import transaction

from campaigns import trail
from campaigns.models import EarlierAppeal, EarlierOrganisation


@transaction.atomic
def take_over(appeal: EarlierAppeal, rows: Iterable[tuple[str, str, str]], by=None) -> int:
    """Add organisations (name, country, website), all or none; how many.

    Raises `IntegrityError` if one of the names is there already.
    """
    added = EarlierOrganisation.objects.bulk_create(
        EarlierOrganisation(appeal=appeal, name=name, country=country, website=website)
        for name, country, website in rows
    )
    trail.record("take over organisations", by, appeal.campaign, appeal, number=len(added))
    return len(added)
