"""Forty made-up words go in by every door; afterwards they are nowhere but where they belong."""

import io
import itertools
import logging
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from django.conf import settings as site_settings
from django.core import mail
from django.core.cache import caches
from django.db import connection
from django.utils.log import AdminEmailHandler

from petition_site.logs import LineFormatter
from signatures import lifecycle, retention
from signatures.models import Signature
from tests.factories import code, links, organisation, person, post, press, read_mails

FORM = "application/x-www-form-urlencoded"


class Canaries:
    """Words that occur nowhere else, by what they stand for."""

    def __init__(self):
        self.words: dict[str, str] = {}
        self.letters = map("".join, itertools.product("bcdfghjk", repeat=3))

    def name(self, what):
        return self.keep(what, f"Qanar{next(self.letters)}")

    def address(self, what):
        return self.keep(what, f"qanar{next(self.letters)}@{next(self.letters)}.example.org")

    def ip(self, what):
        return self.keep(what, f"198.51.100.{100 + len(self.words)}")

    def secret(self, what):
        return self.keep(what, f"Qanar{next(self.letters)}{'x' * 24}")

    def keep(self, what, word):
        self.words[what] = word
        return word

    def found_in(self, text, but=()) -> set[str]:
        """What of them stands in a text, whatever the case; an address also as its parts."""
        text = text.lower()
        return {
            what
            for what, word in self.words.items()
            if not what.startswith(tuple(but) or ("\0",))
            and any(part.lower() in text for part in word.split("@"))
        }


@pytest.fixture
def canaries():
    return Canaries()


@pytest.fixture
def log():
    """What the site's own handler writes, as on a terminal or in a journal."""
    handler = next(
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, LineFormatter)
    )
    text = io.StringIO()
    stream = handler.setStream(text)
    yield text
    handler.setStream(stream)


def database() -> str:
    """Every column of every row of every table, as the database holds it."""
    with connection.cursor() as cursor:
        text = []
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            text += [table, *map(str, cursor.fetchall())]
    return "\n".join(text)


def cached() -> str:
    return str(getattr(caches["default"], "_cache", ""))


def mails() -> str:
    """As they land as files or at the mail server, with what is encoded also decoded."""
    parts = [part for message in mail.outbox for part in message.message().walk()]
    decoded = [part.get_payload(decode=True).decode() for part in parts if not part.is_multipart()]
    return "\n".join([*(message.message().as_string() for message in mail.outbox), *decoded])


def visitor(canaries, what) -> dict:
    """The headers of a browser that can be recognised."""
    return {
        "X-Forwarded-For": canaries.ip(f"ip of {what}"),
        "User-Agent": canaries.name(f"browser of {what}"),
        "Referer": f"http://testserver/{canaries.name(f'referer of {what}')}/",
        "Cookie": f"own={canaries.secret(f'cookie of {what}')}",
        "Accept-Language": "de",
    }


def signing(canaries, what, **fields) -> dict:
    return person(
        email=canaries.address(f"address of {what}"),
        name=canaries.name(f"name of {what}"),
        city=canaries.name(f"city of {what}"),
        comment=canaries.name(f"comment of {what}"),
        **fields,
    )


def keep_secrets(canaries, what):
    """The links and the code of the newest mail."""
    message = read_mails()[-1]
    found = links(message)
    for purpose, path in found.items():
        canaries.keep(f"token to {purpose} of {what}", path.split("/")[3])
    return found, code(message) if "confirm" in found else ""


def sign_and_confirm(client, campaign, canaries, what, **fields) -> Signature:
    headers = visitor(canaries, what)
    post(client, campaign, signing(canaries, what, **fields), **headers)
    found, _code = keep_secrets(canaries, what)
    client.get(found["confirm"], headers=headers)
    answer = client.post(found["confirm"], "", FORM, headers=headers)
    canaries.keep(f"way to the thanks of {what}", answer["Location"].split("/")[4])
    client.get(answer["Location"], headers=headers)
    return Signature.objects.latest("pk")


def go_through_every_door(client, campaign, canaries, mo):
    sign_and_confirm(client, campaign, canaries, "public")
    sign_and_confirm(client, campaign, canaries, "handin", visibility="handin")
    sign_and_confirm(client, campaign, canaries, "count", visibility="count")
    sign_and_confirm(client, campaign, canaries, "reader", updates="on", via="wri")
    confirm_by_code(client, campaign, canaries)
    leave(client, campaign, canaries)
    deny(client, campaign, canaries)
    post(client, campaign, signing(canaries, "pending"), **visitor(canaries, "pending"))
    stumble(client, campaign, canaries)
    work_at_the_desk(client, campaign, canaries, mo)


def confirm_by_code(client, campaign, canaries):
    answer = post(client, campaign, signing(canaries, "code"))
    _found, right = keep_secrets(canaries, "code")
    canaries.keep("wrong code", "918273" if right != "918273" else "192837")
    press(client, answer["Location"], code=canaries.words["wrong code"])
    press(client, answer["Location"], code=canaries.keep("right code", right))


def leave(client, campaign, canaries):
    gone = sign_and_confirm(client, campaign, canaries, "gone")
    post(client, campaign, person(email=canaries.words["address of gone"]))
    found, _code = keep_secrets(canaries, "gone again")
    press(
        client,
        found["manage"],
        action="correct",
        visibility="public",
        name=canaries.name("corrected name"),
    )
    client.get(found["manage"])
    press(client, found["manage"], action="withdraw")
    gone.refresh_from_db()
    assert gone.withdrawn_at is not None


def deny(client, campaign, canaries):
    post(client, campaign, signing(canaries, "denied"), **visitor(canaries, "denied"))
    found, _code = keep_secrets(canaries, "denied")
    press(client, found["not-me"])


def stumble(client, campaign, canaries):
    """Everything that is refused."""
    headers = visitor(canaries, "stumbling")
    refused = signing(canaries, "refused", visibility="odd")
    assert post(client, campaign, refused, **headers).status_code == 422
    robot = signing(canaries, "robot", homepage=canaries.name("honeypot"))
    post(client, campaign, robot, **headers)
    for kind in ("confirm", "not-me", "manage"):
        path = f"/en/{kind}/{canaries.secret(f'wrong token to {kind}')}/"
        assert client.get(path, headers=headers).status_code == 404
        client.post(path, "", FORM, headers=headers)
    client.get(f"/en/{canaries.name('no page')}/?q={canaries.name('query')}", headers=headers)
    client.get("/en/peace/", headers={**headers, "Host": canaries.name("host")})
    client.post("/en/peace/sign/", b"\xff" + canaries.name("bytes").encode(), FORM)
    client.post("/en/peace/", urlencode({"x": canaries.name("wrong method")}), FORM)
    form = signing(canaries, "broken")
    for how in ("", "?how=suspicious"):
        path = f"/en/break/{canaries.secret(f'broken token{how}')}/{how}"
        client.post(path, urlencode(form), FORM, headers=headers)


def work_at_the_desk(client, campaign, canaries, mo):
    headers = visitor(canaries, "desk")
    login = {"username": canaries.name("wrong user"), "password": canaries.name("password")}
    client.post("/admin/login/", login, headers=headers)
    address = canaries.address("address of organisation")
    form = organisation(
        name=canaries.name("contact"),
        role=canaries.name("role"),
        email=address,
        organisation=canaries.name("readable organisation"),
        website=f"https://{canaries.name('readable website').lower()}.example/",
    )
    post(client, campaign, form, **headers)
    press(client, links(read_mails()[-1])["confirm"])
    signature = Signature.objects.latest("pk")
    lifecycle.approve(signature, mo, canaries.name("readable reason"))
    client.force_login(mo)
    query = urlencode({"q": canaries.name("search")})
    client.get(f"/admin/signatures/signature/?{query}", headers=headers)
    client.get(f"/admin/signatures/signature/{signature.pk}/change/", headers=headers)


@pytest.fixture
def breaking(settings, client):
    """The site with its page that breaks, and a client that sees what a visitor sees."""
    settings.ROOT_URLCONF = "tests.breaking"
    settings.TRUSTED_PROXIES = 1
    client.raise_request_exception = False
    return client


@pytest.mark.django_db
def test_canaries_are_nowhere_but_where_they_belong(breaking, campaign, mo, canaries, log):
    go_through_every_door(breaking, campaign, canaries, mo)
    retention.forget()

    assert len(canaries.words) > 80
    written = log.getvalue()
    assert canaries.found_in(written) == set()
    assert written.count("500 (RuntimeError) at en/break/<token>/") == 1
    assert written.count("400 (SuspiciousOperation) at en/break/<token>/") == 1
    # What an organisation says of itself is readable, and so is where its address is.
    assert canaries.found_in(database()) == {
        "readable organisation",
        "readable website",
        "readable reason",
        "address of organisation",
    }
    assert canaries.words["address of organisation"] not in database()
    assert canaries.found_in(cached()) == set()


@pytest.mark.django_db
def test_mails_hold_their_recipient_and_their_links_and_nothing_from_a_form(
    breaking, campaign, mo, canaries
):
    go_through_every_door(breaking, campaign, canaries, mo)

    assert len(mail.outbox) >= 9
    found = canaries.found_in(mails())
    assert found >= {
        "address of public",
        "token to confirm of code",
        "token to manage of gone again",
    }
    assert {what.partition(" of ")[0] for what in found} == {
        "address", "token to confirm", "token to not-me", "token to manage",
    }  # fmt: skip


@pytest.mark.django_db
def test_a_page_that_breaks_shows_nothing_of_what_was_sent(breaking, canaries):
    path = f"/en/break/{canaries.secret('token')}/"
    answer = breaking.post(path, urlencode(signing(canaries, "broken")), FORM)

    assert answer.status_code == 500
    # Its own address is what the links to other languages are made of.
    assert canaries.found_in(answer.content.decode(), but=["token"]) == set()
    assert "Traceback" not in answer.content.decode()


# What a log says


def test_a_log_says_where_an_error_came_from_and_not_its_words(log):
    try:
        try:
            int("secret")
        except ValueError as error:
            raise RuntimeError("secret") from error
    except RuntimeError:
        logging.getLogger("signatures").exception("Something broke.")

    written = log.getvalue()
    assert "ERROR signatures: Something broke." in written
    assert written.count("tests/test_canaries.py") == 2
    assert written.rstrip().endswith("builtins.ValueError")
    assert "builtins.RuntimeError\nIt came from:\n" in written
    assert "secret" not in written.replace('int("secret")', "").replace(
        'RuntimeError("secret")', ""
    )


def test_errors_about_the_program_keep_their_words(log):
    try:
        import no_such_module  # noqa: F401, PLC0415
    except ImportError:
        logging.getLogger("signatures").exception("Something broke.")

    assert "ModuleNotFoundError: No module named 'no_such_module'" in log.getvalue()


def test_an_error_that_names_itself_as_its_cause_is_written_once(log):
    error = ValueError("secret")
    error.__context__ = RuntimeError("secret")
    error.__context__.__context__ = error
    logging.getLogger("signatures").error("Odd.", exc_info=error)

    assert log.getvalue().count("ValueError") == 1


def test_no_error_is_mailed_to_anybody():
    loggers = [logging.getLogger(name) for name in ("", "django", *logging.root.manager.loggerDict)]

    assert not [
        handler
        for logger in loggers
        for handler in logger.handlers
        if isinstance(handler, AdminEmailHandler)
    ]


@pytest.mark.slow
@pytest.mark.embedded
def test_a_sender_that_breaks_down_writes_no_words_of_a_database(canaries, tmp_path):
    environment = {**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'site.sqlite3'}"}
    run = {"cwd": site_settings.BASE_DIR, "env": environment}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity", "0"], check=True, **run)
    with sqlite3.connect(tmp_path / "site.sqlite3") as database:
        database.execute("DROP TABLE signatures_outboxmail")
        lost = canaries.name("table")
        database.execute(f"CREATE VIEW signatures_outboxmail AS SELECT * FROM {lost}")  # noqa: S608
    database.close()
    done = subprocess.run([*manage, "send_outbox", "--once"], capture_output=True, text=True, **run)

    assert done.returncode == 1
    assert "The mail sender broke down." in done.stderr
    assert done.stderr.count("sqlite3.OperationalError") == 1
    assert canaries.found_in(done.stdout + done.stderr) == set()


# The shipped web server


@contextmanager
def served(folder):
    """The address of a gunicorn with the shipped configuration, and its log once it has ended."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.breaking_settings",
        "DATABASE_URL": f"sqlite:///{folder / 'site.sqlite3'}",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "WEB_WORKERS": "1",
        "TRUSTED_PROXIES": "1",
    }
    manage = [sys.executable, "manage.py"]
    run = {"cwd": site_settings.BASE_DIR, "env": environment}
    for command in ("migrate", "load_campaign"):
        subprocess.run([*manage, command, "--verbosity", "0"], check=True, **run)
    log = (folder / "log").open("w+")
    command = ["-m", "gunicorn", "--config", "petition_site/gunicorn.conf.py", "petition_site.wsgi"]
    server = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log, **run)
    try:
        wait_until_up(port, server)
        yield port, folder / "log"
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def wait_until_up(port, server):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert server.poll() is None
            time.sleep(0.1)
        else:
            return


def ask(port, path, data=None, headers=None) -> int:
    body = urlencode(data).encode() if data else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def ask_badly(port, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), 20) as line:
        line.sendall(raw)
        line.recv(100)


@pytest.mark.slow
@pytest.mark.embedded
def test_the_log_of_the_shipped_web_server_holds_no_canary(canaries, tmp_path):
    headers = visitor(canaries, "visitor")
    with served(tmp_path) as (port, log):
        sign = signing(canaries, "visitor")
        assert ask(port, "/en/protection-asylum/sign/", sign, headers) == 200
        for kind in ("confirm", "manage"):
            secret = canaries.secret(f"wrong token to {kind}")
            assert ask(port, f"/en/{kind}/{secret}/", None, headers) == 404
        for how, status in (("", 500), ("?how=suspicious", 400)):
            path = f"/en/break/{canaries.secret(f'broken{how}')}/{how}"
            assert ask(port, path, signing(canaries, f"broken{how}"), headers) == status
        secret = canaries.secret("bad request").encode()
        ask_badly(port, b"GET /en/confirm/" + secret + b"/ HTTP/9.9\r\n\r\n")
        ask_badly(port, b"\x00\x01" + secret + b"\r\n\r\n")
        ask_badly(port, b"GET / HTTP/1.1\r\nX-" + secret + b" bad: 1\r\n\r\n")
        time.sleep(0.5)
        written = log.read_text()

    assert canaries.found_in(written) == set()
    assert "500 (RuntimeError) at en/break/<token>/" in written
    assert re.findall(r"^(?:GET|POST) \d{3} \d+ ms$", written, re.MULTILINE)
    assert "127.0.0.1" not in written.replace(f"http://127.0.0.1:{port}", "")


def test_times_in_a_log_are_in_utc_and_say_so(log, clock):
    logging.getLogger("signatures").warning("Something happened.")

    assert log.getvalue() == "2026-11-24T10:00:00.000Z WARNING signatures: Something happened.\n"


@pytest.mark.django_db
def test_a_form_that_was_refused_is_logged_without_what_was_in_it(log, client, campaign, canaries):
    body = f"name={canaries.name('name')}&name=b"
    elsewhere = {"Origin": "https://evil.example", "Referer": f"https://{canaries.name('site')}/"}
    form = {"data": body, "content_type": "application/x-www-form-urlencoded"}
    client.post("/en/peace/sign/", headers=elsewhere, **form)
    client.post("/en/peace/sign/", **form)

    assert log.getvalue().count("A form was refused with 403.") == 1
    assert log.getvalue().count("A form was refused with 400.") == 1
    assert canaries.found_in(log.getvalue()) == set()
