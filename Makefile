# `make demo` and `make test` do all their own set-up; both need Python 3.11 or newer and a network for pip.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never $(BIN)/python -m uv pip install -q --python $(BIN)/python
JOBS ?= 2

.PHONY: help demo test check lint bench evidence schema fuzz coverage docs system clean

help:
	@echo "make demo      install, gate the shipped lot and print its verdict"
	@echo "make test      install all that the tests need and run them"
	@echo "make check     ruff, mypy --strict, import-linter, then the tests"
	@echo "make bench     the benchmarks, side by side with what others do"
	@echo "make evidence  the whole statistical suites -> docs/validation/*.json"
	@echo "make schema    the JSON Schemas of lot, protocol and template -> docs/schema/*.json"
	@echo "make fuzz      coverage-guided fuzzing of everything that reads a file"
	@echo "make coverage  branch coverage with the JIT off"

$(VENV)/bin/uv:
	@test -n "$(PYTHON)" || { echo "nkflow needs Python 3.11 or newer; set PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check uv

$(VENV)/.runtime: $(VENV)/bin/uv pyproject.toml
	$(UV) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/bin/uv pyproject.toml
	$(UV) -e '.[dev]'
	@touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime
	@$(BIN)/nkflow demo --force

# Chromium, fonts and poppler are Debian's; without them the browser tests skip (and fail in CI)
system:
	@if command -v chromium >/dev/null && command -v pdftoppm >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  apt-get update -q >/dev/null && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
	    chromium fonts-liberation poppler-utils >/dev/null; \
	else echo "chromium and poppler-utils are missing: the browser tests will skip" >&2; fi

test: system $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

evidence: $(VENV)/.dev
	$(BIN)/python -m benchmarks.evidence

# for editors that complete and check YAML
schema: $(VENV)/.runtime
	$(BIN)/python -m benchmarks.schema

fuzz: $(VENV)/.dev
	$(BIN)/python fuzz/truncation_sweep.py sample_fcs $(wildcard ../shared/reference-data)
	$(BIN)/python fuzz/fuzz_fcs.py

coverage: $(VENV)/.dev
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -q -W "ignore:overflow encountered:RuntimeWarning" --cov --cov-report=term-missing:skip-covered -m "not slow"

clean:
	rm -rf $(VENV) build dist nkflow-demo .pytest_cache .mypy_cache .ruff_cache
