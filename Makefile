# One command per wish; `make` alone lists them. Needs git, make, Python >= 3.11 and a package index.
SHELL := bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
BIN := $(CURDIR)/$(VENV)/bin
TREE := .collections/ansible_collections/vpnops/mikrotik
CLIENTS := .cache/clients
KERNEL := .cache/kernel

export PATH := $(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1
unexport ANSIBLE_CONFIG ANSIBLE_INVENTORY PYTHONPATH

.PHONY: help demo demo-live failover test lint bench docs sync build clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache/demo/collections
demo: $(VENV)/.run ## Join two rehearsal routers by IPsec, twice, and show what stands on them
	@tools/build.sh .cache/demo
	@ansible-galaxy collection install .cache/demo/vpnops-mikrotik-*.tar.gz -p .cache/demo/collections --offline --force >.cache/demo/install.log \
		|| { cat .cache/demo/install.log; exit 1; }
	@$(BIN)/python tools/demo.py

demo-live: export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections
demo-live: $(VENV)/.run $(TREE) ## Join two sites whose routers encrypt, watch the wire, break the tunnel and mend it
	@mkdir -p .cache/demo
	@$(BIN)/python tools/demo_live.py

failover: export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.collections
failover: export TWIN_KERNEL := $(CURDIR)/$(KERNEL)
failover: $(VENV)/.test $(TREE) $(KERNEL)/.tried ## Break ways of connections with backup peers on live twins, and tell what it costs
	@PYTHONPATH=.:.collections:extensions $(BIN)/python -m tools.failover $(ARGS)

test: export TWIN_KERNEL := $(CURDIR)/$(KERNEL)
test: $(VENV)/.test $(TREE) $(CLIENTS)/.made $(KERNEL)/.tried ## Run the molecule scenarios and all tests
	@tools/molecule.sh
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

lint: $(VENV)/.lint $(TREE) ## Run all linters and type checks
	@tools/lint.sh

bench: $(VENV)/.test $(TREE) $(CLIENTS)/.made ## Measure round trips and CPU, and compare with community.routeros
	@$(BIN)/python tests/bench/run.py
	@echo
	@$(BIN)/python tests/bench/compare.py $(ARGS)

docs: $(VENV)/.docs $(TREE) ## Build the reference as HTML under .cache/docs
	@tools/docs.sh

sync: $(VENV)/.run $(TREE) ## Write the options of every module's documentation from the schema
	@PYTHONPATH=.collections $(BIN)/python tools/sync_docs.py

build: $(VENV)/.run ## Build the tarball for Galaxy under dist/
	@tools/build.sh dist

clean: ## Remove what these commands made
	rm -rf $(VENV) .cache .collections dist

# The environment grows by what each command needs; a stamp says which requirement files it has seen.
$(VENV)/.made: tools/environment.py
	@$(PYTHON) tools/environment.py $(VENV)
	@touch $@

define install
@echo "installing $< ..."
@$(BIN)/python -m pip install --quiet -r $<
@touch $@
endef

$(VENV)/.run: tests/requirements-run.txt requirements.txt $(VENV)/.made
	$(install)

$(VENV)/.test: tests/requirements.txt $(VENV)/.run
	$(install)

$(CLIENTS)/.made: tools/clients.py | $(VENV)/.test
	@echo "fetching clients to test the rehearsal router with ..."
	@$(BIN)/python tools/clients.py $(CLIENTS)
	@touch $@

$(VENV)/.lint: tests/requirements-lint.txt $(VENV)/.test
	$(install)

$(VENV)/.docs: tests/requirements-docs.txt $(VENV)/.run
	$(install)

# A kernel with ESP for tests on machines whose own has none; tests say so where there is none to be had.
$(KERNEL)/.tried: tools/kernel.sh
	@mkdir -p $(KERNEL)
	@tools/kernel.sh $(KERNEL) >$(KERNEL)/log 2>&1 || echo "no kernel for emulated machines: see $(KERNEL)/log"
	@touch $@

# Ansible finds a collection only below ansible_collections/<namespace>/<name>; here that leads back to the checkout.
$(TREE):
	@mkdir -p $(@D) && ln -sfn ../../.. $@
