"""A real mail server that does what a script says, and remembers what it has taken."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

OK = "250 OK"
FOR_EVER = 3600


class Taken(NamedTuple):
    recipient: str
    sender: str  # of the envelope
    message_id: str
    at: float
    content: bytes


class Sink:
    """Answers at each step with the next line of `script` while there is one; then it accepts.

    Steps are `connect`, `EHLO`, `AUTH`, `MAIL`, and for each recipient `RCPT sam@…`, `DATA sam@…`.
    A line is an answer, `stall` (say nothing any more) or `drop` (hang up); after DATA with `take,`
    in front if the mail is kept all the same. A function is called, and the step goes on.
    """

    def __init__(self):
        self.script = {}
        self.steps = []
        self.taken = []

    def recipients(self) -> list[str]:
        return [mail.recipient for mail in self.taken]

    def next_line(self, step: str) -> str:
        self.steps.append(step)
        lines = self.script.get(step)
        line = lines.pop(0) if lines else OK
        if callable(line):
            line()
            return OK
        return line

    async def answer(self, step: str, server) -> str:
        return await self.say(self.next_line(step), server)

    async def say(self, line: str, server) -> str:
        if line.endswith("stall"):
            await asyncio.sleep(FOR_EVER)
        if line.endswith("drop"):
            server.transport.abort()
        return line

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        line = await self.answer("EHLO", server)
        return responses if line == OK else [line]

    async def handle_MAIL(self, server, session, envelope, address, options):
        line = await self.answer("MAIL", server)
        if line == OK:
            envelope.mail_from = address
        return line

    async def handle_RCPT(self, server, session, envelope, address, options):
        line = await self.answer(f"RCPT {address}", server)
        if line == OK:
            envelope.rcpt_tos.append(address)
        return line

    async def handle_DATA(self, server, session, envelope):
        (recipient,) = envelope.rcpt_tos
        line = self.next_line(f"DATA {recipient}")
        if line.startswith(("250", "take")):
            self._take(envelope, recipient)
        return await self.say(line, server)

    def _take(self, envelope, recipient):
        content = envelope.original_content
        message_id = re.search(rb"^Message-ID: (\S+)", content, re.MULTILINE)[1].decode()
        self.taken.append(Taken(recipient, envelope.mail_from, message_id, time.time(), content))

    def authenticate(self, server, session, envelope, mechanism, data):
        line = self.next_line("AUTH")
        if line == OK:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=line)


class Door(SMTP):
    """Asks the script before it greets."""

    def connection_made(self, transport):
        line = self.event_handler.next_line("connect")
        if line == OK:
            super().connection_made(transport)
            return
        self.transport = transport
        transport.write(f"{line}\r\n".encode())
        transport.close()

    def connection_lost(self, error):
        if self.session is not None:
            super().connection_lost(error)


class Server(Controller):
    def factory(self):
        authenticate = self.handler.authenticate
        return Door(
            self.handler, authenticator=authenticate, auth_require_tls=False, loop=self.loop
        )


@contextmanager
def running() -> Iterator[Sink]:
    """A sink at a port of this machine, `sink.port`."""
    sink = Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        sink.port = free.getsockname()[1]
    server = Server(sink, hostname="127.0.0.1", port=sink.port)
    server.start()  # which tries the door
    sink.steps.clear()
    yield sink
    server.stop()


def use(settings, sink: Sink, timeout: float = 10) -> None:
    """Let this process hand its mails over to the sink."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
    settings.EMAIL_TIMEOUT = timeout
