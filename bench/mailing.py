"""How long does it take to queue a mailing, who waits for it meanwhile, and how fast does it leave?

`python bench/mailing.py sqlite|postgres [READERS]` makes a site of its own, with so many readers
(100,000), lets `do_jobs` queue a mail for each, kills that once with `kill -9`, and adds a row
every 20 ms from another process, as somebody does who signs. Then it hands mails over to a server
that takes all of them at once. On SQLite put TMPDIR on a disk.
"""

import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SENT = 2000  # mails, to know the rate


def main(kind: str = "sqlite", number: str = "100000") -> int:
    folder = Path(tempfile.mkdtemp(prefix="bench-mailing-"))
    os.environ["DATABASE_URL"] = url(kind, folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "petition_site.settings"
    os.environ["LOG_LEVEL"] = "WARNING"
    import django  # noqa: PLC0415

    django.setup()
    update, by = prepare(int(number))
    queue(update, by, int(number))
    hand_over()
    return 0


def url(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'site.sqlite3'}"
    from tests import machine  # noqa: PLC0415

    return machine.postgres()


def prepare(number: int):
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    from campaigns.models import Campaign  # noqa: PLC0415
    from tests.factories import make_readers, make_update  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("load_campaign", verbosity=0)
    campaign = Campaign.objects.get()
    for start in range(0, number, 10_000):
        make_readers(campaign, min(10_000, number - start), "de")
    return make_update(campaign), User.objects.create_user("olga")


def queue(update, by, number: int) -> None:
    from signatures import mailing  # noqa: PLC0415
    from signatures.models import Mailing, OutboxMail  # noqa: PLC0415

    mailing.start(update, by)
    begun = time.perf_counter()
    first = jobs()
    while Mailing.objects.get().queued < number // 3:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second, waits = jobs(), []
    while second.poll() is None:
        waits.append(write())
        time.sleep(0.02)
    took = time.perf_counter() - begun
    row = Mailing.objects.get()
    mails = OutboxMail.objects.filter(kind="update")
    assert row.queued == mails.count() == number, (row.queued, mails.count())
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"queued      {number} mails in {took:.1f} s, with one kill -9 and both starts")
    print(f"memory      {memory:.0f} MB at most")
    late = sorted(waits)[int(len(waits) * 0.99)]
    print(
        f"who signs   waits {1000 * statistics.median(waits):.1f} ms (median), "
        f"{1000 * late:.0f} ms (99 of 100), {1000 * max(waits):.0f} ms at most"
    )


def jobs() -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "manage.py", "do_jobs"], cwd=ROOT)


def write() -> float:
    """Seconds until a small write is committed."""
    from django.db import transaction  # noqa: PLC0415

    from signatures.models import Mute  # noqa: PLC0415

    begun = time.perf_counter()
    with transaction.atomic():
        Mute.objects.filter(pk=0).update(address_hash="x")
        Mute.objects.filter(pk=0).delete()
    return time.perf_counter() - begun


def hand_over() -> None:
    from django.conf import settings  # noqa: PLC0415

    from signatures.management.commands.send_outbox import send_batch  # noqa: PLC0415

    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    begun, done = time.perf_counter(), 0
    while done < SENT and (taken := send_batch()):
        done += taken
    rate = done / (time.perf_counter() - begun)
    print(f"handed over {rate:.0f} mails a second, written, marked, nothing on the wire")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
