# make run: environment, then the default experiment. make test: environment, then all tests.
# Variables: PYTHON (the interpreter to build .venv from), CORES, ARGS (more arguments to Snakemake or pytest).
PYTHON ?= python3
CORES ?= all
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test env clean
.DEFAULT_GOAL := run

run: $(VENV)/.run
	$(BIN)/snakemake --cores $(CORES) $(ARGS)

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/python -m pytest --numprocesses 2 $(ARGS)

env: $(VENV)/.run

$(VENV)/.python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>/dev/null || echo missing)." \
	       "Name another one: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.run: $(VENV)/.python requirements.txt progress/pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	touch $@

$(VENV)/.test: $(VENV)/.run requirements-extras.txt requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt \
	  -r requirements-extras.txt -r requirements-test.txt
	touch $@

clean:
	rm -rf $(VENV) results .snakemake
