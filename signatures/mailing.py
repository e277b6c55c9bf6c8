"""Sending an update to those who asked for news, each in the language in which they signed."""

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils.timezone import now

from campaigns import trail
from campaigns.models import Campaign, Update
from signatures import outbox, throttle
from signatures.models import Kind, Mailing, OutboxMail, Signature
from signatures.querysets import OutboxQuerySet, SignatureQuerySet

BATCH = 1000  # mails that are queued in one transaction
TRIALS_A_DAY = 6  # of one organiser


def readers(campaign: int) -> SignatureQuerySet:
    """Who gets the news of a campaign: each address once, though it may have signed for two."""
    rows = Signature.objects.readers().filter(campaign=campaign)
    person = rows.filter(kind=Kind.INDIVIDUAL, address_hash=OuterRef("address_hash"))
    return rows.exclude(Q(kind=Kind.ORGANISATION) & Q(Exists(person)))


def readers_by_language(campaign: Campaign) -> dict[str, int]:
    """How many people want news, by the language in which they signed; most first."""
    rows = readers(campaign.pk).values("language")
    numbers = rows.annotate(number=Count("pk")).order_by("-number", "language")
    return {row["language"]: row["number"] for row in numbers}


@transaction.atomic
def start(update: Update, by: User) -> bool:
    """Let the mails of a published update be queued; `False` if that was done before."""
    if update.published_at is None:
        return False
    mailing, is_new = Mailing.objects.get_or_create(update=update, defaults={"by": by, "at": now()})
    if is_new:
        trail.record("mail", by, update.campaign, mailing)
    return is_new


@transaction.atomic
def stop(mailing: Mailing, by: User) -> bool:
    """Take back all mails that have not left, for good; `False` if that was done before."""
    # This waits for the step that is being taken, whose mails are then seen and deleted, too.
    if not Mailing.objects.filter(pk=mailing.pk, stopped_at=None).update(stopped_at=now()):
        return False
    taken_back = waiting(mailing.update).delete()[0]
    trail.record("stop mailing", by, mailing.update.campaign, mailing, taken_back=taken_back)
    return True


@transaction.atomic
def try_out(update: Update, address: str, language: str, by: User) -> bool:
    """Mail it to an address, which is kept nowhere; `False` if there was enough of that today."""
    if throttle.count(f"trial:{by.pk}", throttle.DAY) > TRIALS_A_DAY:
        return False
    outbox.put_trial(update, address, language)
    trail.record("try mail", by, update.campaign, update, language=language)
    return True


def waiting(update: Update) -> OutboxQuerySet:
    """The mails of an update that are queued and have not left."""
    return OutboxMail.objects.waiting().filter(update=update, kind=OutboxMail.Kind.UPDATE)


def is_due() -> bool:
    return Mailing.objects.due().exists()


def work() -> bool:
    """Queue the next mails of a mailing; `False` if there is none, or another process is at it."""
    return is_due() and _step()


@transaction.atomic
def _step() -> bool:
    """Mails and cursor are written together: a crash repeats nobody and leaves out nobody."""
    mailings = Mailing.objects.due().select_related("update").order_by("pk")
    if connection.features.has_select_for_update_skip_locked:
        mailings = mailings.select_for_update(skip_locked=True, of=("self",))
    mailing = mailings.first()
    if mailing is None:
        return False
    batch = _next_readers(mailing)
    outbox.put_news(mailing.update, batch)
    Mailing.objects.filter(pk=mailing.pk).update(
        cursor=batch[-1].pk if batch else mailing.cursor,
        queued=F("queued") + len(batch),
        finished_at=now() if len(batch) < BATCH else None,
    )
    return True


def _next_readers(mailing: Mailing) -> list[Signature]:
    """Without what is encrypted: the address is read when the mail leaves."""
    rows = readers(mailing.update.campaign_id).filter(pk__gt=mailing.cursor)
    columns = ("language", "campaign_id", "updates", "confirmed_at", "withdrawn_at")
    return list(rows.order_by("pk").only(*columns)[:BATCH])
