"""Deploy once, without Docker: what Dockerfile and compose.yaml do, with their own commands.

Builds the packages from requirements.txt, installs them without any index, copies what the image
would hold, and runs the site on a real PostgreSQL behind a made-up https proxy. Valkey is left out.
"""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from petition_site import keys  # noqa: E402
from tests import machine  # noqa: E402

DOCKERFILE = (ROOT / "Dockerfile").read_text()
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
SITE = "petition.example"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="petition-rehearsal-") as folder:
        try:
            rehearse(Path(folder))
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            print(f"The rehearsal FAILED: {error}")
            return 1
    print("The rehearsal went well.")
    return 0


def rehearse(folder: Path) -> None:
    app, venv = folder / "app", folder / "venv"
    step("Build the packages, install them without an index")
    install(folder / "wheels", venv)
    step("Copy what the image holds, collect its files")
    copy(app)
    environment = {"PATH": f"{venv / 'bin'}:/usr/bin:/bin", "HOME": "/nonexistent"}
    shell(command_after("RUN export"), app, environment)

    step("Start PostgreSQL, migrate, load the campaign")
    environment |= production(free_port())
    shell(SERVICES["migrate"]["command"][-1], app, environment)
    step("Refuse to start with an unsafe address")
    unsafe = {**environment, "SITE_URL": f"http://{SITE}"}
    refused = subprocess.run(json.loads(command_after("\nCMD")), cwd=app, env=unsafe, timeout=60)
    assert refused.returncode, "the web server started with SITE_URL=http://"

    step("Start the web server, ask it what a visitor asks")
    web = start(json.loads(command_after("\nCMD")), app, environment)
    sender = start(SERVICES["sender"]["command"], app, environment)
    try:
        visit(int(environment["BIND"].rpartition(":")[2]), web)
        step("Let the mail sender run for a while, stop both")
        time.sleep(3)
        assert sender.poll() is None, f"the mail sender ended with code {sender.returncode}"
    finally:
        codes = [stop(process) for process in (web, sender)]
    assert codes == [0, 0], f"web server and mail sender ended with {codes}"


def step(words: str) -> None:
    print(f"- {words}", flush=True)


def install(wheels: Path, venv: Path) -> None:
    pip = [str(ROOT / ".tools/bin/python"), "-m", "pip", "--quiet"]
    build = ["wheel", "--no-deps", "--require-hashes", "--wheel-dir", str(wheels)]
    subprocess.run([*pip, *build, "--requirement", str(ROOT / "requirements.txt")], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    into = ["--python", str(venv / "bin/python"), "install", "--no-index", "--no-deps"]
    subprocess.run([*pip, *into, *map(str, wheels.glob("*.whl"))], check=True)


def copy(app: Path) -> None:
    """Take what .dockerignore lets through, and no more: what is missing there is missing here."""
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line.startswith("!"):
            source, target = ROOT / line[1:], app / line[1:]
            if source.is_dir():
                shutil.copytree(
                    source, target, ignore=shutil.ignore_patterns("*.mo", "__pycache__")
                )
            else:
                app.mkdir(exist_ok=True)
                shutil.copy(source, target)


def command_after(beginning: str) -> str:
    """The last command of the Dockerfile that begins so, on one line."""
    text = DOCKERFILE.replace("\\\n", "").rpartition(beginning)[2]
    command = text.partition("\n")[0].strip()
    return f"export {command}" if beginning.endswith("export") else command


def production(port: int) -> dict[str, str]:
    made = dict(line.split("=", 1) for line in keys.fresh().splitlines())
    return made | {
        "SITE_URL": f"https://{SITE}",
        "TRUSTED_PROXIES": "1",
        "DATABASE_URL": machine.embedded_postgres(),
        "EMAIL_URL": "smtp+tls://user:password@127.0.0.1:9",
        "BIND": f"127.0.0.1:{port}",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def shell(command: str, app: Path, environment: dict[str, str]) -> None:
    subprocess.run(["/bin/sh", "-ec", command], cwd=app, env=environment, check=True, timeout=120)


def start(command: list[str], app: Path, environment: dict[str, str]) -> subprocess.Popen:
    program = shutil.which(command[0], path=environment["PATH"])
    return subprocess.Popen([program, *command[1:]], cwd=app, env=environment)


def stop(process: subprocess.Popen) -> int:
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def visit(port: int, web: subprocess.Popen) -> None:
    for _ in range(100):
        assert web.poll() is None, f"the web server ended with code {web.returncode}"
        try:
            assert ask(port, "/healthz")[0] == 200, "/healthz is not well"
            break
        except OSError:
            time.sleep(0.1)
    status, headers, _ = ask(port, "/", proxy=False)
    assert status == 301, "plain http is not sent on to https"
    assert headers["Location"].startswith(f"https://{SITE}"), headers["Location"]
    assert ask(port, "/", host="elsewhere.example")[0] == 400, "another host name is answered"

    status, headers, page = ask(port, "/")
    while status in (301, 302):
        status, headers, page = ask(port, headers["Location"].removeprefix(f"https://{SITE}"))
    assert status == 200, f"the first page answers {status}"
    assert "Strict-Transport-Security" in headers, "no Strict-Transport-Security"
    style = re.search(rb'href="(/static/[^"]+\.css)"', page)
    assert style, "the first page has no style sheet"
    status, headers, _ = ask(port, style[1].decode())
    assert status == 200, f"the style sheet answers {status}"
    assert headers["Content-Encoding"] == "br", "the style sheet is not compressed"
    assert "immutable" in headers["Cache-Control"], "the style sheet may not be kept"


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def ask(port: int, path: str, host: str = SITE, proxy: bool = True) -> tuple:
    """Ask as the reverse proxy would, or without its word that it was https."""
    headers = {"Host": host, "Accept-Encoding": "br", "Accept-Language": "en"}
    if proxy:
        headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers, answer.read()


if __name__ == "__main__":
    sys.exit(main())
