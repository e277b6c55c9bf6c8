"""From a backup to a database that can be opened to the public."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Field, Model
from django.utils.timezone import now

from campaigns.models import Campaign
from signatures import keys, ledger, retention, tally
from signatures.backup.stream import Contents, Refused, read
from signatures.backup.taking import CHECKED, columns_of, is_wrapped, kept_models
from signatures.retention.declared import LEDGER_DAYS

# Django fills these tables by itself; a database that holds nothing else is an empty one.
OF_DJANGO = {"contenttypes.ContentType", "auth.Permission"}


@dataclass(frozen=True)
class Restored:
    """What became of a restore: rows loaded, things taken back again, counts put right."""

    rows: int
    taken_back: int
    recounted: int


def restore(
    path: Path,
    keyring: list[Any],
    replace: bool = False,
    entries: Iterable[ledger.Entry] = (),
    however_old: bool = False,
) -> Restored:
    """Fill an empty database, or with `replace` a filled one, from a backup that was read whole.

    What people took back after the backup is taken back again: by the ledger of the database that
    is replaced, and by `entries`. A filled database is replaced in one transaction, or stays as it
    was.
    """
    contents = read(path, keyring)
    _refuse_other_keys(contents)
    _refuse_too_old(contents, however_old)
    executor, wanted = _refuse_misfit(contents, replace)
    executor.migrate(sorted(wanted))
    registry = executor.loader.project_state(sorted(wanted)).apps
    with transaction.atomic():
        entries = [*(ledger.entries() if replace else ()), *entries]
        _load(registry, path, keyring, contents)
        done = _finish(contents, entries) if replace else None
    call_command("migrate", verbosity=0, interactive=False)
    return done or _finish(contents, entries)


def _refuse_other_keys(contents: Contents) -> None:
    kept = contents.heading["keys"]
    if kept["address"] != keys.fingerprint(CHECKED):
        raise Refused("ADDRESS_KEY is not the one of this backup: nobody would be recognised.")
    try:
        keys.unseal(kept["seal"])
    except keys.BadSeal:
        raise Refused("SEAL_KEYS lacks the key of this backup: no name could be read.") from None


def _refuse_too_old(contents: Contents, however_old: bool) -> None:
    if not however_old and contents.at < now() - timedelta(days=LEDGER_DAYS):
        raise Refused(
            f"This backup is older than the ledger of what people took back ({LEDGER_DAYS} days): "
            "it could bring erased people back. With --however-old it is restored all the same."
        )


def _refuse_misfit(contents: Contents, replace: bool) -> tuple[MigrationExecutor, set[Any]]:
    """The way to the tables of the backup, if there is one that destroys nothing."""
    executor = MigrationExecutor(connection)
    graph, applied = executor.loader.graph, set(executor.loader.applied_migrations)
    wanted = {(app, name) for app, name in contents.heading["migrations"]}
    if not wanted <= set(graph.nodes):
        raise Refused("This backup was made by a newer version of the site.")
    needed = {step for leaf in wanted for step in graph.forwards_plan(leaf)}
    if not replace and _is_filled():
        raise Refused("The database is not empty. With --replace everything in it is replaced.")
    if not applied & set(graph.nodes) <= needed:
        raise Refused("The database has newer tables than the backup: restore into an empty one.")
    if replace and applied != needed:
        raise Refused("The database has older tables than the backup: migrate it first.")
    return executor, wanted


def _is_filled() -> bool:
    """Whether any table of ours has a row that Django did not put there by itself."""
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for model in kept_models(apps):
            table = model._meta.db_table
            if model._meta.label in OF_DJANGO or table not in there:
                continue
            cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1")  # noqa: S608
            if cursor.fetchone():
                return True
    return False


def _load(registry: Any, path: Path, keyring: list[Any], contents: Contents) -> None:
    """Replace everything by what the backup holds; raises `Refused` if a row did not arrive."""
    models = {model._meta.label: model for model in kept_models(registry)}
    if set(models) != set(contents.counts):
        raise Refused("The backup has other tables than this version of the site.")
    _empty(registry)
    read(path, keyring, lambda label, columns, rows: _insert(models[label], columns, rows))
    ContentType.objects.clear_cache()
    for label, number in contents.counts.items():
        if models[label]._base_manager.count() != number:
            raise Refused(f"Not all rows of {label} arrived.")
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models.values())):
            cursor.execute(statement)


def _empty(registry: Any) -> None:
    tables = [m._meta.db_table for m in registry.get_models(include_auto_created=True)]
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), tables))


def _insert(model: type[Model], columns: list[str], rows: list[list[Any]]) -> None:
    fields = {column.column: column for column in columns_of(model)}
    if set(fields) != set(columns):
        raise Refused(f"The backup has other columns of {model._meta.label} than this version.")
    quote = connection.ops.quote_name
    places = ", ".join(["%s"] * len(columns))
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))})"  # noqa: S608
        f" VALUES ({places})"
    )
    prepare = [_preparation(fields[name]) for name in columns]
    with connection.cursor() as cursor:
        cursor.executemany(
            statement,
            [[step(value) for step, value in zip(prepare, row, strict=True)] for row in rows],
        )


def _preparation(column: "Field[Any, Any]") -> Callable[[Any], Any]:
    """From what stands in the file to what the database takes."""
    if is_wrapped(column):
        return lambda value: value
    return lambda value: column.get_db_prep_save(column.to_python(value), connection)


def _finish(contents: Contents, entries: Iterable[ledger.Entry]) -> Restored:
    """The counts are those of the backup; then everything that happened since is made good."""
    campaigns = list(Campaign.objects.order_by("slug"))
    if {c.slug: tally.read(c).total for c in campaigns} != contents.end["totals"]:
        raise Refused("The totals are not those of the backup.")
    taken_back = ledger.apply(entries, contents.at)
    recounted = sum(len(tally.recount(campaign)) for campaign in campaigns)
    retention.forget()
    return Restored(sum(contents.counts.values()), taken_back, recounted)
