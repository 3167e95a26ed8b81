# make demo    load the sample bills into the built-in sandbox
# make test    run the tests
# make lint    ruff, mypy, import-linter
# make golden  write the samples' expected results again
# make docs    write the generated pages of docs/, the man page and the pictures again
# make pins    write .ci/pins.txt again: what CI installs, each file by its hash
# make audit   look for known weaknesses in what is pinned
# make bench   measure speed and memory against their targets, into benchmarks/RESULTS.md
VENV ?= .venv
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := $(VENV)/bin

.PHONY: demo test lint golden docs bench pins audit clean

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

# Many tests start the command anew: it is compiled once, and four work on two cores, as some wait.
test: $(BIN)/light-import
	@command -v chromium > /dev/null || echo "chromium is not installed (apt-get install chromium):" \
		"the tests of the page in a browser are left out."
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 4 --dist worksteal

lint: $(BIN)/light-import
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

golden: $(BIN)/light-import
	$(BIN)/python samples/make.py

docs: $(BIN)/light-import
	$(BIN)/python docs/make.py
	$(BIN)/python docs/pictures.py

bench: $(BIN)/light-import
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python benchmarks/speed.py --write benchmarks

pins: $(BIN)/light-import
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet setup.cfg --extra test --universal --python-version 3.11 \
		--generate-hashes --no-header --upgrade -o .ci/pins.txt

audit: $(BIN)/light-import
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check pip-audit; then \
		printed=$$($(BIN)/pip-audit --disable-pip --require-hashes -r .ci/pins.txt 2>&1); code=$$?; \
		echo "$$printed"; \
		case "$$printed" in *"could not be audited"*) \
			echo "What could not be audited was not looked up: for that, this is no all-clear.";; \
		esac; exit $$code; \
	else echo "pip-audit cannot be installed: known weaknesses were not looked for."; fi

clean:
	rm -rf $(VENV) build *.egg-info
