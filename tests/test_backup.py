"""Backups: taken while the site runs, readable for nobody on the server, restored without anybody
who has left."""

import gzip
import io
import json
import os
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import pyrage
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils.timezone import now

from signatures import backup, ledger, lifecycle, retention, tally
from signatures.backup import taking
from signatures.models import Erasure, Mute, Signature, Token
from tests.factories import (
    approved,
    confirmed,
    links,
    make_campaign,
    person,
    post,
    press,
    read_mails,
    sign,
)

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def campaign(transactional_db):
    return make_campaign()


@pytest.fixture
def pair(tmp_path):
    """The public half of a new key, and the file with its secret half."""
    path = tmp_path / "key.txt"
    return backup.new_key(path), path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "petition.age"


@pytest.fixture
def restore(pair, file):
    def command(**options):
        call_command("restore", file, identity=pair[1], **options)

    return command


@pytest.fixture
def back_up(pair, file):
    def command():
        call_command("backup", str(file), recipient=[pair[0]])

    return command


def clear(file, pair) -> list:
    """The lines of a backup, as `age --decrypt | gunzip` shows them."""
    identity = backup.identities(pair[1].read_text())
    text = gzip.decompress(pyrage.decrypt(file.read_bytes(), identity)).decode()
    return [json.loads(line) for line in text.splitlines()]


def sealed_again(file, pair, lines) -> None:
    """The same backup with other lines in it."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    recipient = pyrage.x25519.Recipient.from_str(pair[0])
    file.write_bytes(pyrage.encrypt(gzip.compress(text.encode()), [recipient]))


def everything() -> list:
    """All that a backup holds of the database, without the moment and the keys."""
    with taking.snapshot():
        return [line for line in taking.lines() if "backup" not in line]


def lose_everything():
    """The database is as it is after the first `migrate`."""
    call_command("flush", interactive=False, verbosity=0)


def fill(client, campaign, mo):
    """Something of everything; the people by name."""
    approved(client, campaign, mo)
    sign(client, campaign, name="Pia Pending")
    client.force_login(mo)
    return {
        name: confirmed(client, campaign, name=name, city="Київ", comment="“Yes”\n\\o/")
        for name in ("Stay Here", "Wanda Withdraws", "Hal Held")
    }


# What a backup is


def test_a_backup_restores_every_row_exactly(client, campaign, mo, back_up, restore):
    fill(client, campaign, mo)
    before = everything()
    back_up()
    lose_everything()
    restore()

    assert everything() == before
    assert tally.recount(campaign) == {}
    assert client.get("/en/peace/").context["totals"].total == 4


def test_after_a_restore_the_site_goes_on(client, campaign, mo, back_up, restore):
    fill(client, campaign, mo)
    sign(client, campaign, name="Late Confirmer")
    path = links(read_mails()[-1])["confirm"]
    back_up()
    lose_everything()
    restore()

    assert press(client, path).status_code == 303
    assert confirmed(client, campaign, name="New Here").name == "New Here"
    assert tally.read(campaign).total == 6
    assert tally.recount(campaign) == {}
    assert client.login(username="mo", password="only for this test")


def test_a_backup_holds_nothing_readable_and_opens_only_with_its_key(
    client, campaign, mo, back_up, file, pair, tmp_path
):
    fill(client, campaign, mo)
    back_up()

    lines = clear(file, pair)
    text = json.dumps(lines, ensure_ascii=False)
    assert "Stay Here" not in text
    assert "example.org" not in text.replace("action.example.org", "").replace('"example.org"', "")
    assert b"peace" not in file.read_bytes()
    assert lines[0]["backup"] == 1
    assert lines[-1]["totals"] == {"peace": 4}
    assert lines[-1]["counts"]["signatures.Signature"] == 5
    assert not any("Session" in line["table"] for line in lines if "table" in line)
    other = tmp_path / "other.txt"
    backup.new_key(other)
    with pytest.raises(CommandError, match="This key does not open"):
        call_command("restore", file, identity=other, check=True)


def test_backups_and_keys_are_for_their_owner_only(campaign, back_up, file, pair):
    back_up()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(pair[1].stat().st_mode) == 0o600


def test_a_backup_never_replaces_a_file(campaign, back_up, file):
    file.write_text("precious")
    with pytest.raises(CommandError, match="is there already"):
        back_up()

    assert file.read_text() == "precious"
    assert [path.name for path in file.parent.glob("*.age*")] == ["petition.age"]


def test_a_backup_that_runs_or_was_interrupted_is_not_disturbed(campaign, back_up, file):
    part = file.with_name("petition.age.part")
    part.write_text("half")
    with pytest.raises(CommandError, match="another backup runs, or one was interrupted"):
        back_up()

    assert part.read_text() == "half"


def test_nothing_is_left_of_a_backup_that_fails(client, campaign, back_up, file, monkeypatch):
    sign(client, campaign)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE signatures_token RENAME TO signatures_lost")
    try:
        with pytest.raises(Exception, match="signatures_token"):
            back_up()
        assert list(file.parent.glob("*.age*")) == []
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE signatures_lost RENAME TO signatures_token")


def test_the_keys_may_come_from_the_settings_and_be_several(campaign, file, tmp_path, settings):
    paths = [tmp_path / "one.txt", tmp_path / "two.txt"]
    settings.BACKUP_RECIPIENT = [backup.new_key(path) for path in paths]
    call_command("backup", str(file))

    for path in paths:
        call_command("restore", file, identity=path, check=True)


@pytest.mark.parametrize(
    ("recipient", "words"),
    [
        (None, "No public key: name one in BACKUP_RECIPIENT"),
        (["age1nonsense"], "A public key for backups begins with age1"),
    ],
)
def test_without_a_public_key_there_is_no_backup(campaign, file, recipient, words):
    with pytest.raises(CommandError, match=words):
        call_command("backup", str(file), recipient=recipient)

    assert list(file.parent.glob("*.age*")) == []


def test_a_backup_can_go_to_the_standard_output(campaign, file, pair, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdout", out)
    call_command("backup", "-", recipient=[pair[0]])
    file.write_bytes(out.buffer.getvalue())

    assert clear(file, pair)[-1]["end"] is True


def test_the_command_makes_a_pair_of_keys(tmp_path, capsys):
    path = tmp_path / "new.txt"
    call_command("backup", str(path), make_key=True)

    assert capsys.readouterr().out.startswith("age1")
    assert "AGE-SECRET-KEY-1" in path.read_text()
    with pytest.raises(CommandError, match="there already"):
        call_command("backup", str(path), make_key=True)


# Another database


def manage(database, *arguments):
    """A command on a SQLite file of its own."""
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, "manage.py", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_backup_moves_to_another_database_and_back(
    client, campaign, mo, back_up, restore, file, pair, tmp_path
):
    fill(client, campaign, mo)
    before = everything()
    back_up()
    new = tmp_path / "new.sqlite3"
    said = manage(new, "restore", file, "--identity", pair[1])
    file.unlink()
    manage(new, "backup", file, "--recipient", pair[0])
    lose_everything()
    restore()

    assert said.endswith("Ready: the site can be started.\n")
    assert everything() == before


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    campaign, back_up, file, pair, tmp_path
):
    back_up()
    lines = clear(file, pair)
    assert ["auth", "0012_alter_user_first_name_max_length"] in lines[0]["migrations"]
    lines[0]["migrations"] = [
        ["auth", "0011_update_proxy_permissions"] if app == "auth" else [app, name]
        for app, name in lines[0]["migrations"]
    ]
    sealed_again(file, pair, lines)
    new = tmp_path / "new.sqlite3"
    manage(new, "restore", file, "--identity", pair[1])

    manage(new, "migrate", "--check")


# While the site runs


def test_a_backup_under_load_is_one_consistent_moment(client, campaign, back_up, restore, capsys):
    paths = []
    for _ in range(30):
        sign(client, campaign)
        paths.append(links(read_mails()[-1])["confirm"])
    for path in paths[:5]:
        press(client, path)
    begun = threading.Event()

    def write(path):
        begun.set()
        answers.append(press(Client(), path).status_code)
        answers.append(post(Client(), campaign, person()).status_code)

    answers = []
    with working(write, paths[5:]):
        begun.wait()
        back_up()
    after = tally.read(campaign).people
    lose_everything()
    restore()

    assert answers == [303] * 50
    assert after == 30
    assert 5 <= tally.read(campaign).people <= 30
    assert tally.recount(campaign) == {}
    assert "counts differed" not in capsys.readouterr().out


@contextmanager
def working(act, items):
    """A thread that acts on one item after the other meanwhile."""

    def run():
        for item in items:
            act(item)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join()


def test_nobody_waits_for_a_backup(client, campaign):
    with taking.snapshot():
        lines = taking.lines()
        next(lines)
        seen = Signature.objects.count()
        with working(lambda form: post(Client(), campaign, form), [person()]):
            pass
        assert Signature.objects.count() == seen == 0
    assert Signature.objects.count() == 1


# What is refused


def test_a_damaged_or_cut_backup_is_refused_and_nothing_happens(
    client, campaign, back_up, restore, file
):
    sign(client, campaign)
    back_up()
    whole = file.read_bytes()
    lose_everything()
    for part in (whole[:-1], whole[:300], whole[:-40] + b"x" * 40, b"", b"rubbish"):
        file.write_bytes(part)
        with pytest.raises(CommandError, match=r"damaged|does not open"):
            restore()

    assert not Signature.objects.exists()


def test_a_backup_that_lacks_rows_is_refused(client, campaign, back_up, restore, file, pair):
    sign(client, campaign)
    back_up()
    lines = clear(file, pair)
    lose_everything()
    rows = [line for line in lines if isinstance(line, list)]
    for left in ([line for line in lines if line != rows[-1]], lines[:-1]):
        sealed_again(file, pair, left)
        with pytest.raises(CommandError, match="is not complete"):
            restore()


def test_a_filled_database_is_replaced_only_when_told_to(client, campaign, back_up, restore):
    back_up()
    sign(client, campaign)
    with pytest.raises(CommandError, match="With --replace everything in it is replaced"):
        restore()
    assert Signature.objects.count() == 1
    restore(replace=True)

    assert Signature.objects.count() == 0


def test_a_restore_that_fails_leaves_a_filled_database_as_it_was(
    client, campaign, back_up, restore, file, pair
):
    back_up()
    lines = clear(file, pair)
    lines[-1]["totals"] = {"peace": 7}
    sealed_again(file, pair, lines)
    sign(client, campaign)
    before = everything()
    with pytest.raises(CommandError, match="totals are not those of the backup"):
        restore(replace=True)

    assert everything() == before


def test_other_keys_than_those_of_the_backup_are_named(campaign, back_up, restore, settings):
    back_up()
    lose_everything()
    address_key, seal_keys = settings.ADDRESS_KEY, settings.SEAL_KEYS
    settings.ADDRESS_KEY = "other" * 10
    with pytest.raises(CommandError, match="ADDRESS_KEY is not the one"):
        restore()
    settings.ADDRESS_KEY = address_key
    settings.SEAL_KEYS = ["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]
    with pytest.raises(CommandError, match="SEAL_KEYS lacks the key"):
        restore()
    settings.SEAL_KEYS += seal_keys
    restore()


def test_a_backup_of_a_newer_version_is_refused(campaign, back_up, restore, file, pair):
    back_up()
    lines = clear(file, pair)
    lines[0]["migrations"].append(["signatures", "0999_later"])
    sealed_again(file, pair, lines)
    lose_everything()
    with pytest.raises(CommandError, match="newer version of the site"):
        restore()


def test_a_backup_older_than_the_ledger_is_restored_only_when_told_to(
    campaign, back_up, restore, clock
):
    back_up()
    lose_everything()
    clock.shift(timedelta(days=61))
    with pytest.raises(CommandError, match="could bring erased people back"):
        restore()
    restore(however_old=True)


def test_a_file_without_a_secret_key_is_named(campaign, back_up, file, tmp_path):
    back_up()
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("age1public\n")
    with pytest.raises(CommandError, match="no line that begins with AGE-SECRET-KEY-"):
        call_command("restore", file, identity=wrong)


def test_a_backup_can_be_checked_without_a_database(client, campaign, back_up, restore, capsys):
    confirmed(client, campaign)
    back_up()
    restore(check=True)

    said = capsys.readouterr().out
    assert "complete." in said
    assert "peace: 1 signatures counted" in said
    assert "signatures.Signature: 1 rows" in said


# Who has left stays away


def test_who_left_after_the_backup_stays_away(client, campaign, mo, back_up, restore, capsys):
    people = fill(client, campaign, mo)
    denied = sign(client, campaign)
    back_up()
    lifecycle.withdraw(people["Wanda Withdraws"])
    lifecycle.erase(people["Hal Held"])
    lifecycle.deny(denied)
    restore(replace=True)

    assert {s.name for s in Signature.objects.confirmed()} >= {"Stay Here"}
    assert not Signature.objects.filter(pk=people["Wanda Withdraws"].pk).exists()
    assert not Signature.objects.filter(pk=people["Hal Held"].pk).exists()
    assert not Signature.objects.filter(pk=denied.pk).exists()
    assert Mute.objects.filter(address_hash=denied.address_hash).exists()
    assert tally.read(campaign).total == 2
    assert tally.recount(campaign) == {}
    assert {entry.address_hash for entry in Erasure.objects.all()} == {
        people["Wanda Withdraws"].address_hash,
        people["Hal Held"].address_hash,
        denied.address_hash,
    }
    assert "3 taken back since are taken back again" in capsys.readouterr().out


def test_who_left_stays_away_when_the_server_is_lost(
    client, campaign, mo, back_up, restore, tmp_path, capsys
):
    people = fill(client, campaign, mo)
    back_up()
    lifecycle.erase(people["Wanda Withdraws"])
    capsys.readouterr()
    call_command("erasures")
    kept = tmp_path / "erasures.jsonl"
    kept.write_text(capsys.readouterr().out)
    lose_everything()
    restore(ledger=kept)

    assert not Signature.objects.filter(pk=people["Wanda Withdraws"].pk).exists()
    assert tally.read(campaign).total == 3
    assert tally.recount(campaign) == {}
    assert set(json.loads(kept.read_text())) == {"campaign", "kind", "address_hash", "at"}


def test_what_was_only_partly_taken_back_after_the_backup_is_not_shown_or_used_again(
    client, campaign, mo, back_up, restore
):
    names = ("No News", "Handin Only", "Only Counted", "Hidden Here", "As It Was")
    people = [confirmed(client, campaign, name=name, updates="on") for name in names]
    listed = approved(client, campaign, mo)
    back_up()
    lifecycle.stop_updates(people[0])
    lifecycle.correct(people[1], "Handin Only", "handin")
    lifecycle.correct(people[2], "", "count")
    lifecycle.hide(people[3], mo, "she is afraid")
    lifecycle.hide(listed, mo, "the board asks for it")
    restore(replace=True)

    again = Signature.objects.in_bulk()
    assert [(again[p.pk].name, again[p.pk].visibility, again[p.pk].updates) for p in people] == [
        ("No News", "public", False),
        ("Handin Only", "handin", True),
        ("", "count", True),
        ("Hidden Here", "public", True),
        ("As It Was", "public", True),
    ]
    assert again[people[0].pk].email == ""
    assert {s.listed_name for s in Signature.objects.listed()} == {"No News", "As It Was"}
    assert tally.recount(campaign) == {}


def test_the_ledger_only_ever_takes_away(client, campaign):
    signature = confirmed(client, campaign, visibility="count", name="")
    entry = ledger.TakenBack("peace", "handin", signature.address_hash, now())

    assert ledger.apply([entry], now()) == 0
    assert Signature.objects.get().visibility == "count"


def test_a_second_restore_knows_what_the_first_was_told(
    client, campaign, mo, back_up, restore, tmp_path, capsys
):
    people = fill(client, campaign, mo)
    back_up()
    lifecycle.erase(people["Wanda Withdraws"])
    restore(replace=True)
    restore(replace=True)

    assert not Signature.objects.filter(pk=people["Wanda Withdraws"].pk).exists()


def test_who_signed_anew_after_leaving_stays(client, campaign, back_up, restore, clock):
    form = person()
    lifecycle.withdraw(confirmed(client, campaign, form))
    clock.shift(timedelta(minutes=5))
    again = confirmed(client, campaign, form)
    clock.shift(timedelta(minutes=5))
    back_up()
    restore(replace=True)

    assert Signature.objects.live().get().pk == again.pk
    assert tally.read(campaign).total == 1


def test_what_was_too_old_meanwhile_is_forgotten_before_the_site_opens(
    client, campaign, back_up, restore, clock
):
    sign(client, campaign)
    confirmed(client, campaign)
    read_mails()
    back_up()
    lose_everything()
    clock.shift(timedelta(days=20))
    restore()

    assert Signature.objects.get().confirmed_at is not None
    assert set(Token.objects.values_list("purpose", flat=True)) == {"manage"}
    assert retention.overdue() == []


@pytest.mark.parametrize("line", ["rubbish", "{}", '{"at": 7}', "[]", '{"until": "soon"}'])
def test_a_ledger_that_is_none_is_refused_before_anything_happens(
    campaign, back_up, restore, tmp_path, line
):
    back_up()
    kept = tmp_path / "erasures.jsonl"
    kept.write_text(f"\n{line}\n")
    with pytest.raises(CommandError, match="Line 2 is no entry of a ledger"):
        restore(replace=True, ledger=kept)


def test_a_ledger_of_another_campaign_does_no_harm(campaign):
    entries = [
        ledger.TakenBack("elsewhere", "individual", "x" * 43, now()),
        ledger.Muted("elsewhere", "x" * 43, now()),
    ]

    assert list(ledger.from_lines(map(ledger.to_line, entries))) == entries
    assert ledger.apply(entries, now()) == 0
