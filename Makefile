# Two commands set everything up on a machine with python3 (3.11-3.13), python3-venv and make: make demo, make test.
PYTHON ?= python3
VENV ?= .venv
EXPERIMENT ?= empathy
JOBS ?= 2
PY := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null)
PYTEST_FLAGS ?= -n auto

ifeq ($(UV),)
INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check
else
INSTALL = $(UV) pip install --quiet --python $(PY)
endif

.PHONY: help demo test check lint format types layers bench coverage rehearse notebooks figures wheel lab clean constraints
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.installed ## set up, then run the empathy experiment on bundled items with simulated raters (offline)
	@$(PY) -m judgekit.run +experiment=empathy

test: $(VENV)/.installed-dev ## run every test (doctests and slow statistics included)
	@$(PY) -m pytest $(PYTEST_FLAGS) --doctest-modules tests judgekit

check: lint types layers ## lint, types, import layers

lint: $(VENV)/.installed-dev ## ruff: lint and format, changing nothing
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

types: $(VENV)/.installed-dev ## mypy --strict on the package
	@$(PY) -m mypy

layers: $(VENV)/.installed-dev ## import-linter: the layers of DESIGN.md
	@$(VENV)/bin/lint-imports

format: $(VENV)/.installed-dev ## ruff: mend and format
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

bench: $(VENV)/.installed-dev ## speed against named baselines, as ratios
	@$(PY) -m benchmarks

coverage: $(VENV)/.installed ## simulate coverage and false alarms of every interval and test (hours; resumes): docs/coverage.csv
	@$(PY) -m judgekit.coverage --levels 2 5 --items 30 60 200 --prevalence 0.06 0.3 --people 1 3 5 --missing 0 0.3 \
	  --cluster 1 4 --data-sets 1000 --jobs $(JOBS) --out docs/coverage.csv --figure docs/coverage.png

rehearse: $(VENV)/.installed ## rehearse plants and innocents of every statistic of bias (minutes; resumes): docs/rehearsal.csv
	@$(PY) -m judgekit.rehearse --items 200 --data-sets 100 --jobs $(JOBS) --out docs/rehearsal.csv
	@$(PY) -m judgekit.rehearse --items 450 --scenes probes --data-sets 100 --jobs $(JOBS) --out docs/rehearsal.csv
	@$(PY) -m judgekit.rehearse --items 60 --scenes position reps halo --data-sets 100 --jobs $(JOBS) \
	  --out docs/rehearsal.csv --figure docs/rehearsal.png

notebooks: $(VENV)/.installed-dev ## execute every notebook
	@$(PY) -m pytest tests/test_notebooks.py

figures: $(VENV)/.installed ## write a finished run's figures and tables into paper/generated (EXPERIMENT=empathy)
	@$(PY) -m judgekit.paper $(EXPERIMENT)

wheel: $(VENV)/.installed-dev ## build the wheel into dist/
	@$(PY) -m build --wheel --outdir dist .

lab: $(VENV)/.installed ## open JupyterLab on notebooks/
	@$(VENV)/bin/jupyter lab notebooks

clean: ## remove what builds and tests leave behind (runs, labels and the ledger stay)
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

constraints: ## resolve constraints.txt anew (needs uv)
	@$(UV) pip compile --quiet --universal --no-header --no-annotate --python-version 3.11 --extra dev pyproject.toml -o constraints.txt

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "judgekit needs Python 3.11, 3.12 or 3.13; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 2; }
	@echo "making the environment in $(VENV) (a minute or two the first time)"
	@$(if $(UV),$(UV) venv --quiet --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))

$(VENV)/.installed: pyproject.toml constraints.txt | $(PY)
	@$(INSTALL) -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(PY)
	@$(INSTALL) -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed
