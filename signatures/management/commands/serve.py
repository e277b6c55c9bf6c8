import ctypes
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from django import get_version
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand

HOST = "127.0.0.1"
PATIENCE = 10  # seconds from the wish to end until a process is killed
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = "Prepare the database and run the web server and the mail sender until Ctrl-C."

    def handle(self, *args, **options):
        if "MAKELEVEL" in os.environ:
            die_with_parent()
        try:
            port = free_port(os.environ.get("PORT") or "8000")
            prepare()
        except PortError as error:
            self.say(str(error), self.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            sys.exit(130)
        sys.exit(self.supervise(port))

    def supervise(self, port):
        """Run both until we are told to end; the exit code.

        A part that dies before the site is up ends everything, since it would only die again. Later
        it is started again.
        """
        received = []
        for number in SIGNALS:
            # Under nohup the hang-up is ignored, and stays so.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda number, _frame: received.append(number))
        parts = commands(port)
        children = {name: child(*command) for name, command in parts.items()}
        announced = False
        while not received:
            for name, process in children.items():
                if (code := process.poll()) is None:
                    continue
                how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
                if not announced:
                    self.say(f"The {name} {how}, so everything stops.", self.stderr)
                    stop(children.values())
                    return code if code > 0 else 128 - code if code < 0 else 1
                self.say(f"The {name} {how} and is started again.", self.stderr)
                time.sleep(1)
                children[name] = child(*parts[name])
            if not announced and answers(port):
                self.announce(port)
                announced = True
            time.sleep(0.1)
        stop(children.values())
        self.say("Stopped.")
        return 0

    def announce(self, port):
        self.say(f"The site is at {address(port)}/")
        if settings.EMAIL_BACKEND == "petition_site.eml.EmlBackend":
            self.say(f"Its mails land as files in {os.path.relpath(settings.EMAIL_FILE_PATH)}/")
        self.say("Ctrl-C ends it.")

    def say(self, text, stream=None):
        # The terminal may be gone by now; that is no reason to leave children behind.
        with suppress(OSError):
            stream = stream or self.stdout
            stream.write(text)
            stream.flush()


class PortError(Exception):
    pass


def address(port):
    return os.environ.get("SITE_URL") or f"http://{HOST}:{port}"


def free_port(text):
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PortError(f"PORT={text} is not a port; try PORT=9000 make run")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(text)))
        except OSError as error:
            why = error.strerror.lower()
            raise PortError(f"Port {text} cannot be used ({why}); try PORT=9000 make run") from None
    return int(text)


def prepare():
    call_command("migrate", verbosity=0, interactive=False)
    call_command("roles", verbosity=0)
    call_command("load_campaign", verbosity=0)
    call_command("compile_catalogues", verbosity=0)
    collect_static()


def collect_static():
    """Compressing takes seconds, so it is left out while no file has changed."""
    note = Path(settings.STATIC_ROOT).with_suffix(".state")
    state = static_state()
    if note.exists() and note.read_text() == state:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    note.write_text(state)


def static_state():
    digest = hashlib.sha256(get_version().encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            facts = Path(storage.path(path)).stat()
            digest.update(f"{path} {facts.st_mtime_ns} {facts.st_size}\n".encode())
    return digest.hexdigest()


def commands(port):
    """The arguments and the environment of each part, by the name that people are told."""
    environment = {
        **os.environ,
        "SITE_URL": address(port),
        "ALLOWED_HOSTS": os.environ.get("ALLOWED_HOSTS") or f"{HOST},localhost",
    }
    configuration = settings.BASE_DIR / "petition_site" / "gunicorn.conf.py"
    gunicorn = ["-m", "gunicorn", "--config", configuration, "--bind", f"{HOST}:{port}"]
    quiet = ["--log-level", "warning", "--access-logfile", os.devnull]
    sender = [settings.BASE_DIR / "manage.py", "send_outbox"]
    return {
        "web server": ([*gunicorn, *quiet, "petition_site.wsgi"], environment),
        "mail sender": (sender, environment),
    }


def child(arguments, environment):
    """Start Python in a process group of its own, so that Ctrl-C reaches it only through us."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.DEVNULL,
        process_group=0,
        preexec_fn=die_with_parent,
    )


def die_with_parent():
    """Be told to end when whoever started us is killed; Linux only, elsewhere nothing happens."""
    if sys.platform == "linux":
        PR_SET_PDEATHSIG = 1
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def answers(port):
    with suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def stop(children):
    for process in children:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in children:
        try:
            process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
