"""What runs the site: the image, compose.yaml, the locked packages, `make run`."""

import os
import re
import runpy
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from petition_site import keys

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = (ROOT / "compose.yaml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]
OURS = ("web", "sender", "migrate")
GUNICORN = ROOT / "petition_site" / "gunicorn.conf.py"


def documented() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def let_through() -> set[str]:
    """What .dockerignore lets into the image."""
    return set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))


# The image


def test_the_image_is_built_in_two_stages_from_pinned_tags():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert bases == ["python:3.13-slim-bookworm"] * 2


def test_the_image_holds_only_packages_whose_hashes_are_known():
    assert "pip wheel" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE
    assert "pip install --no-cache-dir --no-index" in DOCKERFILE


def test_the_image_runs_as_a_user_without_rights():
    last_stage = DOCKERFILE.rpartition("FROM ")[2]
    assert re.findall(r"^USER (.*)", last_stage, re.MULTILINE) == ["10001:10001"]
    assert "--chown" not in DOCKERFILE


def test_the_image_says_whether_it_is_well():
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/healthz" in DOCKERFILE


def test_the_image_holds_the_whole_site_and_nothing_else():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    rest = {"locale", "static", "templates", "manage.py", "requirements.txt", "LICENSE"}
    assert let_through() == packages | rest
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()


# compose.yaml


def test_compose_runs_web_sender_migrations_database_cache_and_nginx():
    assert set(SERVICES) == {*OURS, "postgres", "valkey", "nginx"}
    assert SERVICES["sender"]["command"] == ["python", "manage.py", "send_outbox"]


def test_compose_uses_pinned_images():
    for name in SERVICES.keys() - set(OURS):
        assert re.fullmatch(r"[a-z/]+:\d[\w.-]*", SERVICES[name]["image"]), name
    assert {SERVICES[name]["image"] for name in OURS} == {"petition-site"}


def test_nginx_gets_the_files_that_are_tried_elsewhere():
    folder, site = (volume.split(":") for volume in SERVICES["nginx"]["volumes"])
    assert [folder[2], site[2]] == ["ro", "ro"]
    included = re.findall(r"include (\S+);", (ROOT / site[0]).read_text())
    assert len(included) == 2
    for path in included:
        assert path.startswith(f"{folder[1]}/")
        assert (ROOT / folder[0] / Path(path).name).is_file()


def test_every_variable_of_compose_is_documented():
    names = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    for service in OURS:
        names |= set(SERVICES[service]["environment"])
    assert names <= documented()


def test_no_password_is_shipped():
    assert set(re.findall(r"\$\{POSTGRES_PASSWORD(..)", COMPOSE)) == {":?"}
    assert re.findall(r"PASSWORD: (?!\$\{)", COMPOSE) == []
    example = (ROOT / ".env.example").read_text()
    for name in ("SECRET_KEY", "ADDRESS_KEY", "SEAL_KEYS", "POSTGRES_PASSWORD"):
        assert f"\n{name}=\n" in example


@pytest.mark.parametrize("name", [*OURS, "nginx"])
def test_our_containers_can_change_nothing(name):
    assert SERVICES[name]["read_only"] is True
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_the_site_waits_for_migrations_and_these_for_the_database():
    for name in ("web", "sender"):
        waits = SERVICES[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["valkey"] == {"condition": "service_healthy"}
    assert SERVICES["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_only_this_host_reaches_the_site_and_nobody_the_database():
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["nginx"]["ports"])
    assert not any("ports" in SERVICES[name] for name in SERVICES if name != "nginx")


# The web server


def test_every_variable_of_the_web_server_is_documented():
    names = set(re.findall(r"environ\.get\([\"']([A-Z_]+)", GUNICORN.read_text()))
    assert names == {"BIND", "PORT", "WEB_WORKERS", "LOG_LEVEL"}
    assert names <= documented()


def test_the_access_log_names_no_visitor_and_no_page():
    settings = runpy.run_path(str(GUNICORN))
    assert re.findall(r"%\((.+?)\)s", settings["access_log_format"]) == ["m", "s", "M"]
    assert settings["control_socket_disable"] is True


def test_a_request_that_fails_is_logged_without_its_address(capsys):
    from gunicorn.config import Config  # noqa: PLC0415  (needed only here)

    log = runpy.run_path(str(GUNICORN))["Logger"](Config())
    log.exception("Error handling request %s %s", "GET", "/en/confirm/secret/")
    log.warning("Invalid request from ip=192.0.2.7: Invalid line 'GET /en/confirm/secret/'")

    written = capsys.readouterr().err
    assert "An invalid request was refused." in written
    assert "Error while a request was handled." in written
    assert "secret" not in written
    assert "192.0.2.7" not in written


# Packages


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-tools"])
def test_packages_are_pinned_with_hashes_and_without_an_address(name):
    text = (ROOT / f"{name}.txt").read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=[a-z])", text):
        assert re.match(r"[a-z0-9.-]+==\S+", entry)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-tools"])
def test_every_direct_dependency_has_a_reason_and_is_locked(name):
    lines = (ROOT / f"{name}.in").read_text().splitlines()
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / f"{name}.txt").read_text(), re.MULTILINE))
    wanted = [line for line in lines if re.match("[a-z]", line)]
    assert {re.match("[a-z0-9-]+", line)[0] for line in wanted} <= locked
    assert lines[0].startswith("#")
    for block in "\n".join(lines).split("\n\n"):
        assert block.startswith("#")


def test_tests_and_site_agree_on_every_version():
    def pins(name):
        return set(re.findall(r"^([a-z0-9.-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("requirements-dev.txt")


# Keys


def test_keys_are_made_once_and_for_the_owner_only(tmp_path):
    path = tmp_path / "var" / "keys.env"
    assert keys.keep(path)
    first = path.read_text()
    assert not keys.keep(path)

    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert re.findall(r"^[A-Z_]+", first, re.MULTILINE) == [
        "SECRET_KEY",
        "ADDRESS_KEY",
        "SEAL_KEYS",
    ]


def test_no_two_sets_of_keys_are_alike():
    assert not set(keys.fresh().splitlines()) & set(keys.fresh().splitlines())


# make


def prepared_with(tmp_path: Path, python: str) -> subprocess.CompletedProcess:
    """Run the preparation of the environment where `python3` is this script, and nothing else."""
    folder = tmp_path / "site"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "environment", folder / ".ci")
    for name in ("requirements.txt", "requirements-tools.txt"):
        shutil.copy(ROOT / name, folder)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("cat", "cksum", "dirname", "rm", "sh"):
        (programs / name).symlink_to(shutil.which(name))
    (programs / "python3").write_text(f"#!/bin/sh\n{python}\n")
    (programs / "python3").chmod(0o755)
    command = [folder / ".ci" / "environment", "run"]
    return subprocess.run(command, env={"PATH": str(programs)}, capture_output=True, text=True)


def test_a_python_that_is_too_old_is_named(tmp_path):
    old = 'case "$2" in *platform*) echo 3.9.2 ;; *) exit 1 ;; esac'
    done = prepared_with(tmp_path, old)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is needed; this is 3.9.2.")
    assert done.stderr.count("\n") == 1


def test_a_python_without_venv_names_the_package(tmp_path):
    bare = 'case "$2" in *platform*) echo 3.11.2 ;; *ensurepip*) exit 1 ;; esac'
    done = prepared_with(tmp_path, bare)
    assert done.returncode == 1
    assert "apt-get install python3.11-venv" in done.stderr
    assert done.stderr.count("\n") == 1


# manage.py serve


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A copy of the site: it has a var/ of its own."""
    folder = tmp_path_factory.mktemp("site")
    for name in let_through():
        if (ROOT / name).is_dir():
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=skip)
        else:
            shutil.copy2(ROOT / name, folder)
    (folder / "var").mkdir()
    return folder


@pytest.fixture
def serve(site):
    """Start the site as `make run` does; return process and port."""
    started = []

    def start(port=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = port or probe.getsockname()[1]
        environment = {**os.environ, "PORT": str(port)}
        for name in ("DATABASE_URL", "SITE_URL"):  # the tests' own
            del environment[name]
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=site,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, port

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_until_up(port, process):
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except OSError:
            assert process.poll() is None, process.communicate()
            time.sleep(0.1)
    pytest.fail("the site did not start")


def children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    pairs = [map(int, line.split()) for line in found.splitlines()]
    return [child for child, parent in pairs if parent == pid]


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_ends_web_server_and_mail_sender(serve, number):
    process, port = serve()
    wait_until_up(port, process)
    both = children(process.pid)
    assert len(both) == 2

    process.send_signal(number)
    said, complained = process.communicate(timeout=15)

    assert process.returncode == 0
    assert f"http://127.0.0.1:{port}/" in said
    assert "mails land" in said
    assert complained == ""
    assert not any(alive(pid) for pid in both)


@pytest.mark.slow
@pytest.mark.embedded
def test_a_part_that_dies_is_started_again_and_the_terminal_says_so(serve):
    process, port = serve()
    wait_until_up(port, process)
    line = ""
    while "Ctrl-C" not in line:
        line = process.stdout.readline()
    sender = children(process.pid)[-1]

    os.kill(sender, signal.SIGKILL)
    for _ in range(100):
        time.sleep(0.1)
        now = children(process.pid)
        if sender not in now and len(now) == 2:
            break
    process.send_signal(signal.SIGTERM)
    _, complained = process.communicate(timeout=15)

    assert process.returncode == 0
    assert "The mail sender was killed by signal 9 and is started again." in complained


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of this death")
def test_killing_the_parent_leaves_no_orphan(serve):
    process, port = serve()
    wait_until_up(port, process)
    both = children(process.pid)

    process.kill()
    process.communicate()
    for _ in range(120):
        if not any(alive(pid) for pid in both):
            break
        time.sleep(0.1)

    assert not any(alive(pid) for pid in both)


@pytest.mark.embedded
def test_a_port_that_is_taken_is_named_with_the_remedy(serve):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process, port = serve(other.getsockname()[1])
        _, complained = process.communicate(timeout=30)

    assert process.returncode == 1
    assert complained.startswith(f"Port {port} cannot be used")
    assert "PORT=9000 make run" in complained
    assert complained.count("\n") == 1
