# Every target makes its own virtual environment; PYTHON chooses the interpreter (3.11 or newer).
# TORCH=cpu takes PyTorch from the folder of that name on its own index instead of the default
# build, which on Linux carries several gigabytes of CUDA libraries; TORCH=cu128 and so on likewise.
PYTHON ?= python3
TORCH ?=
TORCH_INDEX ?= https://download.pytorch.org/whl/$(TORCH)
VENV := .venv
BIN := $(VENV)/bin
# What is imported is compiled when it is; to compile all of every package takes most of a minute.
PIP := $(BIN)/pip install --no-compile --constraint constraints.txt
INSTALL := $(PIP) --quiet
export HF_HUB_OFFLINE ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1
# Else every process compiles all that it imports, which takes it longer than its work does.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test shapes check lint types docs clean

demo: $(VENV)/.installed
	@echo "make: running examples/demo.toml; about a minute"
	@$(BIN)/semspill run examples/demo.toml --out semspill-runs/demo --overwrite

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

# GALLERY="dataset.train=400" and the like makes the gallery's runs smaller, to see that all works.
docs: $(VENV)/.installed-docs
	OMP_NUM_THREADS=1 $(BIN)/python docs/make_gallery.py $(GALLERY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:
	rm -rf $(VENV) build dist semspill-runs .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/pip:
	@echo "make: making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

SIZE := $(if $(TORCH),about 1.5 GB,on Linux several GB (TORCH=cpu: about 1.5))
# What PyTorch needs comes with the rest, from where pip takes everything.
TORCHED := $(if $(TORCH),$(VENV)/.torch-$(TORCH))
$(TORCHED): constraints.txt | $(VENV)/bin/pip
	@echo "make: installing PyTorch from $(TORCH_INDEX)"
	@$(PIP) --no-deps --upgrade --index-url $(TORCH_INDEX) torch
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt $(TORCHED) | $(VENV)/bin/pip
	@echo "make: installing semspill and what it needs into $(VENV), $(SIZE) on disk; takes minutes"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt $(TORCHED) | $(VENV)/bin/pip
	@echo "make: installing semspill with all extras and the tools of its tests into $(VENV)"
	@$(INSTALL) --editable ".[offline,cleanlab,datasets,faiss,llm,ray]" --group dev
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed-dev
	@$(INSTALL) --group docs
	@touch $@
