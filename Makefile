# `make demo` and `make test` are all that is needed; `make help` lists the rest.
PYTHON ?= python3
HOME_DIR ?= demo
PORT ?= 3000
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
COMPILE = $(BIN)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --python $(BIN)/python --generate-hashes \
	--no-emit-index-url --no-annotate --no-header
LOCK_HEADER := \# What the project is installed with: exact versions and hashes, for any index. Made by `make lock`.

.DEFAULT_GOAL := help
.PHONY: setup demo test lint ui bench docs lock clean help

setup: .venv/.stamp ## make .venv with the locked versions (only when they have changed)

.venv/.stamp: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; name one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv; the first time takes a minute or two."
	@$(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes --no-deps -r requirements.lock
	@$(PIP) install -e . --no-deps --no-build-isolation
	@touch $@

demo: setup ## load the sample files into the folder demo/ and show what came of them
	LOANCALLS_HOME=demo $(BIN)/loancalls run data/sample/*.csv
	@echo; echo "Loans that were called, best first:"
	@LOANCALLS_HOME=demo $(BIN)/loancalls query "SELECT loan_id, attempts, completed, success_rate, \
		success_rate_low, contacts, talk_seconds FROM loan_call_success WHERE attempts > 0 \
		ORDER BY success_rate_low DESC, loan_id LIMIT 10"
	@echo; echo "Employees, by rank:"
	@LOANCALLS_HOME=demo $(BIN)/loancalls query "SELECT rank, employee, employee_name, loans, attempts, completed, \
		success_rate, shrunk_rate, recovered_amount FROM employee_performance ORDER BY rank NULLS LAST, employee"
	@echo
	@echo "The database to query: demo/analytics.duckdb (LOANCALLS_HOME=demo $(BIN)/loancalls query \"SELECT ...\")"
	@echo "The lineage and every run in the browser: make ui"
	@echo "What each table and column means: docs/tables.md"

test: setup ## run all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup ## check style, formatting, types, the SQL's layout, and that docs/tables.md says what models/ says
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 transforms
	$(BIN)/python -m models.dictionary --check

ui: setup ## open the Dagster UI on the demo's home (HOME_DIR=data for another, PORT=3001 for another port)
	LOANCALLS_HOME=$(HOME_DIR) $(BIN)/loancalls ui --port $(PORT)

bench: setup ## measure what a load costs
	$(BIN)/python -m benchmarks.run

docs: setup ## write docs/tables.md from models/
	$(BIN)/python -m models.dictionary

lock: setup ## bring the locks up to pyproject.toml and benchmarks/ (UPGRADE=1: to the newest versions allowed)
	$(PIP) install uv
	$(COMPILE) --extra dev pyproject.toml -o requirements.lock
	@{ echo '$(LOCK_HEADER)'; cat requirements.lock; } > requirements.lock.new && mv requirements.lock.new requirements.lock
	grep '^duckdb==' requirements.lock | tr -d '\\' | $(COMPILE) --constraint - benchmarks/dbt_requirements.in \
		-o benchmarks/dbt_requirements.lock

clean: ## remove .venv, the demo and caches; nothing of data/
	rm -rf .venv demo build *.egg-info .pytest_cache .ruff_cache .hypothesis benchmarks/work
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16
