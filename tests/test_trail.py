"""The audit trail: every act at the desk, and a chain that shows a later change."""

import pytest

from campaigns import lifecycle as campaigns
from campaigns import trail
from campaigns.models import AuditEvent
from signatures import lifecycle
from tests.factories import confirmed

pytestmark = pytest.mark.django_db


def test_who_did_what_and_when_is_recorded(client, campaign, mo, clock):
    signature = confirmed(client, campaign)
    campaigns.pause(campaign, by=mo)
    lifecycle.hide(signature, mo, "Asked to.")

    newest, before = AuditEvent.objects.all()[:2]
    assert (before.verb, before.by, before.campaign) == ("pause", mo, campaign)
    assert (newest.verb, newest.subject) == ("hide", f"signatures.Signature {signature.pk}")
    assert newest.details == {"campaign": "peace"}
    assert trail.first_break() is None


@pytest.mark.parametrize(
    "change", [{"verb": "resume"}, {"by": None}, {"details": {}}, {"subject": "x"}, {"digest": "x"}]
)
def test_a_changed_event_shows(campaign, mo, change):
    campaigns.pause(campaign, by=mo)
    campaigns.resume(campaign, by=mo)
    number = AuditEvent.objects.get(verb="pause").number
    AuditEvent.objects.filter(number=number).update(**change)

    assert trail.first_break() == number


def test_a_missing_event_and_a_cut_off_end_show(campaign, mo):
    campaigns.pause(campaign, by=mo)
    campaigns.resume(campaign, by=mo)
    last = AuditEvent.objects.first()
    last.delete()
    assert trail.first_break() == last.number

    last.save(force_insert=True)
    assert trail.first_break() is None
    AuditEvent.objects.filter(number=1).delete()
    assert trail.first_break() == 1
