"""The database as one encrypted stream of lines, and back into either database.

A backup is an age file (`age --decrypt` opens it) of gzip of lines of JSON: a heading, then for
each table its columns and its rows, at the end what there must be. It is taken from one moment of
the database while the site runs, and never lies on a disk in clear. What is sealed stays sealed:
neither `SEAL_KEYS` nor `ADDRESS_KEY` is in it. Left out is what ends by itself: sessions, counters,
questions.
"""

from signatures.backup.restoring import restore
from signatures.backup.stream import Refused, identities, new_key, read
from signatures.backup.taking import save, write

__all__ = ["Refused", "identities", "new_key", "read", "restore", "save", "write"]
