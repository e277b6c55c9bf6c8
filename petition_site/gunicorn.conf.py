"""The web server. Its logs tell how much is asked and how fast, never by whom or for what: paths
hold the secrets that were mailed."""

import os
import subprocess
import sys

from gunicorn import glogging

from petition_site.logs import LineFormatter


class Logger(glogging.Logger):
    """gunicorn names the visitor and the page when a request fails; this one does not, nor what
    stands in the words of an error."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LineFormatter(self.error_fmt, self.datefmt))

    def warning(self, msg, *args, **kwargs):
        if msg.startswith("Invalid request from"):
            msg, args = "An invalid request was refused.", ()
        super().warning(msg, *args, **kwargs)

    def exception(self, msg, *args, **kwargs):
        if msg.startswith("Error handling request"):
            msg, args = "Error while a request was handled.", ()
        super().exception(msg, *args, **kwargs)


bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or 2)
threads = 4
timeout = 30
# Docker and `manage.py serve` give ten seconds before they kill.
graceful_timeout = 8
# A worker that leaks is replaced before it hurts, and not all of them at once.
max_requests = 5000
max_requests_jitter = 500
# Else a workers' heartbeat waits for a busy disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# It would open a door into the server, in somebody's home directory.
control_socket_disable = True

logger_class = Logger
loglevel = (os.environ.get("LOG_LEVEL") or "info").lower()
accesslog = "-"
access_log_format = "%(m)s %(s)s %(M)s ms"


def on_starting(server):
    """Refuse to start with unsafe settings; asked in another process, so that a reload of this one
    still finds new code."""
    check = [sys.executable, "manage.py", "check"]
    if subprocess.run(check, stdout=subprocess.DEVNULL).returncode:
        sys.exit(1)
