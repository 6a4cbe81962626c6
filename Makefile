# Cornu's commands. All of them start from a Python (3.11 or newer) and nothing else.
#   make demo PYTHON=python3.12     another Python than `python3`
#   make test ARGS="-k dense -x"    arguments for pytest

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MINUTES ?= 10
INPUTS := pyproject.toml $(wildcard constraints/*.txt)

.PHONY: help demo test soak check fuzz bench bench-quick clean

help:
	@echo "make demo         train two small networks on handwritten digits and draw the result"
	@echo "make test         run every test (ARGS=... for pytest)"
	@echo "make soak         long runs: every fault, every flipped byte, fuzzing (half an hour)"
	@echo "make check        lint, format, types, line count"
	@echo "make fuzz         feed damaged files to the readers, guided by coverage (an hour; MINUTES=1)"
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

fuzz: .fuzz/installed
	@for kind in json keras legacy newer shards weights; do \
	    echo "$$kind: $(MINUTES) minutes"; \
	    .fuzz/bin/python tests/saving/fuzz.py src/cornu $$kind .fuzz/corpus/$$kind \
	        -max_total_time=$$(($(MINUTES) * 60)) -print_final_stats=1 >.fuzz/$$kind.log 2>&1 \
	        || { tail -n 30 .fuzz/$$kind.log; exit 1; }; \
	    grep -E '^(Done|stat::peak)' .fuzz/$$kind.log; \
	done

bench: $(VENV)/installed-demo
	@$(BIN)/python benchmarks/run.py

bench-quick: $(VENV)/installed-demo
	@$(BIN)/python benchmarks/run.py --quick

clean:
	rm -rf $(VENV) .bench .fuzz demo-output build dist .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks examples -name __pycache__ -type d -exec rm -rf {} +

# A stamp in the environment says what is installed; newer requirements install again.
$(VENV)/installed-%: $(VENV)/created $(INPUTS)
	@pins=constraints/python$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt; \
	if [ -e "$$pins" ]; then set -- -c "$$pins"; \
	else set --; echo "No $$pins: installing the newest versions that fit."; fi; \
	echo "Installing Cornu with its '$*' requirements into $(VENV) (a minute or two) ..."; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check "$$@" -e '.[$*]'
	@touch $@

# The fuzzer's environment is one of its own: readers of files need neither JAX nor Keras.
.fuzz/installed: $(VENV)/created constraints/fuzz.txt
	@$(BIN)/python -m venv .fuzz
	@.fuzz/bin/python -m pip install -qq --disable-pip-version-check -r constraints/fuzz.txt \
	    -c constraints/python$$($(BIN)/python -c 'import sys; print("%d.%d" % sys.version_info[:2])').txt
	@touch $@

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    found=$$(command -v $(PYTHON) >/dev/null && $(PYTHON) --version 2>&1 || echo "not there"); \
	    echo "Cornu needs Python 3.11 or newer; '$(PYTHON)' is $$found."; \
	    echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; } >&2
	@$(PYTHON) -m venv $(VENV)
	@touch $@
