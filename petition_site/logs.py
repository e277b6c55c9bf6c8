"""What may stand in a log: what happened and where in the code, and nothing that a visitor sent.

Paths hold mailed secrets, and the words of an error hold whatever it stumbled over: a row, a form
value, an address. So a failed request is named by the page's pattern, and an error by its type.
"""

import logging
import time
import traceback
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ImproperlyConfigured

# Their words are about the program, and without them nobody could help.
ABOUT_THE_PROGRAM = (ImportError, ImproperlyConfigured)


class LineFormatter(logging.Formatter):
    """One line for a record, and below it where an error came from, without its words.

    Times are in UTC and say so, on every host and whatever its clock shows.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        record = logging.makeLogRecord(vars(record))
        record.exc_text = None  # as another handler may have written it
        if hasattr(record, "request"):
            record.msg, record.args = "%s at %s", (status(record), page(record.request))
        return super().format(record)

    def formatException(self, ei: Any) -> str:
        """The newest error first, then those that it came from."""
        return "\nIt came from:\n".join(map(where, chain(ei[1])))


def status(record: logging.LogRecord) -> str:
    """The status of the answer; for a request that looked like an attack also what was wrong."""
    number = str(getattr(record, "status_code", "?"))
    error = record.exc_info[1] if record.exc_info else None
    return f"{number} ({type(error).__name__})" if error else number


def page(request: Any) -> str:
    """The pattern of the address, as in `urls.py`."""
    match = getattr(request, "resolver_match", None)
    return str(match.route) if match else "no page"


def chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        yield error
        seen.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def where(error: BaseException) -> str:
    """The lines of code, as Python shows them, and the type of the error."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    words = f": {error}" if isinstance(error, ABOUT_THE_PROGRAM) else ""
    return f"{frames}{type(error).__module__}.{type(error).__name__}{words}"
