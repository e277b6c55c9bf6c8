"""Where the parts of a chart lie; the templates draw them, in light and dark colours.

Each chart is a picture with an address of its own, beside a table that says the same: no script, no
inline style, and no shade that only colour tells from another.
"""

from datetime import date
from typing import Any

from django.utils.translation import get_language_bidi

from signatures import countries

LIGHT = {
    "paper": "#fbf7ee", "ink": "#1b1a17", "grey": "#5a554b", "rule": "#cfc6b4", "blue": "#1d3f72",
    "shades": ["#fbf7ee", "#cddaec", "#93b1da", "#4a72ad", "#1d3f72"],
    "texts": ["#5a554b", "#1b1a17", "#1b1a17", "#ffffff", "#ffffff"],
}  # fmt: skip
DARK = {
    "paper": "#171511", "ink": "#f3ecdf", "grey": "#b8b0a1", "rule": "#454036", "blue": "#9cc0f5",
    "shades": ["#171511", "#22324b", "#3b5c90", "#6f98d8", "#c3dafb"],
    "texts": ["#b8b0a1", "#f3ecdf", "#ffffff", "#171511", "#171511"],
}  # fmt: skip
WIDTH = 480
MOST_BARS = 12
ROW = 46
# Europe as tiles of one size, each about where the country lies.
TILES = """
IS .. .. .. NO SE FI EE .. ..
.. .. .. .. .. .. .. LV RU ..
IE GB .. .. DK .. .. LT BY ..
.. .. .. NL DE PL .. .. UA ..
.. .. BE LU CZ SK HU RO MD GE
.. AD FR CH AT SI HR RS BG AM
PT ES .. IT .. BA ME XK MK TR
.. .. .. MT .. .. AL GR CY ..
"""
TILE, GAP = 44, 4
CLASSES = [10, 100, 1_000, 10_000]  # from how many on a tile has the next shade


def height(rows: int) -> int:
    return rows * ROW


def bars(rows: list[tuple[str, int]]) -> dict[str, Any]:
    """A name, a number and a bar below them for each row."""
    most = max(number for _name, number in rows) or 1
    right_to_left = get_language_bidi()
    drawn = []
    for place, (name, number) in enumerate(rows):
        length = max(2, round(WIDTH * number / most)) if number else 0
        drawn.append(
            {
                "name": name,
                "number": number,
                "text_y": place * ROW + 20,
                "bar_y": place * ROW + 27,
                "length": length,
                "x": WIDTH - length if right_to_left else 0,
            }
        )
    starts, ends = (WIDTH, 0) if right_to_left else (0, WIDTH)
    return {"rows": drawn, "width": WIDTH, "height": height(len(rows)), "starts": starts,
            "ends": ends, "direction": "rtl" if right_to_left else "ltr"}  # fmt: skip


def tiles(numbers: dict[str, int]) -> dict[str, Any]:
    grid = [line.split() for line in TILES.split("\n") if line]
    drawn = [
        {
            "code": code,
            "x": column * (TILE + GAP) + GAP,
            "y": row * (TILE + GAP) + GAP,
            "shade": shade(numbers.get(code, 0)),
        }
        for row, line in enumerate(grid)
        for column, code in enumerate(line)
        if code != ".."
    ]
    below = len(grid) * (TILE + GAP) + GAP
    keys = [
        {"x": place * 119 + GAP, "shade": place + 1, "from": number}
        for place, number in enumerate(CLASSES)
    ]
    return {"tiles": drawn, "keys": keys, "tile": TILE, "width": 10 * (TILE + GAP) + GAP,
            "key_y": below + 6, "height": below + 40}  # fmt: skip


def shade(number: int) -> int:
    return sum(number >= least for least in CLASSES)


def line(points: list[tuple[str, int]]) -> dict[str, Any]:
    """The count at the end of days: time runs to the right in every script."""
    top, bottom = 34, 250
    most = max(number for _day, number in points) or 1
    apart = WIDTH / max(1, len(points) - 1)
    places = [
        (round(place * apart, 1), round(bottom - (bottom - top) * number / most, 1))
        for place, (_day, number) in enumerate(points)
    ]
    path = " ".join(f"{x},{y}" for x, y in places)
    return {
        "width": WIDTH,
        "height": 284,
        "top": top,
        "bottom": bottom,
        "path": path,
        "area": f"0,{bottom} {path} {places[-1][0]},{bottom}",
        "most": most,
        "first": date.fromisoformat(points[0][0]),
        "last": date.fromisoformat(points[-1][0]),
    }


def named(numbers: dict[str, int]) -> list[tuple[str, int]]:
    return [(countries.name(code), number) for code, number in numbers.items()]
