"""The audit trail: who did what and when, so chained that a later change shows.

An event belongs into the transaction of the act. It names rows by their label and key, never a
person who signed, because nothing can be taken out of a chain again.
"""

import hashlib
import json
from datetime import UTC
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils.timezone import now

from campaigns.models import AuditEvent, Campaign, TrailHead

HEAD = 1  # the key of the only row of `TrailHead`


@transaction.atomic
def record(
    verb: str,
    by: User | None = None,
    campaign: Campaign | None = None,
    subject: Model | None = None,
    **details: Any,
) -> AuditEvent:
    """Add an event; `details` must be JSON. Who records waits for others who do, until they end."""
    TrailHead.objects.get_or_create(pk=HEAD)
    head = TrailHead.objects.select_for_update().get(pk=HEAD)
    if campaign is not None:
        details = {"campaign": campaign.slug, **details}
    event = AuditEvent(
        number=head.number + 1,
        at=now(),
        by=by,
        campaign=campaign,
        verb=verb,
        subject=f"{subject._meta.label} {subject.pk}" if subject is not None else "",
        details=details,
        previous=head.digest,
    )
    event.digest = digest(event)
    event.save(force_insert=True)
    TrailHead.objects.filter(pk=HEAD).update(number=event.number, digest=event.digest)
    return event


def digest(event: AuditEvent) -> str:
    """SHA-256, in hexadecimal, of what an event says and of the digest before it."""
    facts = [
        event.previous,
        event.number,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.by_id,
        event.verb,
        event.subject,
        event.details,
    ]
    text = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_break() -> int | None:
    """The number of the first event that was changed or is missing; `None` if all are sound.

    Events that are added meanwhile are looked at, too: the head is read before them and after them.
    """
    before = _head()
    number, previous = 0, ""
    for event in AuditEvent.objects.order_by("number").iterator():
        sound = (event.number, event.previous) == (number + 1, previous)
        if event.number == before.number:
            sound = sound and event.digest == before.digest
        if not sound or event.digest != digest(event):
            return number + 1
        number, previous = event.number, event.digest
    if number < before.number:
        return number + 1
    known = _head().number
    return known + 1 if number > known else None


def _head() -> TrailHead:
    return TrailHead.objects.filter(pk=HEAD).first() or TrailHead()
