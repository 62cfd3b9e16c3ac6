# otel_scorer: everything from a fresh clone, with Python 3.11 or newer and make. `make help` lists the targets.

VENV := .venv
BIN := $(VENV)/bin
LIVE := .venv-live
UV ?= uv

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports tests e2e phoenix mlflow model live bench quality docs screenshots fmt lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.run  ## run everything embedded, with a sample agent, and show its scored traces
	@$(BIN)/otel-scorer demo

test: lint types imports tests  ## everything that CI runs: format, lint, types, import contracts, tests with coverage

lint: $(VENV)/.dev  ## format and lint (ruff)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev  ## types (mypy strict)
	$(BIN)/mypy

imports: $(VENV)/.dev  ## import contracts (design section 7)
	$(BIN)/lint-imports

# Tests that start servers and workers mostly wait, so two at a time fit on two cores.
tests: $(VENV)/.dev $(LIVE)/.live  ## the tests, with branch coverage
	$(BIN)/coverage erase
	$(BIN)/pytest -n 2 -m "not e2e" --cov --cov-report=
	$(BIN)/pytest -n 2 -m "e2e and not backends" --cov --cov-append --cov-report=term

# Built and installed once into ~/.cache/otel_scorer; what cannot be had (no Go, no Node) is skipped by name.
e2e: $(VENV)/.dev  ## real Collectors, Jaeger, Tempo, Phoenix and clients: one line for each combination
	$(BIN)/pytest -n 2 tests/backends tests/deploy/test_compose_up.py

phoenix: $(VENV)/.run  ## install Phoenix for make e2e (850 MB), else its tests are skipped
	cd tests && PYTHONPATH=.:.. ../$(BIN)/python -m realtools.phoenix

mlflow: $(VENV)/.run  ## install MLflow for make e2e (700 MB), else its tests are skipped
	cd tests && PYTHONPATH=.:.. ../$(BIN)/python -m realtools.mlflow

model: $(VENV)/.run  ## build llama.cpp's server, with a small model, for make e2e (15 min), else its tests are skipped
	cd tests && PYTHONPATH=.:.. ../$(BIN)/python -m realtools.llama_server

live: $(VENV)/.dev $(LIVE)/.live  ## of the tests, those that run published instrumentations
	$(BIN)/pytest tests/live

bench: $(VENV)/.dev  ## three minutes of measuring: CPU per span over the whole path, reading each dialect, judging
	$(BIN)/python benchmarks/path.py
	$(BIN)/python benchmarks/dialects.py
	$(BIN)/python benchmarks/judge.py

LABELLED ?= ../shared/labelled

quality: $(VENV)/.dev  ## checks and rubrics over the labelled sets (LABELLED=folder), to docs/quality.md and README
	$(BIN)/python -m benchmarks.quality $(LABELLED) --out docs/quality.md --readme README.md

docs: $(VENV)/.dev  ## write the reference pages that list what the program knows
	$(BIN)/python docs/generate.py

screenshots: $(VENV)/.dev  ## take the README's pictures again (needs Go and Chromium)
	$(BIN)/python docs/screenshots.py

fmt: $(VENV)/.dev  ## format, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# No index and no host name gets into the files: they install from whatever index pip is set up for.
LOCK := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet --custom-compile-command "make lock"

lock:  ## resolve the dependencies again (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or make lock UV=/path/to/uv"; exit 1; }
	$(UV) pip compile $(LOCK) --group build -o requirements.lock pyproject.toml
	$(UV) pip compile $(LOCK) --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	$(UV) pip compile $(LOCK) --group live -o requirements-live.lock

clean:  ## remove the environment and what tools left behind
	rm -rf $(VENV) $(LIVE) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* dist

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "otel_scorer: installing from requirements.lock (once, a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "otel_scorer: installing from requirements-dev.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Instrumentations replace parts of the libraries that they watch, so they stay out of our own environment.
$(LIVE)/.live: requirements-live.lock | $(BIN)/python
	@echo "otel_scorer: installing published instrumentations from requirements-live.lock into $(LIVE)"
	@$(BIN)/python -m venv --clear $(LIVE)
	@$(LIVE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-live.lock
	@touch $@

$(BIN)/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    rm -rf $(VENV) && $$python -m venv $(VENV) && exit 0; \
	  fi; \
	done; \
	echo "otel_scorer needs Python 3.11 or newer with venv and pip on the PATH (python3 --version: $$(python3 --version 2>&1));"; \
	echo "for example: apt-get install python3.11 python3.11-venv, or brew install python@3.12"; \
	exit 1
