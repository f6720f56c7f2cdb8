# Thin targets over one program: ./kubequorum --help explains each of them.

PYTHON ?= python3
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help install up down status kubeconfig test test-unit test-deploy test-machines faults soak bench lint snapshots lock clean

help: ## List the targets.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r target text; do printf '  make %-12s %s\n' "$$target" "$$text"; done

install: $(READY) ## Install the Python packages and the CDK command line, and nothing else.
	@./kubequorum install

up: $(READY) ## Deploy clusters/local.yaml into an AWS that runs here (CLUSTER=clusters/dev.yaml for another file).
	@./kubequorum up $(if $(CLUSTER),--cluster '$(CLUSTER)')

down: $(READY) ## Remove everything that `make up` made.
	@./kubequorum down

status: $(READY) ## Show what was built, with its state.
	@./kubequorum status

kubeconfig: $(READY) ## Write build/local/kubeconfig, for kubectl and other programs of this computer.
	@./kubequorum kubeconfig

test: $(READY) ## Run every check, also on real machines where they can run; says first how long it takes (FILE=tests/… for one file).
	@./kubequorum test $(if $(FILE),--file '$(FILE)')

test-unit: $(READY) ## Run the unit tests alone: about a minute.
	@./kubequorum test unit

test-deploy: $(READY) ## Run the tests that deploy with the real CDK: minutes.
	@./kubequorum test deploy

test-machines: $(READY) ## Run the tests on real machines alone, Kubernetes included: Linux, as root.
	@./kubequorum test machines

faults: $(READY) ## Inject every fault into real machines, print a table, write build/faults.json (FAULT=… for some).
	@./kubequorum faults $(if $(FAULT),'$(FAULT)')

soak: $(READY) ## Inject random faults into real machines for half an hour (SECONDS=600 SEED=7 for another sequence).
	@./kubequorum soak --seconds '$(or $(SECONDS),1800)' $(if $(SEED),--seed '$(SEED)')

bench: $(READY) ## Measure, print a table and write build/bench.json.
	@./kubequorum bench

lint: $(READY) ## Check code and shell scripts without running them.
	@./kubequorum test lint

snapshots: $(READY) ## Rewrite all golden files after an intended change: review the difference.
	@./kubequorum test snapshots unit --update

# The tool that writes the lock is not in it: it is installed into a temporary folder.
lock: ## Rewrite requirements.lock after a change of requirements.in.
	@set -e; tool=$$(mktemp -d); trap 'rm -rf "$$tool"' EXIT; \
	"$(PYTHON)" -m venv "$$tool"; \
	"$$tool/bin/python" -m pip install --quiet --disable-pip-version-check uv; \
	"$$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header requirements.in -o requirements.lock; \
	git --no-pager diff --stat -- requirements.lock

clean: ## Stop what runs, and remove everything that is not in git: environment, tools, caches, build/.
	@if [ -x .venv/bin/python ]; then ./kubequorum down; fi
	@rm -rf .venv node_modules lab/node22/node_modules build cdk.out
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; $(PYTHON) is $$("$(PYTHON)" --version 2>/dev/null || echo missing)." >&2; \
		echo "Install one and name it: make PYTHON=python3.12 …" >&2; exit 1; }
	@echo "Install the Python packages of requirements.lock into .venv"
	@"$(PYTHON)" -m venv .venv || { \
		echo "The virtual environment cannot be created; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@
