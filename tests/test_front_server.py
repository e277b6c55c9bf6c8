"""What nginx does in front of the site, with the files that docs/nginx/ holds."""

import os
import re
import socket
import ssl
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import machine

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "docs" / "nginx"
SLOW = 12  # more than the site has threads
POST = "POST /en/peace/sign/ HTTP/1.1\r\nHost: testserver\r\nX-Forwarded-For: 192.0.2.7\r\n"
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


def written(name: str) -> str:
    return (FILES / name).read_text()


def nginx(folder: Path, names: list[str], **instead: str) -> list[str]:
    """The command that runs nginx with these files, their paths and ports those of a test."""
    text = "".join(written(f"{name}.conf") for name in names)
    instead |= {
        "/etc/nginx/petition/": f"{FILES}/",
        "/dev/stdout": f"{folder}/access.log",
        "/dev/stderr": f"{folder}/error.log",
        "/var/log/nginx": str(folder),
    }
    for old, new in instead.items():
        assert old in text or old.startswith(("/dev", "/var"))
        text = text.replace(old, new)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    root = "user root;" if os.geteuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(f"pid {folder}/pid; {root} daemon off; events {{}} http {{ {places} {text} }}")
    return [machine.nginx(), "-e", f"{folder}/error.log", "-c", str(conf)]


def free_ports(number: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def wait_for(port: int) -> None:
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
    return pytest.fail("a server did not start")


@contextmanager
def running(port: int, *command: str, **environment: str):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, **quiet)
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """The site as it is shipped, behind nginx as compose.yaml has it; its port and its folder."""
    folder = tmp_path_factory.mktemp("nginx")
    site, port = free_ports(2)
    there = {"web:8000": f"127.0.0.1:{site}", "listen 8080": f"listen 127.0.0.1:{port}"}
    there["172.16.0.0/12"] = "127.0.0.1"
    gunicorn = ["-m", "gunicorn", "--config", "petition_site/gunicorn.conf.py"]
    command = [sys.executable, *gunicorn, "petition_site.wsgi"]
    with (
        running(site, *command, BIND=f"127.0.0.1:{site}", WEB_WORKERS="1"),
        running(port, *nginx(folder, ["compose"], **there)),
    ):
        yield port, folder


def ask(port: int, path: str, method="GET", body=None) -> int:
    connected = HTTPConnection("127.0.0.1", port, timeout=10)
    connected.request(method, path, body, {"Host": "testserver"})
    status = connected.getresponse().status
    connected.close()
    return status


def send(port: int, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connected:
        connected.sendall(request.encode())
        return connected.recv(12)


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "petition.example.org")])
    moment = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(moment).not_valid_after(moment + timedelta(days=1))
    pem = serialization.Encoding.PEM
    shape = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, *shape))


def test_logs_hold_neither_visitor_nor_page():
    (shape,) = re.findall(r"log_format quiet '(.*)'", written("limits.conf"))
    kept = {"$time_iso8601", "$request_method", "$status", "$body_bytes_sent", "$request_time"}
    assert set(shape.split()) == kept
    for name in ("debian", "onion", "compose"):
        text = written(f"{name}.conf")
        assert set(re.findall(r"access_log (?:\S+ )?(\S+);", text)) <= {"quiet", "off"}
        assert set(re.findall(r"error_log \S+ (\S+);", text)) == {"crit"}
        assert text.count("access_log") == text.count("error_log") == text.count("server {")


def test_only_present_versions_and_strong_ciphers_of_tls_are_spoken():
    text = written("debian.conf")

    assert "ssl_protocols TLSv1.2 TLSv1.3;" in text
    assert "ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;" in text


@pytest.mark.embedded
def test_nginx_takes_the_files(tmp_path):
    folder = "/etc/letsencrypt/live/petition.example.org"
    certificate(tmp_path)
    onion = {"ONION_HOST": f"{'a2' * 28}.onion", folder: str(tmp_path)}
    for names, instead in ((["debian", "onion"], onion), (["compose"], {"web:": "127.0.0.1:"})):
        done = subprocess.run([*nginx(tmp_path, names, **instead), "-t"], capture_output=True)
        assert done.returncode == 0, done.stderr.decode()


@pytest.mark.slow
@pytest.mark.embedded
def test_slow_bodies_keep_nobody_waiting(front):
    port, _folder = front
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(SLOW)]
    for connected in slow:
        connected.sendall(f"{POST}{FORM}Content-Length: 1000\r\n\r\nname=".encode())
    time.sleep(1)
    for connected in slow:
        connected.sendall(b"a")
    started = time.perf_counter()

    assert [ask(port, "/healthz") for _ in range(5)] == [200] * 5
    assert time.perf_counter() - started < 2
    for connected in slow:
        connected.close()


@pytest.mark.slow
@pytest.mark.embedded
def test_big_and_ambiguous_requests_get_no_further(front):
    port, folder = front
    two_lengths = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"

    assert ask(port, "/en/peace/sign/", "POST", "a" * 65_537) == 413
    assert ask(port, "/readyz") == 404
    assert send(port, f"{POST}{FORM}{two_lengths}") == b"HTTP/1.1 400"
    log = (folder / "access.log").read_text()
    assert " POST 413 " in log
    assert not re.search(r"127\.0|192\.0\.2|sign|readyz", log)


@pytest.mark.slow
@pytest.mark.embedded
def test_a_crowd_of_posts_from_one_address_is_slowed_down_and_reading_is_not(front):
    port, _folder = front
    posts = [ask(port, "/en/nothing/", "POST", "a=b") for _ in range(80)]

    assert 10 <= posts.count(429) <= 20
    assert [ask(port, "/healthz") for _ in range(80)] == [200] * 80


@pytest.mark.slow
@pytest.mark.embedded
def test_old_versions_of_tls_and_programs_without_it_are_refused(tmp_path):
    certificate(tmp_path)
    plain, secure = free_ports(2)
    command = nginx(
        tmp_path,
        ["debian"],
        **{
            "/etc/letsencrypt/live/petition.example.org": str(tmp_path),
            "listen 80 ": f"listen 127.0.0.1:{plain} ",
            "listen 443 ": f"listen 127.0.0.1:{secure} ",
            "    listen [::]:80 default_server;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
        },
    )
    with running(secure, *command):
        assert speak(secure, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
        assert speak(secure, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        with pytest.raises(ssl.SSLError):
            speak(secure, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
        assert ask(plain, "/en/peace/") == 301
        assert ask(plain, "/api/v1/campaigns/peace/") == 403


def speak(port: int, least: ssl.TLSVersion, most: ssl.TLSVersion) -> str:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python warns of the old ones, too
        context.minimum_version, context.maximum_version = least, most
    with (
        socket.create_connection(("127.0.0.1", port)) as connected,
        context.wrap_socket(connected, server_hostname="petition.example.org") as secured,
    ):
        return secured.version()
