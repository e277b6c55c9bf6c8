"""Does the time of an answer tell whether an address is known?

Drives a running site (`python bench/oracle.py http://127.0.0.1:8000 SLUG`) in which
`python manage.py shell < bench/oracle_seed.py` has put addresses in each state. Samples of all
states are interleaved; printed are the medians in milliseconds and, for each pair of states, the
area under the curve: 0.5 is a coin, 1.0 a certain answer.
"""

import http.client
import itertools
import statistics
import sys
import time
from urllib.parse import urlencode, urlsplit

STATES = ("new", "pending", "confirmed", "withdrawn", "muted")


def main(site: str, slug: str, samples: int = 300) -> int:
    connection = http.client.HTTPConnection(urlsplit(site).netloc)
    times: dict[str, list[float]] = {state: [] for state in STATES}
    for number in range(samples):
        for state in STATES:
            times[state].append(post(connection, slug, f"{state}{number}@example.org"))
    for state in STATES:
        print(f"{state:10} median {statistics.median(times[state]):6.2f} ms")
    worst = 0.5
    for one, other in itertools.combinations(STATES, 2):
        area = curve(times[one], times[other])
        worst = max(worst, area)
        print(f"{one:10} {other:10} {area:.3f}")
    print(f"worst {worst:.3f}")
    return 0


def post(connection, slug: str, address: str) -> float:
    body = urlencode(
        {
            "kind": "individual", "visibility": "public", "name": "Sam Example",
            "email": address, "country": "DE", "consent": "on",
        }
    )  # fmt: skip
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    begun = time.perf_counter()
    connection.request("POST", f"/en/{slug}/sign/", body, headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 303, answer.status
    return (time.perf_counter() - begun) * 1000


def curve(one: list[float], other: list[float]) -> float:
    """How often a sample of one is slower than one of the other, made at least one half."""
    slower = sum((a > b) + (a == b) / 2 for a in one for b in other) / (len(one) * len(other))
    return max(slower, 1 - slower)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
