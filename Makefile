# The front door: `make` alone lists what there is. Targets call tools; there is no logic here.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
RESULTS := build/test-results
# Scenarios of molecule: those of `make test`, and those that take too long for it.
QUICK_SCENARIOS := default epd_driver traefik
SLOW_SCENARIOS := update interrupted
SHELL_SCRIPTS := tools/setup .ci/run
PYTHON_PATHS := driver images/app images/pigpiod/src images/pigpiod/tests roles/pigpiod/library roles/release/files/program \
  lookup_plugins molecule tests tools virtual_pi conftest.py

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export INKSTAND_TEST_RESULTS := $(CURDIR)/$(RESULTS)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

.PHONY: demo
demo: setup-app ## Try the app here, without hardware, Docker or root (Ctrl-C stops it)
	@exec env PYTHONPATH=images/app/src $(PYTHON) -m inkstand demo

.PHONY: virtual-pi
virtual-pi: setup-deploy ## Make a virtual Raspberry Pi in a container and deploy Inkstand on it (root)
	@$(PYTHON) -m virtual_pi up

.PHONY: virtual-pi-destroy
virtual-pi-destroy: setup-deploy ## Remove the virtual Pi and all that belongs to it
	@$(PYTHON) -m virtual_pi destroy

.PHONY: press
press: setup-deploy ## Press the button of the virtual Pi
	@$(PYTHON) -m virtual_pi press

.PHONY: hash-password
hash-password: setup-app ## Ask for a password and print its hash for host_vars
	@PYTHONPATH=images/app/src $(PYTHON) -m inkstand hash-password

.PHONY: test
test: setup-dev ## Run every check and test that this machine can run; say what it could not
	@$(PYTHON) tools/run_tests.py

.PHONY: lint
lint: setup-dev ## Static checks: ruff, mypy, ansible-lint, yamllint, shellcheck, hadolint, role variables
	ruff check .
	ruff format --check .
	mypy $(PYTHON_PATHS)
	yamllint --strict -c .config/yamllint.yml .
	ansible-lint -c .config/ansible-lint.yml --offline
	shellcheck $(SHELL_SCRIPTS)
	hadolint images/*/Dockerfile virtual_pi/Dockerfile
	$(PYTHON) tools/check_role_variables.py

.PHONY: test-python
test-python: setup-dev ## Unit, contract and integration tests
	@INKSTAND_TEST_SUITE=python $(PYTHON) -m pytest

.PHONY: test-molecule
test-molecule: setup-dev ## The playbook on a virtual Pi, from nothing to removal
	@INKSTAND_TEST_SUITE=molecule molecule test $(addprefix --scenario-name=,$(QUICK_SCENARIOS))

.PHONY: test-molecule-slow
test-molecule-slow: setup-dev ## The scenarios that take too long for `test`
	@INKSTAND_TEST_SUITE=molecule-slow molecule test $(addprefix --scenario-name=,$(SLOW_SCENARIOS))

.PHONY: test-all
test-all: setup-dev ## All of `test`, and what takes hours
	@$(PYTHON) tools/run_tests.py --all

.PHONY: bench
bench: setup-dev ## How fast the app is, beside a stand-in of 2017 (BENCH="--help" lists options)
	@PYTHONPATH=images/app/src:images/app/benchmarks $(PYTHON) -m inkbench $(BENCH)

.PHONY: bench-driver
bench-driver: setup-dev ## How fast the driver is (BENCH="--arm-root DIR" counts ARM instructions too)
	@$(PYTHON) driver/benchmarks/bench.py $(BENCH)

.PHONY: format
format: setup-dev ## Format the Python code
	ruff format .
	ruff check --fix .

.PHONY: lock
lock: setup-dev ## Write down the versions that are installed now
	@{ sed -n 1p .config/constraints.txt; $(PYTHON) -m pip freeze --exclude pip --exclude setuptools; } >build/constraints.txt
	@mv build/constraints.txt .config/constraints.txt

.PHONY: clean
clean: ## Remove what builds and tests left in this directory
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .ansible

.PHONY: setup-app setup-deploy setup-dev
setup-app setup-deploy setup-dev:
	@tools/setup $(@:setup-%=%)
