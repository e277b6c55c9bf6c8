from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from signatures import keys

BATCH = 500
IN_A_FACTOR = {"secret", "seed", "hashes"}  # of an app that makes codes, and of codes on paper


class Command(BaseCommand):
    help = (
        "Seal everything that is encrypted anew with the first of SEAL_KEYS, while the site runs "
        "and as often as you like. It says when the other keys can go."
    )

    def handle(self, *args, **options):
        done = unreadable = left = 0
        for model, column in sealed_columns():
            changed, bad = rotate(model, column)
            done, unreadable = done + changed, unreadable + bad
            left += count_old(model, column)
        changed, bad = rotate_factors()
        done, unreadable = done + changed, unreadable + bad
        self.stdout.write(f"{done} texts sealed anew.")
        if unreadable:
            raise CommandError(
                f"{unreadable} texts fit none of the keys: give the key back that is missing."
            )
        if left:
            raise CommandError(
                f"{left} texts came in under another key meanwhile: restart all processes of the "
                "site, so that they know the new key, and call this again."
            )
        self.stdout.write(
            "Nothing is left under an older key. Links to “look into your inbox” and pages of the "
            "list use them for seven days; after that take the older keys out of SEAL_KEYS."
        )


def sealed_columns():
    """(model, column) of everything that is encrypted, in whichever app."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, keys.SealedField) and not model._meta.proxy:
                yield model, field.column


def rotate(model, column) -> tuple[int, int]:
    """How many texts of a column were sealed anew, and how many no key fits."""
    done = unreadable = 0
    for batch in batches(model, column):
        new = []
        for pk, text in batch:
            try:
                new.append((keys.reseal(text), pk, text))
            except keys.BadSeal:
                unreadable += 1
        done += write(model, column, new)
    return done, unreadable


@transaction.atomic
def rotate_factors() -> tuple[int, int]:
    """The same for the second factors of the desk, which stand sealed in a column of JSON."""
    done = unreadable = 0
    for factor in apps.get_model("mfa.Authenticator").objects.select_for_update():
        for name in IN_A_FACTOR & factor.data.keys():
            if keys.is_current(factor.data[name]):
                continue
            try:
                factor.data[name] = keys.reseal(factor.data[name])
                done += 1
            except keys.BadSeal:
                unreadable += 1
        factor.save(update_fields=["data"])
    return done, unreadable


def count_old(model, column) -> int:
    return sum(map(len, batches(model, column)))


def batches(model, column):
    """Keys and stored texts that the first key has not sealed, in ascending order of the keys."""
    rows = model._base_manager.alias(text=keys.stored(column)).exclude(text="").order_by("pk")
    last, size = 0, 1 if holds_files(model, column) else BATCH
    while page := list(rows.filter(pk__gt=last).values_list("pk", keys.stored(column))[:size]):
        last = page[-1][0]
        if old := [(pk, text) for pk, text in page if not keys.is_current(text)]:
            yield old


def holds_files(model, column) -> bool:
    """Each may be megabytes: no more than one of them at a time."""
    fields = {field.column: field for field in model._meta.concrete_fields}
    return isinstance(fields[column], keys.SealedBytesField)


@transaction.atomic
def write(model, column, rows) -> int:
    """Each text is changed only if it is still the one that was read."""
    quote = connection.ops.quote_name
    table, name = quote(model._meta.db_table), quote(column)
    pk = quote(model._meta.pk.column)
    statement = f"UPDATE {table} SET {name} = %s WHERE {pk} = %s AND {name} = %s"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, rows)
        return cursor.rowcount if rows else 0
