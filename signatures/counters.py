"""A cache that counts exactly across processes, on the database that is there anyway.

Django's own database cache reads, then writes: several processes let a limit through together, and
its `incr` forgets the expiry. Here each step is one statement of the database.
"""

import time

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connection

ADD = """
INSERT INTO signatures_counter (key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires
WHERE signatures_counter.expires <= %s
"""
INCREASE = """
UPDATE signatures_counter SET value = value + %s WHERE key = %s AND expires > %s RETURNING value
"""
SET = """
INSERT INTO signatures_counter (key, value, expires) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires = excluded.expires
"""


class CounterCache(BaseCache):
    """Integers only, each with an expiry; keys of up to 200 characters.

    `incr` keeps the expiry that `add` has set, and raises `ValueError` for a key that is not there.
    """

    def __init__(self, location, params):
        super().__init__(params)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        parameters = [self._key(key, version), value, self._expires(timeout), time.time()]
        return self._execute(ADD, parameters).rowcount == 1

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        self._execute(SET, [self._key(key, version), value, self._expires(timeout)])

    def incr(self, key, delta=1, version=None):
        row = self._execute(INCREASE, [delta, self._key(key, version), time.time()]).fetchone()
        if row is None:
            raise ValueError(f"Key '{key}' not found")
        return row[0]

    def get(self, key, default=None, version=None):
        query = "SELECT value FROM signatures_counter WHERE key = %s AND expires > %s"
        row = self._execute(query, [self._key(key, version), time.time()]).fetchone()
        return default if row is None else row[0]

    def delete(self, key, version=None):
        query = "DELETE FROM signatures_counter WHERE key = %s"
        return self._execute(query, [self._key(key, version)]).rowcount == 1

    def clear(self):
        self._execute("DELETE FROM signatures_counter", [])

    def _key(self, key, version) -> str:
        return self.make_and_validate_key(key, version)

    def _expires(self, timeout) -> float:
        return self.get_backend_timeout(timeout)

    def _execute(self, query, parameters):
        cursor = connection.cursor()
        cursor.execute(query, parameters)
        return cursor
