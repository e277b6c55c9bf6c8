"""Addresses in each state, for `bench/oracle.py`; run through `manage.py shell`."""

from campaigns.models import Campaign
from signatures import lifecycle
from signatures.forms import sign_form

campaign = Campaign.objects.get(slug="protection-asylum")


def sign(address):
    form = sign_form("individual")(
        {
            "kind": "individual", "visibility": "public", "name": "Sam Example",
            "email": address, "country": "DE", "consent": "on",
        }
    )  # fmt: skip
    form.is_valid()
    lifecycle.sign(campaign, form.details)
    return campaign.signatures.latest("pk")


for number in range(300):
    sign(f"pending{number}@example.org")
    lifecycle.confirm(sign(f"confirmed{number}@example.org"))
    for state, verb in (("withdrawn", lifecycle.withdraw), ("muted", lifecycle.deny)):
        verb(sign(f"{state}{number}@example.org"))
