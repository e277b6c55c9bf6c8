"""The promises of the repository itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.template import engines

ROOT = Path(settings.BASE_DIR)
PACKAGES = ["petition_site", "campaigns", "signatures"]


def tracked(pattern: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in listing.stdout.split("\0") if name]


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_imports_point_down():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_every_variable_of_the_settings_is_explained_and_none_is_invented():
    read = r"env(?:iron)?(?:\.\w+)?[(\[]\s*[\"']([A-Z_]+)[\"']"
    used = {
        name
        for module in ("settings.py", "gunicorn.conf.py")
        for name in re.findall(read, (ROOT / "petition_site" / module).read_text())
    }
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))

    assert used <= explained
    assert explained <= used | {"POSTGRES_PASSWORD"}


def test_only_the_settings_read_the_environment():
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if path.name not in {"settings.py", "gunicorn.conf.py", "serve.py", "wsgi.py"}:
                assert not re.search(r"os\.environ|getenv", path.read_text()), path


def test_every_template_compiles():
    engine = engines["django"]
    templates = tracked("templates/*")
    assert len(templates) > 20
    for path in templates:
        engine.get_template(str(path.relative_to(ROOT / "templates")))


# A file of ours, loaded only if it is byte for byte what the page says.
OUR_SCRIPT = re.compile(
    r"""<script type="module" src="{% static '(js/\w+\.js)' %}" """
    r"""integrity="{% integrity '\1' %}"></script>"""
)


def test_pages_hold_no_style_and_no_script():
    for path in [*tracked("templates/*.html"), *tracked("templates/*.svg")]:
        if "emails" not in path.parts:
            source = OUR_SCRIPT.sub("", path.read_text())
            assert not re.search(
                r"<script|<style| style=| on\w+=|javascript:|http-equiv", source
            ), path
            assert "submit()" not in source, path


def test_no_file_names_a_package_registry_or_a_folder_of_some_machine():
    names = ["py" + "pi.org", "python" + "hosted", "npm" + "js.org", "index" + "-url"]
    for path in tracked("*"):
        if path.suffix in {".py", ".txt", ".toml", ".md", ".yaml", ".html", ".json", ""}:
            source = path.read_text("utf-8", errors="ignore")
            assert not any(name in source for name in names), path


def test_no_account_and_no_key_is_shipped():
    assert not tracked("*.sqlite3")
    assert not tracked("var/*")
    assert not tracked(".env")


def test_the_lock_is_hashed():
    for name in ("requirements.txt", "requirements-dev.txt"):
        pins = [
            line
            for line in (ROOT / name).read_text().splitlines()
            if re.match(r"[a-z0-9].*==", line, re.I)
        ]
        assert len(pins) > 10
        assert all(line.endswith("\\") for line in pins), name


def code_of_the_site() -> list[tuple[Path, ast.Module]]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(path, ast.parse(path.read_text())) for path in paths]


def imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def called(tree: ast.Module) -> set[str]:
    return {
        getattr(node.func, "id", getattr(node.func, "attr", ""))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }


def test_the_site_asks_no_other_host_starts_no_program_and_reads_no_foreign_format():
    """But for the mail server, through Django, and the DNS, where somebody calls `mailcheck`; and
    what `make run` and gunicorn start is ours."""
    outside = {
        "ftplib", "http.client", "httpx", "marshal", "pickle", "requests", "shelve", "socket",
        "subprocess", "urllib.request", "urllib3", "xml", "yaml", "zipfile",
    }  # fmt: skip
    starters = {
        "serve.py": {"socket", "subprocess"},
        "send_outbox.py": {"subprocess"},
        "gunicorn.conf.py": {"subprocess"},
        "mailcheck.py": {"dns.exception", "dns.resolver", "dns.reversename"},
        # Spreadsheets that organisers bring: sizes are read before anything is unpacked.
        "tables.py": {"xml.etree.ElementTree", "xml.etree.ElementTree.ParseError", "zipfile"},
    }
    for path, tree in code_of_the_site():
        roots = {name for name in imported(tree) if name in outside or name[:4] in {"xml.", "dns."}}
        assert roots <= starters.get(path.name, set()), path


def test_the_site_runs_no_text_as_code_and_builds_no_query_from_words():
    forbidden = {"eval", "exec", "system", "popen", "mark_safe", "raw", "extra", "RawSQL"}
    for path, tree in code_of_the_site():
        assert not called(tree) & forbidden, path
