# Every command creates what it needs; nothing has to be activated or installed beforehand but
# Python 3.11 or newer. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help run test check lint fast format lock messages schema clean

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$name; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
UV := UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy $(BIN)/uv pip
COMPILE := $(UV) compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
PYTEST_ARGS ?=
# Tests that start no process of their own share the processors, and so do two browsers; the others
# want them for themselves.
TOGETHER := not browser and not faults and not slow
BROWSERS := browser and not faults and not slow
LESS = $(if $(WITHOUT), and not ($(WITHOUT)))
SHARED := -n auto --maxprocesses 4 --dist loadfile

help: ## what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

run: $(VENV)/.run ## a living demo on PORT (8000); RESET=1 starts over
	@$(BIN)/python manage.py demo $(if $(RESET),--reset)
	@exec $(BIN)/python manage.py serve

test: $(VENV)/.dev ## every suite, on DATABASE_URL and BROKER_URL; WITHOUT=browser leaves one out
ifeq ($(PYTEST_ARGS),)
	@$(BIN)/python -m pytest $(SHARED) -m "$(TOGETHER)$(LESS)"; together=$$?; \
		browsers=0; case "$(WITHOUT)" in *browser*) ;; *) \
		$(BIN)/python -m pytest -n 2 --dist loadfile -m "$(BROWSERS)$(LESS)"; browsers=$$?;; esac; \
		$(BIN)/python -m pytest -m "not ($(TOGETHER)) and not ($(BROWSERS))$(LESS)" \
		&& exit $$(( together + browsers % 5 )) # 5: there was none to play
else
	@$(BIN)/python -m pytest $(PYTEST_ARGS)
endif

check: lint fast ## all that must hold before a commit

lint: $(VENV)/.dev ## form, habits, types, import contracts, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	DATA_DIR=$(VENV)/check $(BIN)/python manage.py makemigrations --check --dry-run

fast: $(VENV)/.dev ## the tests that start no process: the inner loop
	@$(BIN)/python -m pytest $(SHARED) -m "$(TOGETHER) and not contract" $(PYTEST_ARGS)

format: $(VENV)/.dev ## put the code in its form
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

messages: $(VENV)/.dev ## collect and compile the translations (needs gettext)
	@$(BIN)/python manage.py makemessages --locale ja --locale fr --locale zh_Hans \
		--no-obsolete --add-location file --ignore '.venv/*' --ignore 'tests/*'
	@$(BIN)/python manage.py compilemessages --ignore '.venv/*' --verbosity 0

schema: $(VENV)/.run ## write docs/openapi.yaml from the endpoints as they are
	@DATA_DIR=$(VENV)/check $(BIN)/python manage.py openapi

lock: $(VENV)/.dev ## resolve requirements*.in into requirements*.txt
	@$(COMPILE) requirements.in --output-file requirements.txt
	@$(COMPILE) requirements-dev.in --output-file requirements-dev.txt
	@$(COMPILE) requirements-genesys.in --output-file requirements-genesys.txt
	@grep '^uv==' requirements-dev.in | $(COMPILE) - --output-file requirements-install.txt

clean: ## remove the environment and the caches, not the data
	@rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# The installer is fetched by pip, with its hash; the rest by the installer, in a tenth of the time.
$(VENV)/.installer: requirements-install.txt
	@test -n "$(PYTHON)" || { echo "Relaydesk needs Python 3.11 or newer." >&2; exit 1; }
	@echo "Preparing $(VENV) with $(PYTHON) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip -qq --disable-pip-version-check install \
		--require-hashes --no-deps --no-compile --requirement requirements-install.txt
	@touch $@

define install
	@echo "Installing $(1) ..."
	@$(UV) install --quiet --python $(BIN)/python --require-hashes --requirement $(1) \
		|| $(BIN)/python -m pip -qq --disable-pip-version-check install \
			--require-hashes --no-compile --requirement $(1)
	@touch $(2)
endef

$(VENV)/.run: requirements.txt $(VENV)/.installer
	$(call install,requirements.txt,$@)

# The tools bring the runtime with them.
$(VENV)/.dev: requirements.txt requirements-dev.txt $(VENV)/.installer
	$(call install,requirements-dev.txt,$(VENV)/.run)
	@touch $@
