"""What organisers find out about an organisation, and what they do with it beyond yes and no."""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from i18nfield.strings import LazyI18nString

from signatures import names
from signatures.lifecycle.leaving import leave_sealed_lists
from signatures.lifecycle.moderating import Verb, moderate
from signatures.models import Kind, Signature, Visibility

PLACES = 20  # among the first signatories of a campaign
NO_ORGANISATION: dict[str, Any] = {
    "organisation": "", "organisation_folded": "", "organisation_type": "", "aliases": "",
    "organisation_names": "", "website": "", "contact_domain": "", "role": "",
    "approved_at": None, "refused_at": None, "opinion_wanted_by": None, "pinned": None,
}  # fmt: skip


@dataclass(frozen=True)
class Description:
    """What organisers know of an organisation. The name that was signed is not theirs to change."""

    organisation_type: str
    country: str
    website: str
    organisation_names: dict[str, str] = field(default_factory=dict)
    aliases: str = ""  # one a line


def describe(signature: Signature, by: User, description: Description, reason: str = "") -> bool:
    """Correct and complete what is known; another country takes the count along."""
    was = described(signature)
    changed = sorted(
        name for name, value in asdict(description).items() if asdict(was)[name] != value
    )
    rows = Signature.objects.confirmed().filter(kind=Kind.ORGANISATION)
    changes = {
        **asdict(description),
        "organisation_names": LazyI18nString(description.organisation_names),
        "organisation_folded": names.fold_all(
            [
                signature.organisation,
                *description.organisation_names.values(),
                *description.aliases.splitlines(),
            ]
        ),
    }
    noted = {"fields": changed}
    return bool(changed) and moderate(
        Verb.DESCRIBE, signature, by, reason, rows, noted=noted, **changes
    )


def described(signature: Signature) -> Description:
    """What is known so far."""
    others = signature.organisation_names.data if signature.organisation_names else {}
    return Description(
        organisation_type=signature.organisation_type,
        country=signature.country,
        website=signature.website,
        organisation_names=others if isinstance(others, dict) else {},
        aliases=signature.aliases,
    )


def ask_opinion(signature: Signature, by: User, reason: str) -> bool:
    """Somebody else decides on this organisation: `approve` and `refuse` are closed to `by`."""
    rows = Signature.objects.waiting().filter(opinion_wanted_by=None)
    return moderate(Verb.ASK, signature, by, reason, rows, opinion_wanted_by=by)


def take_personally(signature: Signature, by: User, reason: str) -> bool:
    """A person signed, not an organisation: counted as one from now on, and named nowhere.

    The person never agreed to be named, so name, office and organisation go; the own page offers
    to give them again. This cannot be taken back. `False` also if the person has signed already.
    """
    if has_signed_as_person(signature):
        return False
    rows = Signature.objects.confirmed().filter(kind=Kind.ORGANISATION)
    changes = {
        **NO_ORGANISATION,
        "kind": Kind.INDIVIDUAL,
        "visibility": Visibility.COUNT,
        "name": "",
    }
    try:
        with transaction.atomic():
            leave_sealed_lists(signature)
            return moderate(Verb.PERSONAL, signature, by, reason, rows, **changes)
    except IntegrityError:  # the same person signed a moment ago
        return False


def has_signed_as_person(signature: Signature) -> bool:
    """Whether the address of an organisation stands under the signature of a person, too."""
    return (
        Signature.objects.live()
        .filter(
            campaign=signature.campaign_id,
            kind=Kind.INDIVIDUAL,
            address_hash=signature.address_hash,
        )
        .exists()
    )


def was_taken_personally(signature: Signature) -> bool:
    """Whether organisers found that this person had not signed for an organisation."""
    return signature.moderations.filter(verb=Verb.PERSONAL).exists()


def pin(signature: Signature, by: User, reason: str, place: int) -> bool:
    """Show an organisation among the first signatories; `False` also where the place is taken."""
    if not 1 <= place <= PLACES or place in taken_places(signature):
        return False
    rows = Signature.objects.listed().filter(kind=Kind.ORGANISATION).exclude(pinned=place)
    return moderate(Verb.PIN, signature, by, reason, rows, noted={"place": place}, pinned=place)


def unpin(signature: Signature, by: User, reason: str = "") -> bool:
    """Back among all others."""
    rows = Signature.objects.live().filter(pinned__isnull=False)
    return moderate(Verb.UNPIN, signature, by, reason, rows, pinned=None)


def taken_places(signature: Signature) -> set[int]:
    """The places among the first that others hold in the same campaign."""
    others = Signature.objects.listed().pinned().filter(campaign=signature.campaign_id)
    return set(others.exclude(pk=signature.pk).values_list("pinned", flat=True))
