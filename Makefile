# Every command of this project; `make` alone lists them.

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix demo admin lock messages screenshots rehearse clean writable dev
.SILENT:

# A shell that is set up for another project must not change what runs here.
unexport PYTHONHOME PYTHONPATH DJANGO_SETTINGS_MODULE VIRTUAL_ENV

python := .venv/bin/python

help: ## List these commands
	awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

writable:
	test -w . || { echo "This folder cannot be written to; the site keeps its data in it: $$(pwd)" >&2; exit 1; }

setup: writable ## Prepare Python, the packages and the keys; the other commands do so by themselves
	.ci/environment run
	$(python) -m petition_site.keys

dev: writable
	.ci/environment dev
	$(python) -m petition_site.keys

run: setup ## Start the site and its mail sender on http://127.0.0.1:8000/ (PORT=9000 make run)
	exec $(python) manage.py serve

test: dev ## Run all tests: on SQLite, on PostgreSQL, in a browser
	exec $(python) -m tests.suite

check: dev ## Check format, lint, types, imports, migrations, settings and the Dockerfile
	$(python) -m ruff format --check --quiet || { echo "Not formatted; make fix does it." >&2; exit 1; }
	$(python) -m ruff check --quiet
	$(python) -m mypy
	.venv/bin/lint-imports --no-logo
	$(python) manage.py makemigrations --check --dry-run
	$(python) manage.py check --fail-level WARNING
	.venv/bin/hadolint Dockerfile

fix: dev ## Format, and mend what can be mended without thinking
	$(python) -m ruff format
	$(python) -m ruff check --fix

demo: setup ## Fill the site with made-up signatures, then start it
	$(python) manage.py migrate --verbosity 0
	$(python) manage.py load_campaign --verbosity 0
	$(python) manage.py demo
	exec $(python) manage.py serve

admin: setup ## Create an account for the organisers' desk; none is shipped
	$(python) manage.py migrate --verbosity 0
	$(python) manage.py roles --verbosity 0
	$(python) manage.py createsuperuser

lock: dev ## Write requirements*.txt anew from requirements*.in
	.ci/lock

messages: dev ## Collect the texts to translate into locale/
	$(python) manage.py messages

screenshots: dev ## Take the pictures of the documentation anew, of a site of their own
	exec $(python) -m docs.screenshots

rehearse: dev ## Do what Dockerfile and compose.yaml do, without Docker
	exec $(python) .ci/rehearse.py

clean: ## Remove environments and caches; the data in var/ stays
	rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
