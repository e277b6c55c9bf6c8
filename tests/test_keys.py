"""New keys in place of old ones, and nobody is lost."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from petition_site import checks
from signatures import keys, tokens
from signatures.keys import stored
from signatures.management.commands import rotate_keys
from signatures.models import HandInFile, OutboxMail, Signature
from tests.factories import confirmed, links, make_campaign, make_file, press, read_mails, sign

pytestmark = pytest.mark.django_db

OLD = "b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OS1hYmNkZWY="
NEW = Fernet.generate_key().decode()


def texts(model=Signature, column="name") -> list[str]:
    return list(model.objects.order_by("pk").values_list(stored(column), flat=True))


def sealed_columns() -> set[str]:
    return {f"{model.__name__}.{column}" for model, column in rotate_keys.sealed_columns()}


def test_a_seal_that_was_changed_opens_nothing_and_no_two_are_alike():
    sealed = keys.seal("Sam Example")
    assert keys.unseal(sealed) == "Sam Example"
    assert keys.seal("Sam Example") != sealed
    for index in range(len(sealed) - 4):  # the last characters hold bits that mean nothing
        other = "A" if sealed[index] != "A" else "B"
        with pytest.raises(keys.BadSeal):
            keys.unseal(sealed[:index] + other + sealed[index + 1 :])


def test_mailed_secrets_are_random_and_long():
    made = {tokens.new() for _ in range(1000)}

    assert len(made) == 1000
    assert all(re.fullmatch("[A-Za-z0-9_-]{32}", token) for token in made)  # 192 bits


def test_all_sealed_columns_are_known():
    assert sealed_columns() == {
        "Signature.email",
        "Signature.name",
        "Signature.city",
        "Signature.comment",
        "Signature.role",
        "Signature.affiliation",
        "OutboxMail.recipient",
        "PaperSheet.scan",
        "SealedEntry.line",
        "HandIn.receipt",
        "HandInFile.content",
    }


def test_after_a_rotation_the_old_key_is_needed_no_more(client, campaign, settings, capsys):
    confirmed(client, campaign, city="Kyiv", comment="Enough.", updates="on")
    signature = sign(client, campaign, name="Pia Pending")
    settings.SEAL_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    said = capsys.readouterr().out
    settings.SEAL_KEYS = [NEW]

    assert said.startswith("7 texts sealed anew.")
    assert [(s.name, s.city, s.comment) for s in Signature.objects.order_by("pk")] == [
        ("Sam Example", "Kyiv", "Enough."),
        ("Pia Pending", "", ""),
    ]
    assert OutboxMail.objects.waiting().get().recipient == signature.email
    press(client, links(read_mails()[-1])["confirm"])
    assert Signature.objects.counted().count() == 2


def test_without_a_rotation_the_old_key_is_needed(client, campaign, settings):
    sign(client, campaign)
    settings.SEAL_KEYS = [NEW]

    with pytest.raises(keys.BadSeal):
        Signature.objects.get()


def test_rotating_again_changes_nothing(client, campaign, settings, capsys):
    sign(client, campaign)
    settings.SEAL_KEYS = [NEW, OLD]
    call_command("rotate_keys")
    before = texts()
    call_command("rotate_keys")

    assert texts() == before
    assert "0 texts sealed anew." in capsys.readouterr().out


def test_a_rotation_that_was_interrupted_goes_on_where_it_was(
    client, campaign, settings, monkeypatch, capsys
):
    for number in range(5):
        sign(client, campaign, name=f"Person {number}")
    monkeypatch.setattr(rotate_keys, "BATCH", 2)
    settings.SEAL_KEYS = [NEW, OLD]
    first = next(rotate_keys.batches(Signature, "name"))
    rotate_keys.write(Signature, "name", [(keys.reseal(text), pk, text) for pk, text in first])
    call_command("rotate_keys")
    settings.SEAL_KEYS = [NEW]

    assert "13 texts sealed anew." in capsys.readouterr().out
    assert [s.name for s in Signature.objects.order_by("pk")] == [f"Person {n}" for n in range(5)]


def test_what_is_written_meanwhile_is_not_undone(client, campaign, settings):
    signature = sign(client, campaign)
    settings.SEAL_KEYS = [NEW, OLD]
    ((pk, text),) = next(rotate_keys.batches(Signature, "name"))
    Signature.objects.filter(pk=signature.pk).update(name="Newer Name")

    assert rotate_keys.write(Signature, "name", [(keys.reseal(text), pk, text)]) == 0
    assert Signature.objects.get().name == "Newer Name"


def test_a_process_that_still_uses_the_old_key_is_noticed(client, campaign, settings, monkeypatch):
    signature = sign(client, campaign)
    settings.SEAL_KEYS = [NEW, OLD]
    write = rotate_keys.write

    def late(model, column, rows):
        done = write(model, column, rows)
        settings.SEAL_KEYS = [OLD]
        Signature.objects.filter(pk=signature.pk).update(name="Written late")
        settings.SEAL_KEYS = [NEW, OLD]
        return done

    monkeypatch.setattr(rotate_keys, "write", late)
    with pytest.raises(CommandError, match="1 texts came in under another key meanwhile"):
        call_command("rotate_keys")


def test_texts_that_no_key_fits_are_counted_and_stay(client, campaign, settings):
    sign(client, campaign)
    before = texts()
    settings.SEAL_KEYS = [NEW]
    with pytest.raises(CommandError, match="3 texts fit none of the keys"):
        call_command("rotate_keys")

    assert texts() == before


def test_a_new_session_key_logs_nobody_out_while_the_old_one_is_named(client, mo, settings):
    client.force_login(mo)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "new" * 20
    settings.SECRET_KEY_FALLBACKS = [old]
    assert client.get("/admin/").status_code == 200
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "newer" * 10, []

    assert client.get("/admin/").status_code == 302


def test_an_earlier_key_must_not_serve_for_anything_else(settings):
    settings.SECRET_KEY_FALLBACKS = [settings.ADDRESS_KEY]

    assert [error.id for error in checks.key_errors()] == ["petition_site.E001"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_rotation_under_load_loses_nothing(client, transactional_db, settings):
    campaign = make_campaign()
    paths = []
    for _ in range(12):
        sign(client, campaign)
        paths.append(links(read_mails()[-1])["confirm"])
    settings.SEAL_KEYS = [NEW, OLD]

    def confirm(path):
        try:
            return press(Client(), path).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        answers = threads.map(confirm, paths)
        call_command("rotate_keys")
    settings.SEAL_KEYS = [NEW]

    assert set(answers) == {303}
    assert {s.name for s in Signature.objects.counted()} == {"Sam Example"}
    assert Signature.objects.exclude(email="").count() == 0


def test_files_are_sealed_anew_one_at_a_time(client, campaign, mo, settings):
    confirmed(client, campaign)
    _list, file = make_file(campaign, mo)
    make_file(campaign, mo, language="de")
    content = HandInFile.objects.get(pk=file.pk).content
    settings.SEAL_KEYS = [Fernet.generate_key().decode(), *settings.SEAL_KEYS]
    pages = list(rotate_keys.batches(HandInFile, "content"))
    assert [len(page) for page in pages] == [1, 1]
    call_command("rotate_keys")

    settings.SEAL_KEYS = settings.SEAL_KEYS[:1]
    assert HandInFile.objects.get(pk=file.pk).content == content
