# make run            the pipeline on its embedded default; ends with the tables
# make run RUN=NAME   the same for config/NAME.yaml
# make tracks RUN=NAME only the tracks of its cells: no networks; movies of one's own
# make smoke          every rule on tiny data
# make paper          all studies with all seeds; hours, goes on where it was stopped
# make test           style, types and tests: 8 minutes
# make test-all       beside these, wrong inputs, conda environments, Slurm, and kills
# make reliability    20,000 wrong inputs, damaged files, kills: counts into docs/; hours
# make bench          speed and quality against peers: tables with ratios, 15 minutes
# make docs           the site, docs/_build/index.html, with every example run once
# make keys           config/schema.json and the table of keys, from the models
# make check RUN=NAME whether a run's files are as its manifest says; FIX=1 removes others
# make pins           exact packages of every conda environment (needs conda)
# make setup          only the environment (.venv), kernels compiled and cached
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUN ?= default
CORES ?= all

# Snakemake and numba keep caches, and stop where HOME is read-only.
ifeq ($(origin XDG_CACHE_HOME),undefined)
ifneq ($(shell mkdir -p "$$HOME/.cache" 2>&1 && test -w "$$HOME/.cache" || echo no),)
export XDG_CACHE_HOME := $(CURDIR)/.cache
$(info HOME may not be written to; caches are kept in $(XDG_CACHE_HOME))
endif
endif

# Simulated first: the others need real tracks, see the README.
STUDIES := recovery untracked paper-simulated paper-realistic \
	paper-maps-simulated maps-noise-10 maps-noise-30 maps-noise-100 \
	paper-real paper-protocol noise

.PHONY: run tracks check paper smoke style test test-all reliability bench bench-setup setup \
	pins docs docs-setup keys
.DEFAULT_GOAL := run

READABLE = test -r config/$(RUN).yaml || \
	{ echo "config/$(RUN).yaml: no such file, or not readable; there are:" \
	$(basename $(notdir $(wildcard config/*.yaml))); exit 1; }

run: .venv/.done
	@$(READABLE)
	@$(BIN)/snakemake --cores $(CORES) --configfile config/$(RUN).yaml
	@$(MAKE) --no-print-directory results/$(RUN)/snakemake.html

tracks: .venv/.done
	@$(READABLE)
	@$(BIN)/snakemake tracks --cores $(CORES) --configfile config/$(RUN).yaml

# Snakemake's own report, with the captions, beside ours.
results/%/snakemake.html: results/%/manifest.json
	@$(BIN)/snakemake --configfile config/$*.yaml --report $@ \
		--report-stylesheet rules/captions/report.css --quiet all

check: .venv/.done
	@$(BIN)/python -m awd.record.check results/$(RUN) $(if $(FIX),--fix)

smoke: .venv/.done
	@$(MAKE) --no-print-directory run RUN=smoke

paper: .venv/.done
	@for study in $(STUDIES); do \
		$(MAKE) --no-print-directory run RUN=$$study || exit 1; done

style: .venv/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/mypy
	$(BIN)/pip check

# Files of tests go to several processes, which compute on one thread each.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile \
	--durations=10

test: style
	$(PYTEST) -m "not (conda or slurm or kills or fuzz or reliability)"

test-all: style
	$(PYTEST)

# On Slurm only as root, with Debian's packages slurm-wlm and munge. The page is of what
# ran: a test that fails leaves its counts out.
COUNTS := $(CURDIR)/.reliability.json
reliability: .venv/.done
	rm -f $(COUNTS)
	AWD_COUNTS=$(COUNTS) AWD_CASES=10 AWD_FLIPS=1000 AWD_FUZZ=3000 AWD_RUN_FLIPS=1000 \
		OMP_NUM_THREADS=1 $(BIN)/pytest -m "reliability or fuzz" --durations=0; \
		done=$$?; $(BIN)/python tests/reliability/page.py $(COUNTS) docs/reliability.md; \
		exit $$done

setup: .venv/.done

bench-setup: .venv/.done
	$(BIN)/pip install --quiet -r requirements-bench.lock

bench: bench-setup
	$(BIN)/python -W ignore benchmarks/engine.py
	$(BIN)/python -W ignore benchmarks/cells.py
	$(BIN)/python -W ignore benchmarks/maps.py

# --use-conda tries pins before ranges; they stay untracked, being of one platform.
pins:
	@command -v conda > /dev/null || \
		{ echo "make pins solves envs/*.yaml with conda, which is not on the PATH"; exit 1; }
	@at=$$(mktemp -d) && trap 'rm -rf "$$at"' EXIT && \
	platform=$$(conda info --json | sed -n 's/.*"platform": "\(.*\)".*/\1/p') && \
	for env in envs/*.yaml; do \
		name=$$(basename $$env .yaml) && \
		conda env create --quiet --file $$env --prefix $$at/$$name && \
		conda list --explicit --md5 --prefix $$at/$$name > $$at/$$name.txt && \
		mv $$at/$$name.txt envs/$$name.$$platform.pin.txt || exit 1; \
	done

docs-setup: .venv/.done
	$(BIN)/pip install --quiet -r requirements-docs.lock

# From scratch, warnings are errors: a link that leads nowhere, an example that fails.
docs: docs-setup
	rm -rf docs/_build docs/examples
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -q docs docs/_build

# What is generated from the configuration's models; a test keeps it in step.
keys: .venv/.done
	$(BIN)/python -m awd.config.documentation

# immutables has no wheel for Python 3.14; without its extension it needs no compiler.
# numba's cache follows every file by itself, loops call those of another one.
.venv/.done: requirements.lock pyproject.toml $(wildcard scripts/awd/compiled/*.py scripts/awd/*/compiled/*.py)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "AWD needs Python 3.11 or newer, $(PYTHON) is older; set PYTHON=..."; exit 1; }
	$(PYTHON) -m venv .venv
	IMMUTABLES_EXT=0 $(BIN)/pip install --quiet --disable-pip-version-check \
		-r requirements.lock
	$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	find scripts -name '*.nb?' -delete
	echo awd.league.series awd.filters.kernels awd.cells.tracker awd.maps.compilation | \
		xargs -n 1 -P 2 $(BIN)/python -c \
		'import importlib, sys; importlib.import_module(sys.argv[1]).compile()'
	@touch $@
