"""The files that are made from a sealed list: asked for at the desk, made in the background."""

import hashlib
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import override

from campaigns import trail
from signatures.hand_in import book, factsheet, page, table
from signatures.hand_in.contents import Contents
from signatures.models import HandIn, HandInFile, SealedEntry

Kind = HandInFile.Kind
LEASE = timedelta(minutes=10)  # for making one; then another process tries
LANGUAGES = [code for code, _name in settings.LANGUAGES]
# What makes it, its ending, and its type.
FILES: dict[Kind, tuple[Callable[[Contents, BinaryIO], None], str, str]] = {
    Kind.BOOK: (book.write, "pdf", "application/pdf"),
    Kind.FACTSHEET: (factsheet.write, "pdf", "application/pdf"),
    Kind.TABLE: (table.write, "csv", "text/csv; charset=utf-8"),
    Kind.PAGE: (page.write, "html", "text/html; charset=utf-8"),
}


@transaction.atomic
def ask(
    hand_in: HandIn, kind: str, language: str, by: User, country: str = ""
) -> HandInFile | None:
    """Let a file be made; `None` if the list is not sealed, or this file is waiting already."""
    wanted = {"hand_in": hand_in, "kind": kind, "language": language, "country": country}
    if hand_in.sealed_at is None or waiting_for(hand_in).filter(**wanted).exists():
        return None
    file = HandInFile.objects.create(**wanted, by=by, asked_at=now())
    details = {"kind": kind, "language": language, "country": country}
    trail.record("make file", by, hand_in.campaign, file, **details)
    return file


def waiting() -> QuerySet[HandInFile]:
    """Those that are to be made and in nobody's hands."""
    free = Q(leased_until=None) | Q(leased_until__lte=now())
    return HandInFile.objects.filter(free, built_at=None)


def waiting_for(hand_in: HandIn) -> QuerySet[HandInFile]:
    return HandInFile.objects.filter(hand_in=hand_in, built_at=None)


def make_next() -> bool:
    """Make one file; whether there was one to make."""
    file = waiting().order_by("pk").first()
    if file is None:
        return False
    until = now() + LEASE
    if waiting().filter(pk=file.pk).update(leased_until=until):
        before = taken_back(file)
        _keep(file, make(file), before, until)
    return True


@transaction.atomic
def _keep(file: HandInFile, content: bytes, before: int, until: datetime) -> None:
    """Unless somebody has taken a line back meanwhile: then it is made again."""
    HandIn.objects.select_for_update().only("pk").get(pk=file.hand_in_id)
    mine = HandInFile.objects.filter(pk=file.pk, built_at=None, leased_until=until)
    if taken_back(file) != before:
        mine.update(leased_until=None)
        return
    digest = hashlib.sha256(content).hexdigest()
    mine.update(content=content, size=len(content), digest=digest, built_at=now())


def taken_back(file: HandInFile) -> int:
    entries = SealedEntry.objects.filter(hand_in=file.hand_in_id, taken_back_at__isnull=False)
    return entries.count()


def make(file: HandInFile) -> bytes:
    """The file's content, in its own language."""
    hand_in = HandIn.objects.defer("receipt").select_related("campaign").get(pk=file.hand_in_id)
    write, _ending, _type = FILES[Kind(file.kind)]
    with override(file.language), tempfile.TemporaryFile() as target:
        write(Contents(hand_in, file.country), cast(BinaryIO, target))
        target.seek(0)
        return target.read()


def name_of(file: HandInFile) -> str:
    """Without anything but letters, digits and hyphens, and in every language the same."""
    hand_in = file.hand_in
    _write, ending, _type = FILES[Kind(file.kind)]
    parts = [hand_in.campaign.slug, str(hand_in.number), file.kind, file.language, file.country]
    return f"{'-'.join(filter(None, parts))}.{ending}"


@transaction.atomic
def read(file: HandInFile, by: User) -> tuple[str, str, bytes] | None:
    """Name, type and content for whoever takes it away; `None` if it is no longer there."""
    content: Any = HandInFile.objects.values_list("content", flat=True).get(pk=file.pk)
    if not content:
        return None
    trail.record("download file", by, file.hand_in.campaign, file, digest=file.digest)
    return name_of(file), FILES[Kind(file.kind)][2], content


def made(content: Any) -> tuple[str, HandInFile | None]:
    """The SHA-256 of an open file, and which of all that we ever made it is."""
    digest = hashlib.file_digest(content, "sha256").hexdigest()
    files = HandInFile.objects.defer("content").select_related("hand_in", "hand_in__campaign")
    return digest, files.defer("content", "hand_in__receipt").filter(digest=digest).first()
