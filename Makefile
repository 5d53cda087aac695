STAGE ?= dev
PORT ?= 8080
export PYTHONPATH := layers/herald
export SAM_CLI_TELEMETRY := 0
# What is said to make is text: make expands nothing in it, sub-makes do not get it, and recipes read it from their
# environment, as "$$NAME", so that no shell takes a part of it for a command.
SAID := STAGE PORT NAME FILE DO CHANNEL ARGS UPGRADE
$(foreach name,$(SAID),$(eval override $(name) := $$(value $(name))))
export $(SAID)
MAKEOVERRIDES :=
# Before a command: it gets the words of ARGS, split as a shell splits them, and nothing of them is run.
WITH_ARGS := -c 'import os, shlex, sys; os.execvp(sys.argv[1], sys.argv[1:] + shlex.split(os.environ["ARGS"]))'
SAM = .venv-sam/bin/python .venv-sam/bin/sam
LINT = .venv-sam/bin/python .venv-sam/bin/cfn-lint
LAPTOP = .venv/bin/herald
MKDOCS = NO_MKDOCS_2_WARNING=1 .venv-docs/bin/python -m mkdocs
HERALD = .venv/bin/python $(WITH_ARGS) .venv/bin/herald
LOCKS = layers/herald/requirements.txt $(filter-out requirements/laptop.txt,$(wildcard requirements/*.txt))
# Two files of tests at a time, each pair of hands with a stack of its own.
TOGETHER = --numprocesses 2 --dist loadfile
TOOLS = .venv/.test .venv-sam/.sam .venv-checkov/.checkov
# What tests/engines runs the functions with, and against. No other test needs them.
ENGINES = moto botocore-1-34 botocore-1-35 botocore-1-40
# What tests/sdks points at the laptop's twins: the vendors' own packages for Python, and (.node) for Node.js.
SDKS = twilio

.PHONY: help
help:
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } /^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile
	@echo

##@ Herald on this laptop, without AWS

.PHONY: run up down
run: $(LAPTOP) ## Start everything, print the address and a key, serve until Ctrl-C (PORT=8080)
	@exec .venv/bin/python -m local run --port="$$PORT"
up: $(LAPTOP) ## The same in the background: returns when ready, writes .local/env (PORT=8080)
	@.venv/bin/python -m local up --port="$$PORT"
down: ## Stop what `make up` started
	@if test -x .venv/bin/python; then .venv/bin/python -m local down; else echo "Herald was not running."; fi

##@ Working on Herald

.PHONY: test prove bench mutants check audit docs lock clean programs engines sdks
test: $(TOOLS) .venv-docs/.docs programs engines sdks check audit ## All checks, then all tests: what CI runs (ARGS= for pytest)
	@.venv/bin/python $(WITH_ARGS) .venv/bin/python -m pytest $(TOGETHER)
prove: $(TOOLS) ## The proofs of docs/promises.md at full size (FILE=test_lock.py: one); then mutants
	@.venv/bin/python $(WITH_ARGS) .venv/bin/python -m pytest "tests/promises/$$FILE" --whole
	@test -n "$$ARGS$$FILE" || .venv/bin/python -m bench.mutants
bench: $(LAPTOP) .venv-bench/.gramex ## How fast it is, beside others: a table, and .local/bench.json (two minutes)
	@.venv/bin/python $(WITH_ARGS) .venv/bin/python -m bench
mutants: $(TOOLS) ## Change the core wrongly, bit by bit: do its tests notice? (ARGS=journal: one module)
	@.venv/bin/python $(WITH_ARGS) .venv/bin/python -m bench.mutants
check: $(TOOLS) ## Style, types, the templates, their security: without the tests
	@.venv/bin/python -m ruff check --quiet .
	@.venv/bin/python -m ruff format --check --quiet . || { echo "Run: .venv/bin/python -m ruff format" >&2; exit 1; }
	@.venv/bin/python -m mypy
	@mkdir -m 700 -p .local && .venv/bin/python -m tests.house.transform > .local/transformed.json
	@$(LINT) template.yaml watch.yaml
	@$(LINT) .local/transformed.json --ignore-checks W1020 # The transform has filled in what Fn::Sub was for.
	@$(SAM) validate --lint
	@.venv-checkov/bin/python -m checkov.main --file template.yaml watch.yaml
audit: .venv-audit/.audit ## Is anything that the locks pin known to be vulnerable?
	@.venv-audit/bin/python requirements/audit.py $(LOCKS)
docs: .venv-docs/.docs ## The docs as a site, in .local/site; DO=serve: while you write, at 127.0.0.1:8000
	@if [ "$$DO" = serve ]; then exec $(MKDOCS) serve --config-file website/mkdocs.yml --dev-addr 127.0.0.1:8000; fi
	@test "$$DO" = serve || { $(MKDOCS) build --strict --quiet --config-file website/mkdocs.yml && \
		echo "The docs are in .local/site: open .local/site/index.html."; }
lock: .venv-uv/.uv ## Lock the dependencies in pyproject.toml anew, with hashes (UPGRADE=1: to the newest)
	@$(call compile,test,requirements/test.txt)
	@$(call compile,laptop,requirements/laptop.txt,--constraint requirements/test.txt)
	@$(call compile,layer,layers/herald/requirements.txt,--constraint requirements/test.txt)
	@$(call compile,sam,requirements/sam.txt)
	@$(call compile,checkov,requirements/checkov.txt)
	@$(call compile,docs,requirements/docs.txt)
	@$(call compile,audit,requirements/audit.txt)
	@$(call compile,bench,requirements/bench.txt,--constraint requirements/test.txt)
	@$(call compile,gramex,requirements/gramex.txt,--no-deps)
	@$(call compile,uv,requirements/uv.txt)
	@$(foreach name,$(ENGINES) $(SDKS),{ $(call compile,$(name),requirements/$(name).txt); } || exit 1;)
	@echo "Locking requirements/node/package-lock.json ..." && cd requirements/node && npm $(if $(UPGRADE),update,install) \
		--package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel=error
clean: down ## Remove all that was set up, built or left behind
	@rm -rf .venv .venv-* .node .local .aws-sam .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find functions layers local tests bench -name __pycache__ -prune -exec rm -rf {} +

##@ Herald in your AWS account

.PHONY: build deploy remove settings channel key keys revoke waiting import secret receipts optouts redrive doctor
build: .venv-sam/.sam ## Build the layer for AWS Lambda; no Docker needed, Python 3.13 found or fetched
	@find functions -name __pycache__ -prune -exec rm -rf {} +
	@COMPILER=$$(requirements/find-python "$$(sed -n 's/^RUNTIME := //p' layers/herald/Makefile)") && export COMPILER && \
		PYTHON="$$PWD/.venv-sam/bin/python" $(SAM) build
deploy: $(LAPTOP) ## Build, then deploy the stack herald-STAGE; asks a region the first time (STAGE=dev)
	@$(HERALD) deploy --stage="$$STAGE" --
remove: $(LAPTOP) ## Delete the stack herald-STAGE; lists what goes and stays, and asks (STAGE=dev)
	@$(HERALD) remove --stage="$$STAGE"
key: $(LAPTOP) ## Make an API key: make key NAME=ci STAGE=dev (ARGS=--help: test keys, scopes, limits)
	@test -n "$$NAME" || { echo "Whose key? Say for example: make key NAME=ci STAGE=$$STAGE" >&2; exit 1; }
	@$(HERALD) keys create --stage="$$STAGE" --name="$$NAME"
keys: $(LAPTOP) ## List the API keys, and what each may do (STAGE=dev)
	@$(HERALD) keys list --stage="$$STAGE"
revoke: $(LAPTOP) ## Delete an API key; dead within 5 minutes: make revoke NAME=ci STAGE=dev
	@test -n "$$NAME" || { echo "Whose key? Say for example: make revoke NAME=ci STAGE=$$STAGE" >&2; exit 1; }
	@$(HERALD) keys revoke --stage="$$STAGE" --name="$$NAME"
waiting: $(LAPTOP) ## List what a key, also a revoked one, has waiting (ARGS=--cancel): NAME=ci STAGE=dev
	@test -n "$$NAME" || { echo "Whose key? Say for example: make waiting NAME=ci STAGE=$$STAGE" >&2; exit 1; }
	@$(HERALD) keys waiting --stage="$$STAGE" --name="$$NAME"
settings: $(LAPTOP) ## Check a file, write it as the settings: FILE=settings.yaml STAGE=dev
	@test -n "$$FILE" || { echo "Which file? Say: make settings FILE=settings.yaml STAGE=$$STAGE" >&2; exit 1; }
	@$(HERALD) settings set --stage="$$STAGE" "$$FILE"
channel: $(LAPTOP) ## Check a file, write it as a channel: NAME=exotel FILE=exotel.yaml STAGE=dev
	@test -n "$$NAME" || { echo "Which one? Say: make channel NAME=exotel FILE=exotel.yaml STAGE=$$STAGE" >&2; exit 1; }
	@test -n "$$FILE" || { echo "Which file? Say: make channel NAME=$$NAME FILE=exotel.yaml STAGE=$$STAGE" >&2; exit 1; }
	@$(HERALD) channels set --stage="$$STAGE" "$$NAME" "$$FILE"
import: $(LAPTOP) ## Take over the channels of a gramex.yaml: make import FILE=gramex.yaml STAGE=dev
	@test -n "$$FILE" || { echo "Which file? Say: make import FILE=gramex.yaml STAGE=$$STAGE" >&2; exit 1; }
	@$(HERALD) settings import --stage="$$STAGE" "$$FILE"
secret: $(LAPTOP) ## Make (or show) the secret that webhooks are signed with (STAGE=dev)
	@$(HERALD) webhooks secret --stage="$$STAGE"
receipts: $(LAPTOP) ## Let Amazon SNS write down what became of its texts, and STAGE read it (STAGE=dev)
	@$(HERALD) receipts enable --stage="$$STAGE"
optouts: $(LAPTOP) ## Who wants no texts: DO=sync, DO=url CHANNEL=exotel, DO=add <numbers.txt (STAGE=dev)
	@test -n "$$DO" || { echo "Do what? DO=sync, DO=url CHANNEL=exotel, or DO=add, remove or check <numbers.txt" >&2; \
	exit 1; }
	@set -- "$$DO" --stage="$$STAGE"; if [ -n "$$CHANNEL" ]; then set -- "$$@" --channel="$$CHANNEL"; fi; \
	$(HERALD) optouts "$$@"
redrive: $(LAPTOP) ## Take up what failed and waits, when its cause is gone (STAGE=dev)
	@$(HERALD) redrive --stage="$$STAGE"
doctor: $(LAPTOP) ## What would fail silently on this account today, and what mends it (STAGE=dev)
	@$(HERALD) doctor --stage="$$STAGE"

# uv takes what is in the file already as its preference, so a lock changes only where it must; one that did not change
# stays as old as it is, so that no environment is made anew for nothing.
compile = echo "Locking $(2) ..." && touch -a $(2) && cp $(2) $(2).new && \
	.venv-uv/bin/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		$(if $(UPGRADE),--upgrade) $(3) --group $(1) --output-file $(2).new && \
	if cmp -s $(2) $(2).new; then rm $(2).new; else mv $(2).new $(2); fi

# Each environment ends with a stamp. An interpreter that has gone counts as just changed: its environment is made anew.
.venv/bin/python .venv-sam/bin/python .venv-checkov/bin/python .venv-audit/bin/python .venv-docs/bin/python .venv-bench/bin/python .venv-uv/bin/python:
$(patsubst %,.venv-%/bin/python,$(ENGINES) $(SDKS)):
.venv/.laptop: requirements/laptop.txt .venv/bin/python
	@requirements/set-up .venv laptop
# The command runs the package as it lies here: it is the layer, and not installed.
.venv/bin/herald: .venv/.laptop
	@here=$$(printf %s "$$PWD" | sed "s/'/'\\\\''/g"); \
	printf "#!/bin/sh\nhere='%s'\n" "$$here" >$@
	@echo 'PYTHONPATH="$$here/layers/herald" exec "$$here/.venv/bin/python" -m herald "$$@"' >>$@
	@chmod +x $@
.venv/.test: requirements/test.txt .venv/.laptop
	@requirements/set-up .venv test .venv/.laptop
.venv-sam/.sam: requirements/sam.txt .venv-sam/bin/python
	@requirements/set-up .venv-sam sam
.venv-checkov/.checkov: requirements/checkov.txt .venv-checkov/bin/python
	@requirements/set-up .venv-checkov checkov
.venv-docs/.docs: requirements/docs.txt .venv-docs/bin/python
	@requirements/set-up .venv-docs docs
.venv-audit/.audit: requirements/audit.txt .venv-audit/bin/python
	@requirements/set-up .venv-audit audit
.venv-bench/.bench: requirements/bench.txt .venv-bench/bin/python
	@requirements/set-up .venv-bench bench
.venv-bench/.gramex: requirements/gramex.txt .venv-bench/.bench
	@requirements/set-up .venv-bench gramex .venv-bench/.bench
.venv-uv/.uv: requirements/uv.txt .venv-uv/bin/python
	@requirements/set-up .venv-uv uv
define engine
.venv-$(1)/.$(1): requirements/$(1).txt .venv-$(1)/bin/python
	@requirements/set-up .venv-$(1) $(1)
endef
$(foreach name,$(ENGINES) $(SDKS),$(eval $(call engine,$(name))))
.node/.twilio: requirements/node/package.json requirements/node/package-lock.json
	@requirements/set-up-node .node
	@touch $@
# Where one cannot be set up, the tests that need it are skipped, and say so.
engines:
	@for name in $(ENGINES); do $(MAKE) --silent ".venv-$$name/.$$name" || echo "Tests without $$name."; done
sdks: .venv/.test programs
	@for name in $(SDKS); do $(MAKE) --silent ".venv-$$name/.$$name" || echo "Tests without $$name's SDK for Python."; done
	@$(MAKE) --silent .node/.twilio || echo "Tests without twilio's SDK for Node.js."

# What the tests run that is no Python package: a browser for the page (and what Playwright's own Node.js links to),
# curl for the README's examples, npm for what Playwright's Node.js runs of the vendors'.
programs: .venv/.test
	@missing=chromium; for browser in chromium chromium-browser google-chrome google-chrome-stable; do \
		if command -v $$browser >/dev/null; then missing=; fi; \
	done; \
	for program in curl npm; do command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	.venv/bin/python -m playwright --version >/dev/null 2>&1 || missing="$$missing libatomic1"; \
	if [ -z "$$missing" ]; then exit; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing for the tests (once):" $$missing "..."; \
		install="apt-get install --yes --no-install-recommends $$missing"; \
		said=$$($$install 2>&1) || said=$$(apt-get update 2>&1 && $$install 2>&1) || { echo "$$said" >&2; exit 1; }; \
	else \
		echo "The tests need these programs; install them, then run this again:" $$missing >&2; exit 1; \
	fi
