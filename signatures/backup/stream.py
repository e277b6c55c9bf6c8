"""Lines of JSON, compressed and encrypted on the way out, and the reverse on the way in."""

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

FORMAT = 1
BATCH = 2000  # rows in memory at a time
MOST = 8 * 1024 * 1024  # bytes of them, but for a single row that is larger
COMPRESSION = 1  # of 9; sealed texts yield little more to a higher one
GZIP = zlib.MAX_WBITS | 16

Line = dict[str, Any] | list[Any]
Take = Callable[[str, list[str], list[list[Any]]], None]


class Refused(Exception):
    """What was asked cannot be done safely; the text says why and what to do."""


@dataclass
class Contents:
    """What stands at both ends of a backup, and how many rows were found between them."""

    heading: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    end: dict[str, Any] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.heading["at"])


def encrypt(lines: Iterable[Line], target: BinaryIO, recipients: Iterable[str]) -> None:
    """Write the lines so that each of the recipients (age1…) can read them, in constant memory."""
    try:
        public_keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError as error:
        raise Refused(f"A public key for backups begins with age1: {error}.") from None
    if not public_keys:
        raise Refused("No public key: name one in BACKUP_RECIPIENT or with --recipient.")
    source = _Compressed(map(_encode, lines))
    try:
        pyrage.encrypt_io(source, target, public_keys)
    except pyrage.EncryptError:
        if source.error is not None:
            raise source.error from None
        raise


def _encode(line: Line) -> bytes:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return text.encode() + b"\n"


def _plain(value: Any) -> str:
    """Dates and times keep their microseconds."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class _Compressed:
    """A file to read from, made of lines as they come."""

    def __init__(self, lines: Iterable[bytes]):
        self.error: Exception | None = None
        self._buffer = bytearray()
        self._chunks = self._compress(iter(lines))

    def read(self, size: int) -> bytes:
        try:
            while len(self._buffer) < size and (chunk := next(self._chunks, b"")):
                self._buffer += chunk
        except Exception as error:
            self.error = error  # the encryption would turn it into one of its own
            raise
        wanted = bytes(self._buffer[:size])
        del self._buffer[:size]
        return wanted

    def _compress(self, lines: Iterator[bytes]) -> Iterator[bytes]:
        compressor = zlib.compressobj(COMPRESSION, wbits=GZIP)
        while batch := b"".join(islice(lines, 200)):
            if compressed := compressor.compress(batch):
                yield compressed
        yield compressor.flush()


def new_key(path: Path) -> str:
    """Make a pair of keys: the secret half into a new file for its owner only; the public half."""
    identity = pyrage.x25519.Identity.generate()
    public = str(identity.to_public())
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{path} is there already.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(f"# public key: {public}\n{identity}\n")
    return public


def identities(text: str) -> list[Any]:
    """The secret keys in a key file, as age-keygen writes it."""
    found = [line.strip() for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-")]
    if not found:
        raise Refused("The key file holds no line that begins with AGE-SECRET-KEY-.")
    try:
        return [pyrage.x25519.Identity.from_str(line) for line in found]
    except pyrage.IdentityError as error:
        raise Refused(f"The key file cannot be read: {error}.") from None


def read(path: Path, keyring: list[Any], take: Take | None = None) -> Contents:
    """Give the rows to `take` (table, columns, rows), and check that the backup is complete."""
    reader = _Reader(take)
    try:
        with path.open("rb") as source:
            pyrage.decrypt_io(source, reader, keyring)
    except pyrage.DecryptError as error:
        raise Refused(f"This key does not open {path.name}: {error}.") from None
    except (OSError, zlib.error, json.JSONDecodeError) as error:
        raise Refused(f"{path.name} is damaged or incomplete: {error}.") from None
    contents = reader.contents
    if contents.end.get("counts") != contents.counts:
        raise Refused(f"{path.name} is not complete.")
    return contents


class _Reader:
    """A file to write to, which makes lines and batches of rows of what is written."""

    def __init__(self, take: Take | None):
        self.contents = Contents()
        self._take = take
        self._decompressor = zlib.decompressobj(wbits=GZIP)
        self._rest = b""
        self._table = ""
        self._columns: list[str] = []
        self._batch: list[list[Any]] = []
        self._size = 0

    def write(self, data: bytes) -> int:
        *lines, self._rest = (self._rest + self._decompressor.decompress(data)).split(b"\n")
        for line in lines:
            self._size += len(line)
            self._read(json.loads(line))
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def _read(self, line: Line) -> None:
        if isinstance(line, list):
            self._batch.append(line)
            if len(self._batch) == BATCH or self._size >= MOST:
                self._pass_on()
        elif "table" in line:
            self._pass_on()
            self._table, self._columns = line["table"], line["columns"]
            self.contents.counts[self._table] = 0
        elif "end" in line:
            self._pass_on()
            self.contents.end = line
        elif line.get("backup") == FORMAT:
            self.contents.heading = line
        else:
            raise Refused("This is no backup that this version can read.")

    def _pass_on(self) -> None:
        if not self._batch:
            return
        self.contents.counts[self._table] += len(self._batch)
        if self._take is not None:
            self._take(self._table, self._columns, self._batch)
        self._batch, self._size = [], 0
