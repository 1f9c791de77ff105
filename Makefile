# The project's commands; `make` alone lists them. Each sets up .venv first if it must.

PYTHON ?= python3
IN_LAB = $(PYTHON) bootstrap.py
IN_DEV = $(PYTHON) bootstrap.py --dev

# make lab PORT=9999 ENGINE=auto|docker|podman|embedded OPEN=no
LAUNCH = $(if $(PORT),--port $(PORT)) $(if $(ENGINE),--engine $(ENGINE)) \
	$(if $(filter no,$(OPEN)),--no-open)

.DEFAULT_GOAL := help
.PHONY: help lab teach demo sync lint format test test-engine test-course test-quick bench lock

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

lab: ## open the course in JupyterLab (PORT=8888 ENGINE=auto|docker|podman|embedded OPEN=no)
	@$(IN_LAB) insidedocker lab $(LAUNCH)

teach: ## open the course folder with Formgrader (same variables as lab)
	@$(IN_LAB) insidedocker teach $(LAUNCH)

demo: ## run an instructor's whole cycle on sample submissions, in a scratch course
	@$(IN_LAB) insidedocker demo

sync: ## make source/ and release/ from the lessons' texts in notebooks/
	@$(IN_LAB) insidedocker sync

format: ## bring code and lessons' texts into the common form
	@$(IN_DEV) ruff format .
	@$(IN_DEV) insidedocker format

lint: ## check code, types, lessons, and that source/ and release/ match the texts
	@$(IN_DEV) ruff check .
	@$(IN_DEV) ruff format --check .
	@$(IN_DEV) mypy
	@$(IN_DEV) scripts.layers
	@$(IN_DEV) insidedocker lint
	@$(IN_DEV) insidedocker sync --check

# Three at once, also on two cores: much of the time is waiting. What shares a costly start stays
# together.
PYTEST = pytest -n 3 --dist loadscope --no-loadscope-reorder

test: ## run all tests (ARGS="tests/authoring -k sync" for some)
	@$(IN_DEV) $(PYTEST) $(ARGS)

test-engine: ## run the tests of the engine alone
	@$(IN_DEV) $(PYTEST) tests/engine tests/conformance tests/test_engines.py tests/test_openapi.py \
		tests/test_recorder.py $(ARGS)

test-course: ## run the tests of the course alone
	@$(IN_DEV) $(PYTEST) --ignore tests/engine --ignore tests/conformance $(ARGS)

test-quick: ## run the fast tests, without real parts
	@$(IN_DEV) $(PYTEST) -m "not slow and not real" $(ARGS)

bench: ## run the measurements in benchmarks/ and print their ratios
	@for each in benchmarks/[a-z]*.py; do \
		test -e "$$each" || { echo "There are no measurements yet."; break; }; \
		$(IN_DEV) "benchmarks.$$(basename "$$each" .py)" || exit 1; \
	done

lock: ## write the locks and environment.yml anew from pyproject.toml (ARGS=--upgrade)
	@$(IN_DEV) scripts.lock $(ARGS)
