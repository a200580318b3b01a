# `make help` lists what there is. Pass options as variables: make run PORT=9000
# DATA_DIR=/srv/casedesk, or make test ARGS="-k unsubscribe".

.DEFAULT_GOAL := help
.PHONY: help install run test browser lint types bench bench-consent bench-rights bench-fulfilment bench-restriction check lock
PYTHON := .venv/bin/python
ARGS ?=

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

install: ## Make .venv and install what `make run` needs
	@scripts/bootstrap requirements.lock

run: install ## Start everything on this machine (PORT, DATA_DIR); Ctrl-C ends it
	@$(PYTHON) -m config.run

test: .dev ## Run all tests on real servers; says what it skipped and why
	@$(PYTHON) -m pytest -n 2 $(ARGS)

browser: .dev ## Run only the tests in a real browser
	@$(PYTHON) -m pytest tests/browser $(ARGS)

lint: .dev ## Check style, types, import floors and templates
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(PYTHON) -m mypy .
	@.venv/bin/lint-imports
	@.venv/bin/djlint templates --lint --quiet

types: .dev ## Check the types alone
	@$(PYTHON) -m mypy .

bench: .dev ## Measure; prints a table beside its yardstick
	@$(PYTHON) -m bench $(ARGS)

bench-consent: .dev ## Measure the cookie banner alone: bytes, choices a second, clicks
	@$(PYTHON) -m bench.consent

bench-rights: .dev ## Measure requests about data alone: a second, and reminders of a million
	@$(PYTHON) -m bench.rights

bench-fulfilment: .dev ## Measure copies of a person's data alone: 100 000 rows, time and memory
	@$(PYTHON) -m bench.fulfilment

bench-restriction: .dev ## Measure what it costs that restrictions bind by the database
	@$(PYTHON) -m bench.binding

check: lint test ## Everything that must be right before a change is proposed

COMPILE := .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header \
	--python-version 3.12 --extra embedded pyproject.toml

lock: .dev ## Write the hash-pinned lock files anew (after a change in pyproject.toml)
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

.PHONY: .dev
.dev:
	@scripts/bootstrap requirements-dev.lock
