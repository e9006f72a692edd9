# The one door: `make help` lists every task.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# CONSTRAINTS= (empty) takes the newest versions that pyproject.toml allows.
CONSTRAINTS ?= -c requirements.lock
ANCHORPY_VENV ?= .venv-anchorpy
PEERS_VENV ?= .venv-peers
BENCH_ARGS ?=
JS_CLIENTS := tests/conformance/clients/web3js tests/conformance/clients/kit
RECORDING ?=
DEMO_ARGS ?=
PROGRAMS := collateral_vault ephemeral_vault oracle funding_rate position_mgmt
CRATES ?= gdx_math gdx_batch gdx_units

.PHONY: help
help: ## list the tasks
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 18

.PHONY: demo
demo: $(VENV)/.demo ## orders in, settled on a local chain, proven (RECORDING=file replays a real one)
	@$(BIN)/gdx demo $(if $(RECORDING),--recording "$(RECORDING)") $(DEMO_ARGS)

.PHONY: test
test: $(VENV)/.dev lint ## lint, types and every test that needs neither Rust nor a validator
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

.PHONY: coverage
coverage: $(VENV)/.dev ## branch coverage of gdx_sdk by its own tests, the command's and the examples'; below 95 % fails
	$(BIN)/python -m pytest -q -n 2 -m "not validator and not recordings" tests/sdk tests/cli/commands tests/examples --cov --cov-report=term

.PHONY: lint
lint: $(VENV)/.dev ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: format
format: $(VENV)/.dev ## rewrite Python and Rust sources in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	command -v cargo >/dev/null && cargo fmt || true

.PHONY: programs
programs: ## build the five programs into gdx_sdk/programs (needs cargo build-sbf; GDX_SBF=folder puts one first on PATH)
	scripts/build_programs.sh

.PHONY: idl
idl: ## write idl/*.json from the program sources (needs Rust)
	scripts/build_idl.sh

.PHONY: clients
clients: $(VENV)/.dev ## generate gdx_sdk/_generated and the registry of errors from idl/*.json
	$(BIN)/gdx idl generate $(PROGRAMS:%=idl/%.json) -o gdx_sdk/_generated
	$(BIN)/python -m gdx_sdk.errors.build_registry
	$(BIN)/gdx idl legacy $(PROGRAMS:%=idl/%.json) -o idl/legacy
	$(BIN)/gdx idl legacy $(PROGRAMS:%=idl/%.json) -o gdx_sdk/anchorpy/idl

.PHONY: generated-check
generated-check: idl clients ## rebuild programs, IDLs and clients: nothing may change
	@test -z "$$(git status --porcelain -- idl gdx_sdk/_generated gdx_sdk/errors gdx_sdk/programs/action_table.json)" || \
		{ git status --short -- idl gdx_sdk/_generated gdx_sdk/errors gdx_sdk/programs/action_table.json; echo "committed IDLs or clients do not match their sources" >&2; exit 1; }
	scripts/check_programs.sh

IDL := idl
RELEASED := $(IDL)/released

.PHONY: idl-check
idl-check: $(VENV)/.dev ## compare idl/*.json with idl/released: a change that breaks clients fails
	$(BIN)/gdx idl check $(IDL)/*.json --released $(RELEASED)

.PHONY: idl-release
idl-release: $(VENV)/.dev ## make today's IDLs the released ones (RELEASE_ARGS=--allow-breaking when that is meant)
	$(BIN)/gdx idl release $(IDL)/*.json --released $(RELEASED) $(RELEASE_ARGS)

.PHONY: layouts
layouts: $(VENV)/.dev ## keep an account of each layout that has no fixture yet (LAYOUT_ARGS=--replace before its first release)
	$(BIN)/python -m tests.programs.layouts.make $(LAYOUT_ARGS)

.PHONY: anchorpy-test
anchorpy-test: $(ANCHORPY_VENV)/.ready $(VENV)/.dev ## anchorpy and our client against each other, in an environment of their own
	PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 GDX_MAIN_PYTHON=$(BIN)/python $(ANCHORPY_VENV)/bin/python -m pytest -q -s -c tests/anchorpy/pytest.ini tests/anchorpy

.PHONY: session-clients
session-clients: $(ANCHORPY_VENV)/.ready $(JS_CLIENTS:%=%/node_modules/.ready) ## install the other clients whose sessions the conformance suite runs (needs Node 20)

.PHONY: conformance
conformance: $(VENV)/.dev session-clients ## both engines side by side: every RPC case and four clients (needs GDX_VALIDATOR)
	$(BIN)/python -m pytest tests/conformance

.PHONY: chain-lane
chain-lane: $(VENV)/.dev ## every test that talks to a chain (ENGINE=validator VALIDATOR=path for a real one; FILES=… for some)
	$(BIN)/python -m pytest -m chain --engine=$(or $(ENGINE),embedded) $(if $(VALIDATOR),--validator=$(VALIDATOR)) $(PYTEST_ARGS) $(or $(FILES),tests)

.PHONY: golden
golden: $(VENV)/.dev ## write tests/golden/*.json from the naive model
	$(BIN)/python tests/golden/generate.py

.PHONY: rust-test
rust-test: $(VENV)/.dev ## cargo fmt, clippy, the crates' tests, the SDK's maths against the crate (needs Rust)
	cargo fmt --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo test --workspace
	GDX_CRATES=1 $(BIN)/python -m pytest -q -s tests/sdk/math/test_against_the_crate.py

.PHONY: mutants
mutants: ## change the crates' maths mutant by mutant: the tests must notice (cargo install cargo-mutants --locked; takes hours)
	PROPTEST_CASES=64 cargo mutants $(CRATES:%=-p %) -j 1 -o .gdx/mutants $(MUTANTS_ARGS)

.PHONY: flips
flips: $(VENV)/.dev ## settle golden batches with every other value of every byte (minutes; `make test` does every bit)
	GDX_EXHAUSTIVE=1 $(BIN)/python -m pytest -n 2 tests/programs/position_mgmt/test_settle_batch_flips.py

.PHONY: bench
bench: $(VENV)/.dev $(ANCHORPY_VENV)/.ready $(PEERS_VENV)/.ready ## measure against peers in the same run (BENCH_ARGS=--write keeps the figures)
	ANCHORPY_VENV=$(ANCHORPY_VENV) PEERS_VENV=$(PEERS_VENV) $(BIN)/python -m bench $(BENCH_ARGS)

.PHONY: pages
pages: $(VENV)/.dev ## write the generated pages of docs/: programs, costs
	$(BIN)/python -m scripts.pages

.PHONY: docs
docs: $(VENV)/.docs pages ## write the generated pages, build the site into .gdx/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --clean
	$(BIN)/python -m scripts.pages.check_site .gdx/site

.PHONY: compute
compute: $(VENV)/.dev ## measure compute units, batches per transaction and rent; write the figures and the generated pages
	$(BIN)/python bench/compute.py --write
	$(BIN)/python -m scripts.pages

.PHONY: compute-check
compute-check: $(VENV)/.dev ## measure again: nothing may be off by more than 2 %, no budget missed without a known reason
	$(BIN)/python bench/compute.py --check

.PHONY: thief
thief: $(VENV)/.dev ## search long for thefts beyond the stated bounds (ROUNDS=30, GDX_THIEF_SEED=n repeats a run)
	GDX_THIEF_ROUNDS=$(or $(ROUNDS),30) $(BIN)/python -m pytest -s --timeout 7200 tests/programs/thief

.PHONY: fuzz
fuzz: $(VENV)/.dev ## random steps on the compiled programs against the naive model (MINUTES=10, SEED=n repeats a run)
	$(BIN)/python -m tests.fuzz --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

.PHONY: rpc-fuzz
rpc-fuzz: $(VENV)/.dev ## random and mutated requests to a local chain (REQUESTS=100000, SEED=n repeats a run)
	$(BIN)/python -m tests.localnet.fuzz --requests $(or $(REQUESTS),100000) $(if $(SEED),--seed $(SEED))

.PHONY: hostile
hostile: $(VENV)/.dev ## the local chain under ten thousand sockets, silent clients, 100,000 transactions (minutes)
	GDX_EXHAUSTIVE=1 $(BIN)/python -m pytest -s tests/localnet/test_hostile_clients.py

.PHONY: lock
lock: $(VENV)/.dev ## refresh requirements.lock
	$(PIP) uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra docs --no-header pyproject.toml -o requirements.lock

.PHONY: clean
clean: ## remove the environment and everything built
	rm -rf $(VENV) $(ANCHORPY_VENV) $(PEERS_VENV) $(JS_CLIENTS:%=%/node_modules) target .gdx dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "GDX needs Python 3.11 or newer on PATH" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment (on Debian: apt-get install python3-venv)" >&2; exit 1; }

# anchorpy holds solders back, so that it cannot live beside the local chain.
$(ANCHORPY_VENV)/.ready: pyproject.toml
	@echo "Installing anchorpy and the SDK into $(ANCHORPY_VENV) …"
	@$(PYTHON) -m venv $(ANCHORPY_VENV)
	@$(ANCHORPY_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[anchorpy]' pytest
	@touch $@

$(PEERS_VENV)/.ready: bench/peers/requirements.txt
	@echo "Installing the peers of the benchmarks into $(PEERS_VENV) …"
	@$(PYTHON) -m venv $(PEERS_VENV)
	@$(PEERS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

%/node_modules/.ready: %/package-lock.json
	cd $* && npm ci --no-audit --no-fund --ignore-scripts
	@touch $@

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml requirements.lock
	@echo "Installing GDX into $(VENV) …"
	@$(PIP) $(CONSTRAINTS) -e '.[keepers,localnet,matcher,fast]'
	@touch $@

$(VENV)/.docs: $(VENV)/.dev pyproject.toml requirements.lock
	@$(PIP) $(CONSTRAINTS) -e '.[docs]'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml requirements.lock
	@echo "Installing GDX and its development tools into $(VENV) …"
	@$(PIP) $(CONSTRAINTS) -e '.[dev]'
	@touch $@ $(VENV)/.demo
