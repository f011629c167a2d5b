# Two commands for a fresh machine: `make export` and `make test`. Each sets up .venv first.
.PHONY: export test lint bench clean
.DELETE_ON_ERROR:

PYTHON ?= python3
SRC ?= seeds
OUT ?= build/pfocr.ttl
ARGS ?=

export: .venv/.ready
	@mkdir -p "$(dir $(OUT))"
	.venv/bin/kg export $(SRC) --output "$(OUT)" $(ARGS)

test: .venv/.ready
	.venv/bin/python -m pytest -m "not slow"

lint: .venv/.ready
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: .venv/.ready
	.venv/bin/python -m bench.compare
	.venv/bin/python bench/export.py
	.venv/bin/python -m bench.profile build/bench/10000
	.venv/bin/python -m bench.queries

.venv/.ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv || \
		{ echo "making a virtual environment failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf .venv build dist
