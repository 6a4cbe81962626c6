# Cornu's commands. All of them start from a Python (3.11 or newer) and nothing else.
#   make demo PYTHON=python3.12     another Python than `python3`
#   make test ARGS="-k dense -x"    arguments for pytest

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml $(wildcard constraints/*.txt)

.PHONY: help demo test soak check bench bench-quick clean

help:
	@echo "make demo         train two small networks on handwritten digits and draw the result"
	@echo "make test         run every test (ARGS=... for pytest)"
	@echo "make soak         long runs: every fault, every flipped byte, fuzzing (half an hour)"
	@echo "make check        lint, format, types, line count"
	@echo "make bench        compare speed with Keras on JAX, PyTorch and TensorFlow (minutes)"
	@echo "make bench-quick  the same with one short round"
	@echo "make clean        delete what these commands made"

demo: $(VENV)/installed-demo
	@$(BIN)/python examples/demo.py

test: $(VENV)/installed-test
	@$(BIN)/python -m pytest -n 2 $(ARGS)

soak: $(VENV)/installed-test
	@$(BIN)/python -m pytest -n 2 -m soak -rP $(ARGS)

check: $(VENV)/installed-test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright
	@for tree in src tests benchmarks examples; do \
	    printf '%-11s %4d files %6d lines\n' $$tree $$(find $$tree -name '*.py' | wc -l) \
	        $$(find $$tree -name '*.py' -exec cat {} + | wc -l); \
	done

bench: $(VENV)/installed-demo
	@$(BIN)/python benchmarks/run.py

bench-quick: $(VENV)/installed-demo
	@$(BIN)/python benchmarks/run.py --quick

clean:
	rm -rf $(VENV) .bench demo-output build dist .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -type d -exec rm -rf {} +

# A stamp in the environment says what is installed; newer requirements install again.
$(VENV)/installed-%: $(VENV)/created $(INPUTS)
	@pins=constraints/python$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt; \
	if [ -e "$$pins" ]; then set -- -c "$$pins"; \
	else set --; echo "No $$pins: installing the newest versions that fit."; fi; \
	echo "Installing Cornu with its '$*' requirements into $(VENV) (a minute or two) ..."; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check "$$@" -e '.[$*]'
	@touch $@

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    found=$$(command -v $(PYTHON) >/dev/null && $(PYTHON) --version 2>&1 || echo "not there"); \
	    echo "Cornu needs Python 3.11 or newer; '$(PYTHON)' is $$found."; \
	    echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; } >&2
	@$(PYTHON) -m venv $(VENV)
	@touch $@
