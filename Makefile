# Kentongan. Two commands matter: `make run` and `make test`. Needs Python 3.11 or newer and make; everything else is installed into .venv.

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run demo test check rig bench lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp  ## install, configure this machine if it is not yet, start collector and agent; Ctrl-C stops both
	@$(BIN)/python scripts/run.py

demo: $(VENV)/run.stamp  ## a simulated Kalimantan Timur with last month behind it, in .run/demo/ (about five minutes), then its page
	@$(BIN)/python scripts/demo.py

test: $(VENV)/dev.stamp  ## install what the tests need and run them all
	@scripts/debian-packages victoria-metrics:victoria-metrics soffice:libreoffice-calc-nogui pdftotext:poppler-utils pango-view:pango1.0-tools
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/dev.stamp  ## format, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

rig: $(VENV)/dev.stamp  ## real processes behind an emulated WAN: truth against measurement, printed (root; about twelve minutes)
	@scripts/debian-packages
	@$(BIN)/python -m tests.rig $(RIG_ARGS)
	@$(BIN)/python -m tests.rig.mass $(MASS_ARGS)

bench: $(VENV)/dev.stamp  ## the figures of the README (root; about 50 minutes)
	@scripts/debian-packages victoria-metrics:victoria-metrics
	@$(BIN)/python -m bench.icmp
	@$(BIN)/python -m bench.agent
	@$(BIN)/python -m bench.ingest
	@$(BIN)/python -m bench.indicators
	@$(BIN)/python -m bench.permutation
	@$(BIN)/python -m bench.alerts
	@$(BIN)/python -m bench.reports

lock:  ## resolve the dependencies anew (needs uv)
	@uv pip compile -q pyproject.toml --extra agent --group build --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements/agent.txt
	@uv pip compile -q pyproject.toml --extra agent --extra collector --group build --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements/run.txt
	@uv pip compile -q pyproject.toml --extra agent --extra collector --extra oidc --extra pdf --extra remote-write --extra snmp --extra wilayah --group build --group dev --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements/dev.txt

clean:  ## remove what make made, but not .run (configuration and measurements)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Kentongan needs Python 3.11 or newer; found: $$($(PYTHON) --version). Use make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what the program needs (locked versions)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what the tests need (locked versions)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp
