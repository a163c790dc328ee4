# The front door: `make` alone lists what there is. Targets call tools; there is no logic here.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
RESULTS := build/test-results
# Debian's names of the architectures that images are tested for.
ARCHES := amd64 arm64 armhf armel
# Scenarios of molecule: those of `make test`, and those that take too long for it.
QUICK_SCENARIOS := default epd_driver traefik
SLOW_SCENARIOS := update upgrade interrupted fleet hardening alternative controller offline raspberry_pi
SCENARIO := default
RUN_TESTS = $(PYTHON) tools/run_tests.py --scenarios $(QUICK_SCENARIOS) --slow-scenarios $(SLOW_SCENARIOS) --architectures $(ARCHES)
SHELL_SCRIPTS := tools/setup .ci/run roles/docker/files/outside.sh pi_images/repository.sh virtual_pi/machine/customize virtual_pi/machine/files/first-boot
PYTHON_PATHS := driver images/app images/pigpiod/src images/pigpiod/tests images/tests plugins roles/docker/files \
  host/src host/tests roles/traefik/files molecule pi_images tests tools virtual_pi conftest.py
# Programs without .py: mypy calls each of them __main__, so it takes one at a time.
PYTHON_PROGRAMS := images/app/container/inkstand
# What prints the manual page of the client; without the date, or it would be another one each day.
MANUAL_PAGE = COLUMNS=80 SOURCE_DATE_EPOCH=0 PYTHONPATH=images/app/src argparse-manpage --module inkstand.cli --function _parser \
  --format single-commands-section --project-name inkstand --manual-title Inkstand \
  --description "send to an e-paper panel on the open internet" | sed '1s/"1970[^"]*"/""/'

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export INKSTAND_TEST_RESULTS := $(CURDIR)/$(RESULTS)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
# Seconds, after which a test that hangs fails by its name. One that hangs in the kernel cannot:
# where it does is printed half a minute later, and the step is ended after half an hour.
export PYTEST_TIMEOUT := 300

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-24s %s\n", $$1, $$2}'

.PHONY: demo
demo: setup-app ## Try the app here, without hardware, Docker or root (ARGS=--packs shows data screens; Ctrl-C stops it)
	@exec env PYTHONPATH=images/app/src $(PYTHON) -m inkstand demo $(ARGS)

.PHONY: virtual-pi
virtual-pi: setup-deploy ## Make a virtual Raspberry Pi in a container and deploy Inkstand on it (root; ARGS=--packs shows data screens)
	@$(PYTHON) -m virtual_pi up $(ARGS)

.PHONY: virtual-pi-destroy
virtual-pi-destroy: setup-deploy ## Remove the virtual Pi and all that belongs to it
	@$(PYTHON) -m virtual_pi destroy

.PHONY: virtual-pi-arm64
virtual-pi-arm64: setup-deploy ## The same as an arm64 machine in QEMU: slow, with a kernel and a GPIO chip of its own (root)
	@$(PYTHON) -m virtual_pi machine up

.PHONY: virtual-pi-arm64-destroy
virtual-pi-arm64-destroy: setup-deploy ## Remove the arm64 machine and all that belongs to it
	@$(PYTHON) -m virtual_pi machine destroy

.PHONY: press
press: setup-deploy ## Press the button of the virtual Pi
	@$(PYTHON) -m virtual_pi press

.PHONY: backup
backup: setup-deploy ## Back up each Pi of the inventory to backups/ (ARGS="--limit NAME" for one)
	@ansible-playbook backup.yml $(ARGS)

.PHONY: doctor
doctor: setup-deploy ## Look what is wrong with each Pi of the inventory, and how to put it right
	@ansible-playbook doctor.yml $(ARGS)

.PHONY: drift
drift: setup-deploy ## Name what on each Pi of the inventory is not as this repository says
	@$(PYTHON) tools/drift.py $(ARGS)

.PHONY: image-bundle
image-bundle: setup-deploy ## Make one archive for a Pi without internet: make image-bundle ARCH=arm64 (armhf, armel, amd64)
	@$(PYTHON) -m pi_images bundle --arch "$(ARCH)" $(BUNDLE)

.PHONY: sbom
sbom: setup-dev ## What is in each image, as CycloneDX in build/sbom: make sbom ARCH=arm64 (ARGS=--help lists options)
	@$(PYTHON) -m pi_images.sbom --arch "$(ARCH)" $(ARGS)

.PHONY: audit
audit: setup-dev ## Known faults of the Python packages of .config/constraints.txt, by pip-audit (internet)
	@pip-audit --strict --no-deps --disable-pip --progress-spinner=off --requirement .config/constraints.txt || { \
	  printf 'A table above names packages with known faults. Without one the database could not be asked, and nothing is known of any.\n' >&2; exit 1; }

.PHONY: emulation
emulation: setup-deploy ## Let this machine build for other Pis: make emulation ARCH=arm64 (root)
	@$(PYTHON) -m pi_images emulation --arch "$(ARCH)"

.PHONY: hash-password
hash-password: setup-app ## Ask for a password and print the line with its hash for host_vars
	@PYTHONPATH=images/app/src $(PYTHON) -m inkstand hash-password --setting app_password_hash

.PHONY: test
test: setup-dev ## Run every check and test that this machine can run; say what it could not
	@$(RUN_TESTS)

.PHONY: lint
lint: setup-dev ## Static checks: ruff, mypy, ansible-lint, yamllint, shellcheck, hadolint, role variables
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target --keep-going lint-python lint-deployment

.PHONY: lint-python
lint-python:
	ruff check .
	ruff format --check .
	$(PYTHON) tools/check_role_variables.py
	mypy $(PYTHON_PATHS)
	printf '%s\n' $(PYTHON_PROGRAMS) | xargs -n 1 mypy

.PHONY: lint-deployment
lint-deployment:
	yamllint --strict -c .config/yamllint.yml .
	shellcheck $(SHELL_SCRIPTS)
	hadolint images/*/Dockerfile virtual_pi/Dockerfile
	ansible-lint -c .config/ansible-lint.yml --offline

.PHONY: test-python
test-python: setup-dev ## Unit, contract and integration tests
	@INKSTAND_TEST_SUITE=python $(PYTHON) -m pytest --numprocesses=auto --dist=loadfile --max-worker-restart=0 --timeout=330 --timeout-method=thread

.PHONY: test-scenario
test-scenario: export ANSIBLE_DEPRECATION_WARNINGS := true
# Molecule reads Ansible's recap to know whether a second run changed something.
test-scenario: export ANSIBLE_STDOUT_CALLBACK := ansible.builtin.default
test-scenario: export PYTEST_TIMEOUT = $(if $(filter $(SCENARIO),$(QUICK_SCENARIOS)),900,3600)
test-scenario: setup-dev ## The playbook on a virtual Pi, from nothing to removal (SCENARIO="update")
	@molecule test --scenario-name=$(SCENARIO)

.PHONY: test-architectures
test-architectures: export PYTEST_TIMEOUT := 3600
test-architectures: setup-dev ## Images for each architecture, their tests inside them, and their answers (ARCHES="armhf")
	@INKSTAND_TEST_SUITE="architectures $(ARCHES)" INKSTAND_ARCHITECTURES="$(ARCHES)" $(PYTHON) -m pytest images/tests

.PHONY: test-home-assistant
test-home-assistant: export PYTEST_TIMEOUT := 3600
test-home-assistant: setup-dev ## A real Home Assistant, which finds the appliance on a broker (root)
	@INKSTAND_TEST_SUITE=home-assistant INKSTAND_HOME_ASSISTANT=1 $(PYTHON) -m pytest images/app/tests/mqtt/test_home_assistant.py

.PHONY: faults
faults: setup-dev ## Things killed, cut and filled on a virtual Pi, each once, at random moments (root; ARGS="--only driver", ARGS=--list)
	@$(PYTHON) -m tests.faults $(ARGS)

.PHONY: faults-long
faults-long: setup-dev ## The same twenty times, for the table of docs/reliability.md (ARGS="--runs 100 --seed …")
	@$(PYTHON) -m tests.faults --runs 20 --write docs/reliability.md $(ARGS)

.PHONY: soak
soak: HOURS := 3
soak: setup-dev ## Messages, faults and quiet on a virtual Pi for hours, and whether anything is lost or grows (root; HOURS=8)
	@$(PYTHON) -m tests.faults.soak --hours $(HOURS) $(ARGS)

.PHONY: test-all
test-all: setup-dev ## All of `test`, and what takes hours; goes on where it was cut off if nothing was changed (STEPS="fleet armhf": these)
	@$(RUN_TESTS) --all --only $(STEPS)

.PHONY: bench
bench: setup-dev ## How fast the app is, and what it takes (BENCH="--help" lists options)
	@PYTHONPATH=images/app/src:images/app/benchmarks $(PYTHON) -m inkbench $(BENCH)

.PHONY: bench-arm
bench-arm: setup-dev ## How many ARM instructions the app takes for what, beside a stand-in of 2017 (root, Debian 12)
	@PYTHONPATH=images/app/src:images/app/benchmarks $(PYTHON) -m inkbench arm $(BENCH)

.PHONY: bench-driver
bench-driver: setup-dev ## How fast the driver is (BENCH="--arm" counts ARM instructions too, as root)
	@$(PYTHON) driver/benchmarks/bench.py $(BENCH)

.PHONY: format
format: setup-dev ## Format the Python code
	ruff format .
	ruff check --fix .

.PHONY: lock
lock: setup-dev ## Write down the versions that are installed now
	@{ sed -n 1p .config/constraints.txt; $(PYTHON) -m pip freeze --exclude pip --exclude setuptools; } >build/constraints.txt
	@mv build/constraints.txt .config/constraints.txt

.PHONY: bench-deploy
bench-deploy: setup-deploy ## How long a deployment takes, and what it leaves in 512 MB (BENCH="--help" lists options)
	@$(PYTHON) -m tools.bench_deploy $(BENCH)

.PHONY: glass-table
glass-table: setup-deploy ## What a real panel would show, by a virtual Pi that is up: the table of docs/hardware.md (SHOWN="--help" lists options)
	@$(PYTHON) -m virtual_pi.shown --write docs/hardware.md $(SHOWN)

.PHONY: pictures
pictures: setup-dev ## Make the pictures of the README anew, from a demo that runs
	@$(PYTHON) tools/pictures.py

.PHONY: docs
docs: setup-dev ## Write what follows from the roles' argument_specs (defaults, tables, docs/configuration.md, host_vars.example), and the manual page
	@$(PYTHON) tools/check_role_variables.py --write
	@$(MANUAL_PAGE) >images/app/inkstand.1

.PHONY: collection
collection: setup-deploy ## Build the roles as a collection, for Ansible Galaxy: build/inkstand-appliance-….tar.gz
	@ansible-galaxy collection build --force --output-path build .

.PHONY: clean
clean: ## Remove what builds and tests left in this directory
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis .ansible

.PHONY: setup-app setup-deploy setup-dev
setup-app setup-deploy setup-dev:
	@tools/setup $(@:setup-%=%)
