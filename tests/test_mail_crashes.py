"""A sender is killed at each point of its work: no mail is lost, at most one comes twice."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.conf import settings as site
from django.db import connection, transaction

from signatures.models import OutboxMail
from tests import sink as sinks
from tests.factories import make_campaign, read_mails, sign

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PATIENCE = 30  # seconds


@pytest.fixture
def sink():
    with sinks.running() as sink:
        yield sink


@pytest.fixture
def addresses(client, sink):
    campaign = make_campaign()
    return [sign(client, campaign).email for _ in range(3)]


@contextmanager
def sender(sink):
    """`manage.py send_outbox` as a process of its own."""
    command = [sys.executable, "manage.py", "send_outbox"]
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
    }
    process = subprocess.Popen(
        command, cwd=site.BASE_DIR, env=environment, stderr=subprocess.DEVNULL
    )
    yield process
    process.kill()
    process.wait()


def database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    host = database["HOST"] or database["OPTIONS"].get("host", "")
    user = database["USER"] or "postgres"
    return f"postgres:///{database['NAME']}?user={user}&host={quote(host, safe='/')}"


@pytest.mark.parametrize(
    ("point", "steps", "twice"),
    [
        ("claimed", ["connect"], {0}),
        ("connected", ["EHLO"], {0}),
        ("written", ["MAIL"], {0}),
        ("one is marked", ["MAIL", "MAIL"], {0}),
        ("handed over", ["DATA"], {1}),
    ],
)
def test_a_sender_that_is_killed_in_the_middle(sink, settings, addresses, point, steps, twice):
    died = threading.Event()
    with sender(sink) as process:

        def kill():
            process.kill()
            process.wait()
            died.set()

        step = f"DATA {addresses[0]}" if steps == ["DATA"] else steps[0]
        sink.script[step] = [*[sinks.OK] * (len(steps) - 1), kill]
        assert died.wait(PATIENCE)

    check_the_end(sink, settings, addresses, twice)


def test_a_sender_that_is_killed_between_the_answer_and_the_mark(sink, settings, addresses):
    handed_over, go_on = threading.Event(), threading.Event()

    def answer_later():
        handed_over.set()
        assert go_on.wait(PATIENCE)

    sink.script[f"DATA {addresses[0]}"] = [answer_later]
    with sender(sink) as process:
        assert handed_over.wait(PATIENCE)
        with transaction.atomic():  # the sender cannot write meanwhile
            list(OutboxMail.objects.select_for_update())
            go_on.set()
            time.sleep(0.5)
            process.kill()
            process.wait()

    assert sink.recipients() == addresses[:1]
    # PostgreSQL may still carry out what the dead sender has asked it to write.
    check_the_end(sink, settings, addresses, twice={0, 1})


def test_a_sender_that_is_asked_to_stop_leaves_nothing_half_done(sink, settings, addresses):
    with sender(sink) as process:
        sink.script["MAIL"] = [process.terminate]
        assert process.wait(PATIENCE) == 0

    assert sink.recipients() == addresses[:1]
    assert OutboxMail.objects.due().count() == 2
    check_the_end(sink, settings, addresses, twice={0})


def check_the_end(sink, settings, addresses, twice):
    """The next sender takes up what the first one held, as soon as the lease has ended."""
    OutboxMail.objects.update(leased_until=None)
    sinks.use(settings, sink)
    read_mails()
    times = Counter(sink.recipients())

    assert times.keys() == set(addresses)
    assert times.total() - len(addresses) in twice
    assert len({mail.message_id for mail in sink.taken}) == len(addresses)
    assert not OutboxMail.objects.waiting().exists()
