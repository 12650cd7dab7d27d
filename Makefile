# Two commands: `make run` opens the dashboard, `make test` proves it. They need git, make and Python 3.11 or newer.
# The environment is built from requirements.lock alone, every file checked by its hash, and only when the lock changed.

PORT ?= 8501
ARGS ?=
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(eval PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done))$(PYTHON)
PY := .venv/bin/python
UV := .tools/bin/uv
BUILT := $(shell cmp -s requirements.lock .venv/built-from.lock && $(PY) -c '$(NEW_ENOUGH)' 2>/dev/null && echo yes)

unexport PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH VIRTUAL_ENV
export UV_SYSTEM_CERTS ?= 1
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test env check bench torture packages advisories docs lock port python build uv

help:
	@awk -F ' *## ' '/^[a-z]+:.*## / {sub(/:.*/, "", $$1); printf "make %-10s %s\n", $$1, $$2}' Makefile

SECRETS := GITHUB_TOKEN GITHUB_APP_ID GITHUB_APP_INSTALLATION_ID GITHUB_APP_PRIVATE_KEY JIRA_EMAIL JIRA_TOKEN JIRA_PAT

# Tokens stay with the collector: the dashboard is started without them, and told by name which there are.
run: port env ## the environment, the first collection, the dashboard on 127.0.0.1:8501 (PORT=9000 for another port)
	@code=0; $(PY) -m collectors sync || code=$$?; \
	if [ $$code -eq 2 ]; then \
		$(PY) -c 'import data, sys; sys.exit(data.edition() is None)' 2>/dev/null || exit 2; \
		echo "Nothing new was collected. The dashboard opens with what was collected before."; \
	elif [ $$code -gt 1 ]; then exit $$code; fi; \
	echo "Cairn opens on http://127.0.0.1:$(PORT) (Ctrl+C stops it)."; \
	CAIRN_SECRETS_SET="$$(for name in $(SECRETS); do \
		if [ -n "$$(printenv $$name)" ] || grep -qs "^ *\(export \)*$$name *=." .env; then echo $$name; fi; done)"; \
	export CAIRN_SECRETS_SET; exec env $(SECRETS:%=-u %) $(PY) -m streamlit run app.py --server.port $(PORT)

test: env ## the environment, all tests (ARGS="-k words" goes to pytest)
	@$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

env: $(if $(BUILT),,build) ## the environment alone (.venv), from requirements.lock
	@:

WRITTEN := README.md docs/data.md docs/definitions.md # by cog, from the declarations

# Pyright is JavaScript; Playwright brings a Node along, so the machine needs none.
check: env ## form, lint, types, what is generated of the documents, who may import whom
	@$(PY) -m ruff format --check .
	@$(PY) -m ruff check .
	@PATH="$$($(PY) -c 'import playwright, os; print(os.path.dirname(playwright.__file__))')/driver:$$PATH" $(PY) -m pyright
	@$(PY) -m cogapp --check $(WRITTEN)
	@$(PY) -m pytest -q tests/test_house.py

bench: env ## ratios measured on this machine, written to docs/benchmarks.md (ARGS="rivals growth" for parts of it)
	@$(PY) -m tests.bench $(ARGS)

torture: env ## every fault at every place, for hours written to docs/torture.md (ARGS="kills --first 40" goes on there)
	@$(PY) -m tests.torture $(ARGS)

packages: env ## what is installed: each package with its licence, how many there are, why they are here
	@$(PY) -m tests.packages

advisories: env ## known weaknesses of those packages; asks an index, so it needs the network
	@$(PY) -m uv tool run pip-audit --requirement requirements.lock --require-hashes --disable-pip

docs: env ## writes the generated parts of README.md and of docs/, and takes the pictures there
	@$(PY) -m cogapp -r $(WRITTEN)
	@$(PY) -m tests.pictures

lock: env ## compiles requirements.lock anew from pyproject.toml, then the environment from it
	@$(UV) pip compile --quiet pyproject.toml --group dev --universal --generate-hashes --no-header \
		--python-version 3.11 --output-file requirements.lock
	@$(MAKE) --no-print-directory env

define PORT_IS_FREE
import socket, sys
port = sys.argv[1]
try:
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", int(port)))
except (OSError, OverflowError, ValueError):
    sys.exit(f"Port {port} of 127.0.0.1 cannot be used; another program may be using it. Stop that, or choose another port: make run PORT=8600")
endef
export PORT_IS_FREE

define NO_PYTHON
Cairn needs Python 3.11 or newer, and none is on the PATH.
Install one and run the same command again, or name it: make env PYTHON=python3.12
endef
export NO_PYTHON

define NO_PIP
This Python has neither pip nor venv, and there is no uv on the PATH, so the environment cannot be built.
Install one of them (Debian and Ubuntu: apt-get install python3-venv) and run the same command again.
endef
export NO_PIP

define NO_PACKAGES
The packages of requirements.lock could not be fetched (see above). Check the network, or the index that pip or uv is told to use.
Then run the same command again: what was fetched is kept, and nothing else was changed.
endef
export NO_PACKAGES

python:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)' || { echo "$$NO_PYTHON" >&2; exit 2; }

port: python
	@$(PYTHON) -c "$$PORT_IS_FREE" "$(PORT)" || exit 2

# The lock pins uv too: pip fetches exactly that one into .tools, whatever else the machine has.
uv: python
	@mkdir -p .tools; awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements.lock > .tools/wanted.lock; \
	if cmp -s .tools/wanted.lock .tools/uv.lock && $(UV) --version >/dev/null 2>&1; then exit 0; fi; \
	echo "Fetching uv, which builds the environment ..."; \
	pip="$(PYTHON) -m pip"; \
	$$pip --version >/dev/null 2>&1 || { $(PYTHON) -m venv .tools/pip >/dev/null 2>&1; pip=".tools/pip/bin/python -m pip"; }; \
	if $$pip --version >/dev/null 2>&1; then \
		PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 $$pip install --quiet --disable-pip-version-check --root-user-action ignore \
			--upgrade --target .tools --require-hashes --no-deps --only-binary :all: -r .tools/wanted.lock \
			|| { echo "$$NO_PACKAGES" >&2; exit 2; }; \
	elif command -v uv >/dev/null; then mkdir -p .tools/bin; ln -sf "$$(command -v uv)" $(UV); \
	else echo "$$NO_PIP" >&2; exit 2; fi; \
	mv .tools/wanted.lock .tools/uv.lock

# uv reads only its own settings; an index that pip was told to use is meant for this project too.
build: uv
	@index="$${UV_DEFAULT_INDEX:-$${UV_INDEX_URL:-$${PIP_INDEX_URL:-$$($(PYTHON) -m pip config get global.index-url 2>/dev/null)}}}"; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	echo "Building .venv from requirements.lock: 310 MB to fetch the first time ..."; \
	if [ ! -t 2 ]; then quiet=--quiet; fi; \
	rm -f .venv/built-from.lock; \
	{ $(PY) -c '$(NEW_ENOUGH)' 2>/dev/null \
		|| $(UV) venv --quiet --clear --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" .venv; } \
	&& $(UV) pip sync $$quiet --require-hashes --python $(PY) requirements.lock || { echo "$$NO_PACKAGES" >&2; exit 2; }; \
	cp requirements.lock .venv/built-from.lock; \
	echo "The environment is ready."
