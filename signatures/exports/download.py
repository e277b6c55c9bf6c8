"""One download: counted, in the trail at both ends, and with a last line by which it is whole."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils.timezone import now
from django.utils.translation import get_language, ngettext, override

from campaigns import spreadsheet, trail
from signatures.exports import encryption
from signatures.exports.tables import Row, table
from signatures.models import Export


class Gone(Exception):
    """The time of this export is up."""


def download(export: Export, by: User) -> Iterator[bytes]:
    """The file, piece by piece; raises `Gone`, and else may be asked for once more."""
    _begin(export, by)
    heading, rows = table(export)
    text = spreadsheet.lines(_whole(export, by, heading, rows, get_language() or "en"))
    plain = (piece.encode() for piece in text)
    return encryption.encrypt(plain, export.public_key) if export.public_key else plain


@transaction.atomic
def _begin(export: Export, by: User) -> None:
    mine = Export.objects.filter(pk=export.pk, expires_at__gt=now())
    if not mine.update(downloads=F("downloads") + 1):
        raise Gone
    trail.record("download export", by, export.campaign, export, purpose=export.purpose)


def _whole(
    export: Export, by: User, heading: Row, rows: Iterable[Row], language: str
) -> Iterator[Row]:
    """All lines equally long. Whatever ends the download, the trail knows how far it came."""
    number, done = 0, False
    try:
        yield heading
        for row in rows:
            number += 1
            yield _padded(row, heading)
        with override(language):
            words = ngettext("end of file: %(rows)d row", "end of file: %(rows)d rows", number)
        yield _padded([words % {"rows": number}], heading)
        done = True
    finally:
        details = {"rows": number, "complete": done}
        trail.record("end of download", by, export.campaign, export, **details)


def _padded(row: Row, heading: Row) -> Row:
    return [*row, *[""] * (len(heading) - len(row))]
