"""What organisers ask for and no request waits for; the mail sender starts `do_jobs` for it.

A job works in steps. Each step is a transaction that leaves nothing half done, so that a process
may be killed at any moment and any number of them may run: the next one goes on from there.
"""

from collections.abc import Callable
from typing import NamedTuple

from signatures import hand_in, mailing


class Job(NamedTuple):
    is_due: Callable[[], bool]  # cheap, asked every few seconds
    work: Callable[[], bool]  # takes a step; `False` if there was none to take


# Whoever has long work adds it here.
JOBS = [
    Job(mailing.is_due, mailing.work),
    Job(hand_in.is_due, hand_in.work),
]


def is_due() -> bool:
    """Whether there is any work."""
    return any(job.is_due() for job in JOBS)


def work() -> bool:
    """Take a step of each job; `False` if none had any to take."""
    return sum(job.work() for job in JOBS) > 0
