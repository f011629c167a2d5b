# Two commands for a fresh machine: `make export` and `make test`. Each sets up .venv first.
.PHONY: export test lint bench demo clean
.DELETE_ON_ERROR:

PYTHON ?= python3
SRC ?= seeds
OUT ?= build/pfocr.ttl
ARGS ?=

export: .venv/.ready
	@mkdir -p "$(dir $(OUT))"
	.venv/bin/kg export $(SRC) --output "$(OUT)" --report "$(OUT).report.json" $(ARGS)

# The explorer on 2,000 made figures and the seeds: a look at what `kg serve` gives, without the database.
demo: .venv/.ready
	@test -d build/demo/records || \
		.venv/bin/python bench/make_corpus.py --records 2000 --source seeds --varied --out build/demo/records
	.venv/bin/kg export seeds build/demo/records --output build/demo/demo.ttl --report build/demo/demo.ttl.report.json
	.venv/bin/kg serve build/demo/demo.ttl --open $(ARGS)

test: .venv/.ready
	.venv/bin/python -m pytest -m "alone and not slow"
	.venv/bin/python -m pytest -m "not alone and not slow" --numprocesses auto --dist worksteal

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
	.venv/bin/python -m bench.explorer

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
