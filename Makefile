# Every target works as the first command on a fresh clone: it makes .venv, installs and runs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install train test test-long test-slurm lint types bench bench-gpu docs board clean

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

install: $(INSTALLED) ## make .venv with everything pinned

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@

train: $(INSTALLED) ## train a model: make train ARGS="data=archive archive_dir=... model=cvae"
	$(BIN)/python train.py $(or $(ARGS),model=vae beta=0.5)

test: $(INSTALLED) ## run every test with coverage, one process per core
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --cov --cov-report=term $(ARGS)

test-slurm: $(INSTALLED) ## run the tests that start a SLURM cluster of two nodes on this machine
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --slurm -m slurm tests/cli/test_slurm.py $(ARGS)

test-long: $(INSTALLED) ## run the tests that take minutes: several processes, kills, compiled layers
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --long -m long $(ARGS)

lint: $(INSTALLED) ## style, spelling and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/lint-imports

types: $(INSTALLED) ## static types
	$(BIN)/mypy

bench: $(INSTALLED) ## speed, as ratios against what one would otherwise run
	$(BIN)/python -m benchmarks

bench-gpu: $(INSTALLED) ## the training step on a GPU; tiny without one: make bench-gpu ARGS="--precision fp32"
	$(BIN)/python -m benchmarks.gpu $(ARGS)

docs: $(INSTALLED) ## build the documentation into site/
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,docs]"
	$(BIN)/mkdocs build --strict

board: $(INSTALLED) ## open the dashboard on outputs/
	$(BIN)/tensorboard --logdir outputs $(ARGS)

clean: ## remove the environment and caches, never outputs
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
