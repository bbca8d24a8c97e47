# Everything a developer types. What is not here is not needed: `make` alone lists the targets.

PYTHON ?= python3
UV ?= uv
ARGS ?=
# what Python compiles is kept: else every process of the tests compiles and rewrites all of it anew
export PYTHONDONTWRITEBYTECODE :=
# two more than there are processors: some tests wait for others to be killed, to expire, to come back
JOBS ?= $(shell expr $$(nproc) + 2)

BIN := .venv/bin
DISTRIBUTIONS := core $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
MANIFESTS := $(addsuffix /pyproject.toml,$(DISTRIBUTIONS)) $(wildcard $(addsuffix /hatch_build.py,$(DISTRIBUTIONS)))
CATALOGUES := $(wildcard $(addsuffix /*/locale/*/LC_MESSAGES/*.po,$(DISTRIBUTIONS)))
LOCKED := .venv/.lifang-locked
INSTALLED := .venv/.lifang-installed
BENCHED := .venv/.lifang-benched

.DEFAULT_GOAL := help
.PHONY: help dev demo test lint docs pictures bench trust lock release clean

help: ## this list
	@echo "Lifang 里坊. Options go through ARGS, e.g.  make demo ARGS=--no-serve"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)$$/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r target text; do printf '%-14s%s\n' "$$target" "$$text"; done

dev: $(INSTALLED) ## install everything into .venv; quick when nothing changed

demo: dev ## an instance with Lanzhou's real divisions and generated people, served
	$(BIN)/lifang demo $(ARGS)

test: dev ## every test in random order, then on PostgreSQL all that keep data; JOBS side by side
	@bash tests/browser/ensure_chromium.sh
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS)
	@# 5 is "no tests": what was asked for need not keep anything
	TEST_ON=postgresql $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup $(ARGS) || [ $$? = 5 ]

lint: dev ## style, types, import contracts, budgets
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q -p no:randomly tests/core/test_budget.py tests/core/test_contracts.py

docs: dev ## the documentation, into docs/_build/html; a warning or a broken example is an error
	$(BIN)/python docs/generate.py $(if $(CI),--check)
	$(BIN)/python -m pytest -q -p no:randomly tests/core/test_reference.py tests/walks/test_pages.py
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html $(ARGS)
	@echo "docs/_build/html/index.html"

pictures: dev ## the pictures of the administrator's guide, taken anew on a walk through the first day
	@bash tests/browser/ensure_chromium.sh
	$(BIN)/python -m tests.browser.pictures

bench: dev $(BENCHED) ## measure, print and write docs/reference/benchmarks.md
	$(BIN)/python -m tests.bench $(ARGS)

trust: dev ## the fault tests and walks at their full figures: killed servers and imports, no lost write
	$(BIN)/python -m pytest tests/faults tests/walks tests/core/lifecycle -m "trust or not trust" $(ARGS)
	$(BIN)/python -m pytest tests/browser tests/core/api tests/core/events plugins -m trust $(ARGS)
	TEST_ON=postgresql $(BIN)/python -m pytest tests/walks/test_histories.py -m trust $(ARGS)
	TEST_ON=postgresql $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "once and not trust" $(ARGS)

lock: ## resolve requirements.lock anew (needs uv)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links \
		core/pyproject.toml --extra authors --extra test requirements.in --output-file requirements.lock $(ARGS)
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --no-emit-find-links \
		--constraint requirements.lock requirements-bench.in --output-file requirements-bench.lock $(ARGS)

release: dev ## one archive that installs offline on Linux x86_64 with Python 3.11, into dist/
	$(BIN)/python .ci/release/build.py $(ARGS)

clean: ## remove what was built and measured; .venv and instances stay
	rm -rf dist docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	rm -rf $(addsuffix /dist,$(DISTRIBUTIONS))
	find core plugins tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Lifang needs Python 3.11 or newer; name one: make PYTHON=python3.11" >&2; exit 6; }
	$(PYTHON) -m venv .venv || \
		{ rm -rf .venv; echo "No virtual environment: install the package python3-venv" >&2; exit 6; }

$(LOCKED): requirements.lock | $(BIN)/python
	@echo "Installing what requirements.lock names (a minute or two the first time)"
	@# The lock is whole, so nothing is resolved: pip would take a newer release for a name with extras
	@# (coverage[toml]) than the one that is pinned, and then refuse it for having no hash.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $@

$(BENCHED): requirements-bench.lock $(INSTALLED)
	@echo "Installing what requirements-bench.lock names"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.lock
	@touch $@

$(INSTALLED): $(LOCKED) $(MANIFESTS) $(CATALOGUES)
	@echo "Installing $(DISTRIBUTIONS)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		$(addprefix -e ./,$(DISTRIBUTIONS))
	@$(BIN)/python -m pip check --quiet --disable-pip-version-check
	@touch $@
