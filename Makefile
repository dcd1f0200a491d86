# Every target makes its own virtual environment; PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is imported is compiled when it is; to compile all of every package takes most of a minute.
INSTALL := $(BIN)/pip install --quiet --no-compile --constraint constraints.txt
export HF_HUB_OFFLINE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.PHONY: demo test shapes check lint types docs clean

demo: $(VENV)/.installed
	$(BIN)/semspill run examples/demo.toml --out semspill-runs/demo --overwrite

test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --dist loadscope --no-loadscope-reorder --cov --cov-report=term

# Slow: every function checks the shapes and types of what it is given.
shapes: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest --numprocesses auto --jaxtyping-packages=semspill,beartype.beartype tests/analysis tests/encoders tests/responding tests/training

check: lint types test

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(VENV)/.installed-dev
	$(BIN)/mypy

docs: $(VENV)/.installed-docs
	OMP_NUM_THREADS=1 $(BIN)/python docs/make_gallery.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:
	rm -rf $(VENV) build dist semspill-runs .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(INSTALL) --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(INSTALL) --editable ".[offline,datasets,faiss,ray]" --group dev
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed-dev
	$(INSTALL) --group docs
	touch $@
