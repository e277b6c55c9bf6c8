"""A backup of one moment, taken while the site runs."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import django
from django.apps import apps
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Field, Model
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import keys, tally
from signatures.backup.stream import BATCH, FORMAT, Line, Refused, encrypt

LEFT_OUT = {"sessions.Session", "signatures.Counter", "captcha.CaptchaStore"}
CHECKED = "backup"  # the word by which a restore recognises the keys of the site


def save(path: Path, recipients: Iterable[str]) -> None:
    """Write a backup into a new file, readable only for us.

    Until it is complete it is called `….part`, and nothing is left of it if anything goes wrong.
    """
    part = path.with_name(f"{path.name}.part")
    if path.exists():
        raise Refused(f"{path} is there already, and no backup is ever overwritten.")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{part} is there: another backup runs, or one was interrupted.") from None
    try:
        with os.fdopen(descriptor, "wb") as target:
            write(target, recipients)
            target.flush()
            os.fsync(target.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def write(target: BinaryIO, recipients: Iterable[str]) -> None:
    """Write a backup, encrypted so that each of the recipients (age1…) can read it."""
    with snapshot():
        encrypt(lines(), target, recipients)


@contextmanager
def snapshot() -> Iterator[None]:
    """One moment of the database for all that is read, without anybody having to wait for us."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        # Not `atomic`, which would begin with the lock for writing.
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def lines() -> Iterator[Line]:
    """Everything to be kept, in the order in which it stands in the file."""
    yield {
        "backup": FORMAT,
        "at": now().isoformat(),
        "django": django.__version__,
        "migrations": sorted(map(list, _newest_migrations(MigrationExecutor(connection)))),
        "keys": {"address": keys.fingerprint(CHECKED), "seal": keys.seal(CHECKED)},
    }
    counts = {}
    for model in kept_models(apps):
        label = model._meta.label
        yield {"table": label, "columns": [column.column for column in columns_of(model)]}
        counts[label] = 0
        for row in _rows(model):
            counts[label] += 1
            yield list(row)
    totals = {c.slug: tally.read(c).total for c in Campaign.objects.order_by("slug")}
    yield {"end": True, "counts": counts, "totals": totals}


def kept_models(registry: Any) -> list[type[Model]]:
    models = registry.get_models(include_auto_created=True)
    return [
        model
        for model in models
        if model._meta.managed and not model._meta.proxy and model._meta.label not in LEFT_OUT
    ]


def columns_of(model: type[Model]) -> list["Field[Any, Any]"]:
    return list(model._meta.concrete_fields)


def _rows(model: type[Model]) -> Iterator[tuple[Any, ...]]:
    columns = [
        keys.stored(column.attname) if is_wrapped(column) else column.attname
        for column in columns_of(model)
    ]
    rows = model._base_manager.order_by("pk").values_list(*columns)
    return rows.iterator(chunk_size=1 if _holds_files(model) else BATCH)


def _holds_files(model: type[Model]) -> bool:
    """Each may be megabytes: no more than one of them at a time."""
    return any(isinstance(column, keys.SealedBytesField) for column in columns_of(model))


def is_wrapped(column: "Field[Any, Any]") -> bool:
    """Whether Python shows another value than the database holds: sealed, or in many languages."""
    return hasattr(column, "from_db_value")


def _newest_migrations(executor: MigrationExecutor) -> set[tuple[str, str]]:
    """The newest that is applied, of each app."""
    applied = set(executor.loader.applied_migrations)
    graph = executor.loader.graph
    earlier = {
        parent.key
        for key in applied & set(graph.nodes)
        for parent in graph.node_map[key].parents
        if parent.key[0] == key[0]
    }
    return applied & set(graph.nodes) - earlier
