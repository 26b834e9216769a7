# Two commands to begin with: `make demo` and `make test`. Everything lives in .venv; nothing else is touched.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

# A pinned torch first, which is the CPU build where pip has one at hand. Elsewhere on Linux it brings gigabytes of CUDA;
# name the index that you want: make setup TORCH="torch==2.13.0 --index-url <PyTorch's index for cpu, or for your CUDA>"
TORCH  ?= torch==2.13.0

# Processes that share the tests. Each has a database server of its own; files begin in order, the long ones first.
WORKERS ?= 2

.PHONY: setup demo test check format bench serve clean

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[demo,dev]'
	touch $@

demo: setup
	$(BIN)/python examples/demo.py

test: setup
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: setup
	PYTHONPATH=. $(BIN)/python benchmarks/captioning.py

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

serve: setup
	$(BIN)/indexer serve

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
