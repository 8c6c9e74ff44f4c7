# make demo | make test | make check | make quality | make wheel-check | make test-kafka
PYTHON ?= python3
VENV ?= .venv
# Tests that run at once: many wait for a server, a lease or a delay.
TEST_JOBS ?= 3
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK=1

.PHONY: help demo test check quality wheel-check test-kafka clean
help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Wiretrace needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Wiretrace and its tools into $(VENV) ..."
	@# pip 23.2, which Python 3.11 brings, fails at lxml's extra ("Candidate is not for this requirement")
	@$(BIN)/python -m pip install -q --upgrade pip
	@$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@

demo: $(BIN)/.installed ## crawl, work and show the bundled newsroom
	@$(BIN)/wiretrace demo

test: $(BIN)/.installed ## every test, over a real Postgres and the real Kafka protocol
	@$(BIN)/python -m pytest -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder

check: $(BIN)/.installed ## formatting, lint, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# pip before 24 fails on the peers: they ask for the same extra of lxml in two spellings.
quality: $(BIN)/.installed ## accuracy on real pages against pinned figures
	@$(BIN)/python -m pip install -q -e '.[dev,quality]'
	@$(BIN)/python -m tests.quality

wheel-check: $(BIN)/.installed ## the wheel builds, installs into an empty venv and carries its data
	@bash infra/scripts/wheel-check.sh $(PYTHON)

test-kafka: $(BIN)/.installed ## every Kafka test against Apache Kafka (KRaft) from Maven
	@bash infra/kafka/test-kafka.sh $(BIN)/python

clean:
	rm -rf $(VENV) dist build infra/kafka/target
