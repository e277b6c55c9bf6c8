"""Who may open which page of the desk, for readers: `python -m tests.permissions` writes it anew.

It is made from the table that `test_roles.py` proves, so the two cannot differ.
"""

import os
from pathlib import Path

PATH = Path(__file__).parent.parent / "docs" / "permissions.md"
TITLE = """# Who may do what at the desk

Made from the table in `tests/test_roles.py`, which every page is tried against, as each role; write
it anew with `python -m tests.permissions`. **reads**: the page is shown. **acts**: what the page
does can be done. A page that nobody may use is left out.

"""
# Everybody's own pages, and what Django has beside the pages of each model.
LEFT_OUT = ("password_", "jsi18n", "autocomplete", "app_list", "view_on_site", "(?P")


def document(expected: dict[str, dict[str, str]]) -> str:
    """In Markdown; `expected` has what each page answers to GET/POST, for each role."""
    roles = list(next(iter(expected.values())))
    lines = [["page", *roles], ["---"] * (len(roles) + 1)]
    for page, answers in expected.items():
        cells = [words(page, answers[role]) for role in roles]
        if not page.startswith(LEFT_OUT) and not page.endswith("_history") and any(cells):
            lines.append([f"`{page}`", *(cell or "–" for cell in cells)])
    return TITLE + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def words(page: str, answer: str) -> str:
    shown, done = answer.split("/")
    acts = done in {"200", "302"} and not page.endswith(("_changelist", "index"))
    return ", ".join([*["reads"] * (shown == "200"), *["acts"] * acts])


if __name__ == "__main__":
    from django import setup

    os.environ["DJANGO_SETTINGS_MODULE"] = "petition_site.settings"
    import tests.environment  # noqa: F401  (must come before the settings)

    setup()
    from tests.test_roles import EXPECTED

    PATH.write_text(document(EXPECTED), encoding="utf-8")
