# Every target makes the virtual environment when it is missing or older than pyproject.toml.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
FAMILIES := assets data_sets events extraction_pipelines files labels login relationships sequences time_series
FRAMES := assets files points raw resources sequences time_series

.PHONY: demo test bench docs lint format clean

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	$(BIN)/cdframe demo

test: $(READY)
	$(BIN)/python -m pytest -n 2 $(ARGS)

bench: $(READY)
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(READY)
	$(BIN)/pdoc --docformat google --output-directory docs/reference cdframe $(addprefix cdframe.resources.,$(FAMILIES)) \
		cdframe.raw.api cdframe.raw.names cdframe.raw.rows cdframe.sequences.api cdframe.datapoints.api cdframe.datapoints.streams cdframe.datapoints.synthetic $(addprefix \
		cdframe.accessors.,$(FRAMES)) cdframe.errors cdframe.timestamps cdframe.testing
	@echo "The reference is in docs/reference/index.html."

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .conformance dist docs/reference
