"""The environment of the suite; a pytest plugin, because it must be there before the settings.

TEST_DATABASE says which database: `sqlite` (also when unset) or `postgres`.
"""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

from tests import machine

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "PETITION_TEST_FOLDER"


def prepare() -> None:
    # Whatever the developer's shell has set must not reach a test: a real mail server least of all.
    example = (ROOT / ".env.example").read_text()
    for name in re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE):
        os.environ.pop(name, None)
    os.environ.update(
        SECRET_KEY="only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
        ADDRESS_KEY="only-for-tests-0123456789-abcdefghijklmnop",
        SEAL_KEYS="b25seS1mb3ItdGVzdHMtMDEyMzQ1Njc4OS1hYmNkZWY=",
        SITE_URL="http://testserver",
        DATABASE_URL=database(),
    )


def database() -> str:
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind == "postgres":
        # One server for all workers: they inherit the variable from the process that set it.
        os.environ["TEST_DATABASE_URL"] = machine.postgres()
        return os.environ["TEST_DATABASE_URL"]
    if kind == "sqlite":
        return f"sqlite:///{folder() / 'site.sqlite3'}"
    raise SystemExit(f"TEST_DATABASE is sqlite or postgres, not {kind}.")


def folder() -> Path:
    """Where this run keeps its files; in memory where the system has such a place."""
    if FOLDER not in os.environ:
        fast = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
        path = tempfile.mkdtemp(prefix="petition-tests-", dir=fast)
        atexit.register(shutil.rmtree, path, ignore_errors=True)
        os.environ[FOLDER] = path
    return Path(os.environ[FOLDER])


prepare()


def pytest_configure(config) -> None:
    # Both read what `prepare` has set.
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from signatures.management.commands.serve import collect_static  # noqa: PLC0415

    if not hasattr(config, "workerinput"):
        # Once and before the workers start, which would all write the same files at once.
        call_command("compile_catalogues", verbosity=0)
        collect_static()
    default = settings.DATABASES["default"]
    if default["ENGINE"].endswith("sqlite3"):
        # A file, as in production: threads and processes then wait for each other as they would.
        default.setdefault("TEST", {})["NAME"] = str(folder() / "test.sqlite3")
    # A test may ask for a file that was added a moment ago.
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    settings.STATIC_ROOT = folder() / "static"
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    settings.EMAIL_FILE_PATH = folder() / "mail"
    # A password hash is slow on purpose, and no test is about that.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
