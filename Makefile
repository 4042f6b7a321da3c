# 两条命令包办一切:make maps 出图,make test 测试。
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
AS_OF ?= 2021-09-30
PLAN ?= plans/handan-2021.toml

.PHONY: maps test lint clean

maps: $(VENV)/ready
	$(BIN)/renewal-gis build $(PLAN) --as-of $(AS_OF)

test: $(VENV)/ready-test
	$(BIN)/python -m pytest

lint: $(VENV)/ready-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e .
	touch $@

$(VENV)/ready-test: $(VENV)/ready
	$(PIP) install -c constraints.txt -e ".[test]"
	touch $@

$(VENV)/ready-lint: $(VENV)/ready-test
	$(PIP) install -c constraints.txt -e ".[lint]"
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info
