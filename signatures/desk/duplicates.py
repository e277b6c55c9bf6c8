"""Hints that an organisation may have signed twice, or signed an earlier appeal; no verdicts."""

from collections import defaultdict
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from campaigns.models import EarlierOrganisation
from signatures import names
from signatures.models import Kind, Signature

# Many organisations have their page there: only the whole address says something.
SHARED_HOSTS = {
    "facebook.com", "instagram.com", "t.me", "sites.google.com", "linktr.ee", "twitter.com",
    "x.com", "vk.com", "youtube.com", "linkedin.com",
}  # fmt: skip


def host_of(website: str) -> str:
    return (urlsplit(website).hostname or "").removeprefix("www.")


def hints(organisations) -> dict[int, list[str]]:
    """What to look at, by the key of the signature; three queries, however many are asked about."""
    campaigns = {organisation.campaign_id for organisation in organisations}
    found = defaultdict(list)
    signed = _signed(campaigns)
    earlier = _earlier(campaigns)
    for organisation in organisations:
        marks = _marks(organisation.organisation_folded, organisation.website)
        others = _others(organisation, marks, signed)
        found[organisation.pk] += [
            _("%(name)s has signed, too") % {"name": name} for name in sorted(others)
        ]
        if any((organisation.campaign_id, mark) in earlier for mark in marks):
            found[organisation.pk].append(_("signed an earlier appeal"))
    return found


def _others(organisation, marks, signed) -> set[str]:
    same = (signed[organisation.campaign_id, mark] for mark in marks)
    return {name for rows in same for pk, name in rows if pk != organisation.pk}


def _marks(folded: str, website: str) -> set[tuple[str, str]]:
    """By what it could be the same as another: each of its names, and its website."""
    marks = {("name", line) for line in folded.splitlines()}
    host = host_of(website)
    where = website.rstrip("/").casefold() if host in SHARED_HOSTS else host
    return marks | ({("website", where)} if where else set())


def _signed(campaigns) -> dict:
    rows = (
        Signature.objects.confirmed()
        .filter(campaign__in=campaigns, kind=Kind.ORGANISATION)
        .values_list("pk", "campaign_id", "organisation", "organisation_folded", "website")
    )
    signed = defaultdict(set)
    for pk, campaign_id, name, folded, website in rows.iterator():
        for mark in _marks(folded, website):
            signed[campaign_id, mark].add((pk, name))
    return signed


def _earlier(campaigns) -> set:
    rows = EarlierOrganisation.objects.filter(appeal__campaign__in=campaigns)
    return {
        (campaign_id, mark)
        for campaign_id, name, website in rows.values_list("appeal__campaign", "name", "website")
        for mark in _marks(names.fold(name), website)
    }
