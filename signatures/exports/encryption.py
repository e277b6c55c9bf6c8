"""Encrypting a stream to a public key (age1…) while it leaves, without keeping it."""

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator

import pyrage

AHEAD = 4  # pieces that may wait to be encrypted
PATIENCE = 60  # seconds for encrypting one of them


class BadKey(Exception):
    """No public key; the text says why."""


class _Broken(Exception):
    """The stream ended before its end."""


def check_key(text: str) -> None:
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise BadKey(str(error)) from None


def encrypt(pieces: Iterable[bytes], public_key: str) -> Iterator[bytes]:
    """What cannot be encrypted to its end stays without one, and no program takes it for whole."""
    pipe = _Pipe(public_key)
    pipe.start()
    try:
        for piece in pieces:
            pipe.take(piece)
            yield from pipe.ready()
        pipe.finish()
        yield from pipe.ready()
    finally:
        pipe.abandon()


class _Pipe(threading.Thread):
    """A file to read from and one to write to for the library, which pulls and pushes by itself."""

    def __init__(self, public_key: str):
        super().__init__(daemon=True)
        self._key = pyrage.x25519.Recipient.from_str(public_key)
        self._in: queue.Queue[bytes | None] = queue.Queue(AHEAD)
        self._out: deque[bytes] = deque()
        self._rest, self._ended = b"", False
        self._abandoned = threading.Event()

    def run(self) -> None:
        try:
            pyrage.encrypt_io(self, self, [self._key])
        except (pyrage.EncryptError, _Broken):
            self._abandoned.set()

    def take(self, piece: bytes) -> None:
        self._in.put(piece, timeout=PATIENCE)

    def ready(self) -> Iterator[bytes]:
        while self._out:
            yield self._out.popleft()

    def finish(self) -> None:
        self._in.put(b"")
        self.join()
        if self._abandoned.is_set():
            raise _Broken

    def abandon(self) -> None:
        """Nobody reads any more, if it has not ended already."""
        while self.is_alive():
            try:
                self._in.put(None, timeout=0.1)
            except queue.Full:
                continue
            self.join()

    def read(self, size: int) -> bytes:
        while len(self._rest) < size and not self._ended:
            piece = self._in.get()
            if piece is None:
                raise _Broken
            self._ended = not piece
            self._rest += piece
        wanted, self._rest = self._rest[:size], self._rest[size:]
        return wanted

    def write(self, data: bytes) -> int:
        self._out.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""
