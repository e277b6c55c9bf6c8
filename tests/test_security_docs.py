"""What the documents about security claim can be looked up: each test and each heading exists."""

import ast
import csv
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parent.parent
SECURITY = (ROOT / "docs" / "security.md").read_text()
STATES = ["met", "partly", "not met", "not applicable"]
# How many requirements ASVS 5.0.0 has at levels 1 and 2, but for OAuth (V10) and WebRTC (V17).
STANDARD = {
    1: (8, 19), 2: (4, 7), 3: (8, 11), 4: (2, 8), 5: (4, 5), 6: (13, 22), 7: (6, 12), 8: (4, 3),
    9: (4, 3), 11: (3, 11), 12: (3, 6), 13: (1, 12), 14: (2, 7), 15: (3, 10), 16: (0, 16),
}  # fmt: skip
# Of level 3 only those that matter for a site like this one.
LEVEL_3 = {
    "1.2.10", "1.3.12", "2.4.2", "3.4.8", "3.5.8", "3.6.1", "4.1.4", "6.3.5", "6.3.7", "6.3.8",
    "6.4.5", "6.4.6", "6.5.6", "6.5.7", "6.5.8", "7.5.3", "8.3.2", "11.3.4", "11.3.5", "13.4.6",
    "14.2.5", "14.2.6", "14.2.7", "15.4.2", "16.5.4",
}  # fmt: skip


def lines() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


LINES = lines()


def chapter(line) -> int:
    return int(line["requirement"].partition(".")[0])


@lru_cache
def functions_of(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@lru_cache
def headings_of(path: str) -> set[str]:
    """As GitHub and others make addresses of them."""
    headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def exists(proof: str) -> bool:
    path, test, name = proof.partition("::")
    if test:
        return (ROOT / path).is_file() and name in functions_of(path)
    path, _hash, heading = proof.partition("#")
    return (ROOT / path).is_file() and heading in headings_of(path)


def test_every_requirement_has_one_line_in_order():
    numbers = [line["requirement"] for line in LINES]
    assert len(numbers) == len(set(numbers))
    assert numbers == sorted(numbers, key=lambda number: [*map(int, number.split("."))])
    assert all(line["what"] and line["how"] and line["status"] in STATES for line in LINES)


def test_levels_one_and_two_are_whole_and_of_level_three_what_matters():
    levels = Counter((chapter(line), line["level"]) for line in LINES)

    assert {n: (levels[n, "1"], levels[n, "2"]) for n, _level in levels} == STANDARD
    assert {line["requirement"] for line in LINES if line["level"] == "3"} == LEVEL_3


@pytest.mark.parametrize("line", LINES, ids=lambda line: line["requirement"])
def test_what_is_claimed_can_be_looked_up(line):
    proofs = line["tests"].split()

    assert bool(proofs) == (line["status"] in {"met", "partly"})
    assert [proof for proof in proofs if not exists(proof)] == []


def test_the_count_in_the_document_is_that_of_the_lines():
    rows = re.findall(r"^\| V(\d+) [^|]*\|([\d |]+)\|$", SECURITY, re.MULTILINE)
    counted = Counter((chapter(line), line["status"]) for line in LINES)
    (total,) = re.findall(r"^\| all \|([\d |]+)\|$", SECURITY, re.MULTILINE)

    assert {int(number): numbers(cells) for number, cells in rows} == {
        number: [counted[number, state] for state in STATES] for number in STANDARD
    }
    assert numbers(total) == [sum(line["status"] == state for line in LINES) for state in STATES]


def numbers(cells: str) -> list[int]:
    return [int(cell) for cell in cells.split("|")]


def test_every_test_that_the_document_names_exists():
    named = set(
        re.findall(r"`((?:tests/)?(?:browser/)?test_\w+(?:\.py)?|tests/browser\S*)`", SECURITY)
    )
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    names = {Path(file).name for file in files}
    functions = set().union(*map(functions_of, files))

    assert len(named) > 30
    for name in named:
        known = name in functions | names | files or (ROOT / name).is_dir()
        assert known, name


def test_the_document_names_each_file_of_tests_about_security():
    about = {"routes", "headers", "crawl", "start", "staff", "roles", "bad_inputs", "front_server"}
    assert all(f"`test_{name}.py`" in SECURITY for name in about)
