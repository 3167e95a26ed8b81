# make demo    load the sample bills into the built-in sandbox
# make test    run the tests
# make lint    ruff, mypy, import-linter
# make golden  write the samples' expected results again
# make docs    write docs/findings.md again
# make bench   print the ratios of benchmarks/
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin

.PHONY: demo test lint golden docs bench clean

$(BIN)/light-import: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

demo: $(BIN)/light-import
	$(BIN)/light-import load samples/light/bills.xlsx --sandbox --yes
	@echo
	@echo "Things to try next:"
	@echo "  $(BIN)/light-import validate samples/light-broken/bills.xlsx"
	@echo "  $(BIN)/light-import load samples/uk-spend/dh-spend-march.csv --sandbox --only-valid"
	@echo "  $(BIN)/light-import runs"

test: $(BIN)/light-import
	$(BIN)/python -m pytest -n 3 --dist worksteal

lint: $(BIN)/light-import
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

golden: $(BIN)/light-import
	$(BIN)/python samples/make.py

docs: $(BIN)/light-import
	$(BIN)/python docs/make.py

bench: $(BIN)/light-import
	$(BIN)/python benchmarks/pacing.py

clean:
	rm -rf $(VENV) build *.egg-info
