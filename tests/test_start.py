"""The site refuses to start with settings that would betray those who sign, and says which."""

import os
import re
import runpy
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import ERROR
from django.core.exceptions import ImproperlyConfigured

from petition_site import checks

ROOT = Path(__file__).resolve().parent.parent
KEY = "Zk3vQ8xT1rWmYc5bNf7hJp2sLd9gAe4uVo6iXtRq"
# What a public site with https needs.
SAFE = {
    "SITE_URL": "https://petition.example.org",
    "ALLOWED_HOSTS": "petition.example.org",
    "TRUSTED_PROXIES": "1",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.org:587",
    "DEFAULT_FROM_EMAIL": "news@petition.example.org",
    "SECRET_KEY": f"s{KEY}",
    "ADDRESS_KEY": f"a{KEY}",
    "SEAL_KEYS": "b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OS1hYmNkZWY=",
    "DATABASE_URL": "postgres://petition:password@127.0.0.1:1/petition",
}
SEAL = SAFE["SEAL_KEYS"]
HTTPS = "SITE_URL must begin with https:// on a public site."
HOST_ONLY = "SITE_URL must end after the host: https://petition.example.org"
HOSTS = "ALLOWED_HOSTS must name the hosts, not *."
MAIL = "EMAIL_URL must name a mail server: nobody could confirm."
RANDOM = "SECRET_KEY and ADDRESS_KEY need at least 40 random characters."
DIFFERENT = "SECRET_KEY, ADDRESS_KEY and SEAL_KEYS must all differ."
SEALS = "SEAL_KEYS must be keys that python -m petition_site.keys --print made."
OPEN_MAIL = "EMAIL_URL must begin with smtp+tls:// or smtp+ssl://: smtp:// is open."
ONION = "ONION_HOST must be 56 letters and digits, and .onion."
COUNT = "CACHE_URL must be a Valkey or Redis, or empty: others do not count."
DESK = "ADMIN_PATH must be a path of its own, of letters, digits and hyphens."
UNSAFE = [
    ({"SITE_URL": "http://petition.example.org"}, HTTPS),
    ({"SITE_URL": "petition.example.org"}, HTTPS),
    ({"SITE_URL": "https://petition.example.org/sign"}, HOST_ONLY),
    ({"SITE_URL": "https://petition.example.org?a=b"}, HOST_ONLY),
    ({"SITE_URL": "https://me@petition.example.org"}, HOST_ONLY),
    ({"ALLOWED_HOSTS": "*"}, HOSTS),
    ({"ALLOWED_HOSTS": "petition.example.org,*"}, HOSTS),
    ({"EMAIL_URL": ""}, MAIL),
    ({"EMAIL_URL": "consolemail://"}, MAIL),
    ({"EMAIL_URL": "filemail:///var/mail"}, MAIL),
    ({"EMAIL_URL": "dummymail://"}, MAIL),
    ({"EMAIL_URL": "smtp://user:password@mail.example.org:25"}, OPEN_MAIL),
    ({"SECRET_KEY": "changeme"}, RANDOM),
    ({"SECRET_KEY": "a" * 60}, RANDOM),
    ({"ADDRESS_KEY": KEY[:39]}, RANDOM),
    ({"ADDRESS_KEY": ""}, RANDOM),
    ({"ADDRESS_KEY": SAFE["SECRET_KEY"]}, DIFFERENT),
    ({"ADDRESS_KEY": SEAL}, DIFFERENT),
    ({"SEAL_KEYS": f"{SEAL},{SEAL}"}, DIFFERENT),
    ({"SECRET_KEY_FALLBACKS": SAFE["ADDRESS_KEY"]}, DIFFERENT),
    ({"SEAL_KEYS": ""}, SEALS),
    ({"SEAL_KEYS": f"{SEAL},short"}, SEALS),
    ({"CACHE_URL": "dummycache://"}, COUNT),
    ({"CACHE_URL": "locmemcache://"}, COUNT),
    ({"CACHE_URL": "filecache:///var/cache"}, COUNT),
    ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES must be a number from 0 to 10."),
    ({"SIGNS_PER_NETWORK": "0"}, "SIGNS_PER_NETWORK must be a number from 1 to 1000000."),
    ({"PENDING_DAYS": "0"}, "PENDING_DAYS must be a number from 1 to 365."),
    ({"PENDING_DAYS": "9999999999"}, "PENDING_DAYS must be a number from 1 to 365."),
    ({"BACKUP_DAYS": "-30"}, "BACKUP_DAYS must be a number from 1 to 3650."),
    *[({"ONION_HOST": host}, ONION) for host in ("abc.onion", "act.example.org", f"{'a' * 56}")],
    *[({"ADMIN_PATH": path}, DESK) for path in ("", "/", "en", "static/x", "a b", "../x", "ü")],
]
# What cannot even be read.
UNREADABLE = [
    ({"PENDING_DAYS": "soon"}, "PENDING_DAYS must be a whole number."),
    ({"TRUSTED_PROXIES": ""}, "TRUSTED_PROXIES must be a whole number."),
    ({"DATABASE_URL": "mysql://a:secret@b/c"}, "DATABASE_URL must begin with"),
    ({"DATABASE_URL": "petition.sqlite3"}, "DATABASE_URL must begin with"),
    ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR."),
    ({"EMAIL_URL": "mail.example.org"}, "Invalid email schema"),
    ({"CACHE_URL": "localhost"}, "Invalid cache schema"),
]


@pytest.fixture
def configure(settings, monkeypatch):
    """A function that takes over what the settings would be in an environment."""

    def take_over(**environment):
        for name in documented():
            monkeypatch.delenv(name, raising=False)
        for name, value in {**SAFE, **environment}.items():
            monkeypatch.setenv(name, value)
        found = runpy.run_path(str(ROOT / "petition_site" / "settings.py"))
        for name in found.keys() - {"DATABASES", "STORAGES"}:
            if name.isupper():
                setattr(settings, name, found[name])
        return settings

    return take_over


def documented() -> list[str]:
    example = (ROOT / ".env.example").read_text()
    return re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)


def told() -> list[str]:
    """What keeps the site from starting."""
    return [found.msg for found in checks.safe_to_serve(None) if found.level >= ERROR]


def test_a_safe_site_starts(configure):
    configure()

    assert checks.safe_to_serve(None) == []


@pytest.mark.parametrize(("environment", "line"), UNSAFE)
def test_each_unsafe_setting_is_refused_in_one_line(configure, environment, line):
    configure(**environment)

    assert told() == [line]


@pytest.mark.parametrize(("environment", "line"), UNREADABLE)
def test_what_cannot_be_read_is_named(configure, environment, line):
    with pytest.raises(ImproperlyConfigured, match=re.escape(line)) as refused:
        configure(**environment)

    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)


def test_on_ones_own_machine_only_what_holds_everywhere_matters(configure):
    own = {"SITE_URL": "http://127.0.0.1:8000", "EMAIL_URL": "", "ALLOWED_HOSTS": "*"}

    configure(**own, TRUSTED_PROXIES="0", CACHE_URL="locmemcache://")
    assert checks.safe_to_serve(None) == []
    configure(**own, ADDRESS_KEY="short")
    assert told() == [RANDOM]


def test_no_variable_turns_debugging_or_the_test_mode_of_the_question_on(configure):
    settings = configure(DEBUG="1", CAPTCHA_TEST_MODE="1", DJANGO_DEBUG="True")

    assert settings.DEBUG is False
    assert not getattr(settings, "CAPTCHA_TEST_MODE", False)


def test_who_turns_them_on_in_the_code_does_not_get_far(configure):
    settings = configure()
    settings.DEBUG = settings.CAPTCHA_TEST_MODE = True

    assert told() == [
        "DEBUG shows secrets to visitors and must be off.",
        "CAPTCHA_TEST_MODE takes any answer for right and must be off.",
    ]


def test_sqlite_is_enough_for_a_public_site_on_one_host(configure):
    configure(DATABASE_URL="sqlite:////srv/petition.sqlite3")

    assert checks.safe_to_serve(None) == []


def test_https_that_nobody_vouches_for_is_pointed_out_but_may_be_meant(configure):
    configure(TRUSTED_PROXIES="0")

    (found,) = checks.safe_to_serve(None)
    assert found.id == "petition_site.W001"
    assert "\n" not in found.msg


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "mailer"])
def test_a_mail_server_on_this_machine_may_do_without_tls(configure, host):
    configure(EMAIL_URL=f"smtp://{host}:25")

    assert checks.safe_to_serve(None) == []


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ("postgres:///petition?host=/var/run/postgresql", []),
        ("postgres://petition:secret@postgres:5432/petition", []),
        ("postgres://petition:secret@db.example.org/petition?sslmode=verify-full", []),
        ("postgres://petition:secret@db.example.org/petition", ["petition_site.W003"]),
        ("postgres://petition:secret@10.0.0.7/petition?sslmode=require", ["petition_site.W003"]),
    ],
)
def test_a_database_elsewhere_should_prove_who_it_is(configure, address, warned):
    configure(DATABASE_URL=address)
    databases = runpy.run_path(str(ROOT / "petition_site" / "settings.py"))["DATABASES"]

    assert [found.id for found in checks.database_warnings(databases["default"])] == warned


def run(*command, folder=ROOT, **environment) -> subprocess.CompletedProcess:
    """Start a program in an environment that holds nothing but this; `None` takes away."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    wanted = {**kept, **SAFE, **environment}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={name: value for name, value in wanted.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.embedded
def test_the_command_that_checks_says_everything_at_once():
    fine = run("manage.py", "check")
    assert (fine.returncode, fine.stderr) == (0, "")

    unsafe = {
        "SITE_URL": "http://petition.example.org",
        "ALLOWED_HOSTS": "*",
        "EMAIL_URL": "consolemail://",
        "SECRET_KEY": "changeme",
        "ADDRESS_KEY": "changeme",
        "CACHE_URL": "dummycache://",
    }
    done = run("manage.py", "check", **unsafe)
    assert done.returncode == 1
    for line in (HTTPS, HOSTS, MAIL, RANDOM, DIFFERENT, COUNT):
        assert done.stderr.count(line) == 1
    assert "Traceback" not in done.stderr
    assert len(re.findall(r"^\?: ", done.stderr, re.MULTILINE)) == 6


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.parametrize(
    "command",
    [
        ["-m", "gunicorn", "--config", "petition_site/gunicorn.conf.py", "petition_site.wsgi"],
        ["manage.py", "send_outbox"],
    ],
)
def test_neither_web_server_nor_mail_sender_starts_with_an_unsafe_setting(command):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    done = run(*command, SITE_URL="http://petition.example.org", BIND=f"127.0.0.1:{port}")

    assert done.returncode == 1
    assert done.stderr.count(HTTPS) == 1
    assert "Traceback" not in done.stderr
    assert "Listening" not in done.stderr


@pytest.mark.embedded
@pytest.mark.parametrize("missing", ["SECRET_KEY", "ADDRESS_KEY", "SEAL_KEYS"])
def test_a_missing_key_is_named_in_one_line(tmp_path, missing):
    """Where `make run` has not put keys into var/."""
    (tmp_path / "petition_site").mkdir()
    for name in ("manage.py", "petition_site/__init__.py", "petition_site/settings.py"):
        shutil.copy(ROOT / name, tmp_path / name)

    done = run("manage.py", "check", folder=tmp_path, **{missing: None})

    assert done.returncode == 1
    assert done.stderr == f"Set the {missing} environment variable\n"
