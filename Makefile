# make demo | test | lint | bench | bench-train | reference | ui | sbom | lock -- each installs what it needs into .venv first.
PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

ifdef CRM_MBOX
export MAVERICK_HOME ?= .maverick-mbox
DEMO_FLAGS := --mbox "$(CRM_MBOX)"
endif

.PHONY: demo ui test lint bench bench-train reference sbom lock clean

demo: .venv/installed
	$(BIN)/maverick demo $(DEMO_FLAGS)

ui: .venv/installed
	$(BIN)/maverick ui

# Two workers, each with whole files, which share fixtures; in the order of the files, so that none of
# those that take minutes comes last.
test: .venv/installed-dev
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks.extraction
	$(BIN)/python -m benchmarks.refresh
	$(BIN)/python -m benchmarks.cleaning
	$(BIN)/python -m benchmarks.links
	$(BIN)/python -m benchmarks.secrets
	$(BIN)/python -m benchmarks.privacy
	$(BIN)/python -m benchmarks.demo

# Writes the pages of docs/reference from the code.
reference: .venv/installed
	$(BIN)/python -m docs.reference.generate

# Takes about a quarter of an hour, in which nothing else should use the machine.
bench-train: .venv/installed-bench
	$(BIN)/python -m benchmarks.train --write docs/benchmarks

# What is installed, with versions and licences, in CycloneDX's format.
sbom: .venv/installed .venv/tools/installed
	.venv/tools/bin/cyclonedx-py environment --pyproject pyproject.toml -o sbom.json $(BIN)/python

# Writes requirements/*.txt anew after a change of pyproject.toml.
lock: .venv/tools/installed
	.venv/tools/bin/python requirements/lock.py

# Every package is a file whose digest the lock names, and none comes that the lock does not name.
LOCKED := install -q --no-deps --no-build-isolation --require-hashes

.venv/packages: $(addprefix requirements/,first.txt torch-cpu.txt torch.txt run.txt)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip $(LOCKED) -r requirements/first.txt
	# PyTorch's build for CPUs where pip's find-links have it, else PyPI's with NVIDIA's libraries.
	if $(BIN)/pip install -q --dry-run --no-deps --no-index 'torch==2.13.0+cpu' 2>/dev/null; \
	then $(BIN)/pip $(LOCKED) --no-index -r requirements/torch-cpu.txt; \
	else $(BIN)/pip $(LOCKED) -r requirements/torch.txt; fi
	$(BIN)/pip $(LOCKED) -r requirements/run.txt
	touch $@

# With those of all sources and of CUDA.
.venv/packages-all: .venv/packages requirements/sources.txt requirements/cuda.txt
	$(BIN)/pip $(LOCKED) -r requirements/sources.txt -r requirements/cuda.txt
	touch $@

.venv/installed: .venv/packages pyproject.toml
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

.venv/installed-dev: .venv/installed .venv/packages-all requirements/dev.txt
	$(BIN)/pip $(LOCKED) -r requirements/dev.txt
	touch $@

.venv/installed-bench: .venv/installed requirements/bench.txt
	$(BIN)/pip $(LOCKED) -r requirements/bench.txt
	touch $@

.venv/tools/installed: requirements/tools.txt
	$(PYTHON) -m venv .venv/tools
	.venv/tools/bin/pip $(LOCKED) -r requirements/tools.txt
	touch $@

clean:
	rm -rf .venv .maverick .maverick-mbox
