# Qala: every verb a person or a machine needs. `make run` and `make test` do all set-up themselves.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup web run test prove lint clean fmt-check tidy clippy deny cargo-test web-test web-lint

# rustup installs here; a shell that was opened before does not know it yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

# In CI the lock file must already be right.
LOCKED := $(if $(CI),--locked,)
# `make run ARGS="--help"` hands more to the demo; `make run WEB=no` leaves the web interface out.
ARGS ?=
WEB ?= yes

step = @printf '\n== %s ==\n' "$(1)"

help: ## Show the verbs
	@printf 'usage: make <verb>\n\n'
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 12
	@printf '\n  cargo xtask tidy|bless|gen|bench|prove   chores of the source tree\n'

setup: ## Check the tools, install the missing ones (safe to repeat)
	@scripts/setup.sh

web: setup ## Build the web interface when its sources changed
	@if [ "$(WEB)" = no ]; then echo "web: left out (WEB=no)"; else scripts/web.sh build; fi

run: web ## Set up, build, fill the demo city and serve http://127.0.0.1:8080
	$(call step,the demo city)
	cargo run $(LOCKED) --bin qala -- demo $(ARGS)

test: fmt-check tidy clippy cargo-test web-test ## Everything a commit must pass

prove: setup ## What is too long for every commit; writes docs/PROOF.md; PART="words of a step" runs some
	$(call step,proof)
	cargo run $(LOCKED) --quiet --package xtask -- prove $(if $(PART),"$(PART)")

lint: fmt-check tidy clippy deny web-lint ## Formatting, tidy, clippy, licences, web lint

clean: ## Remove what was built (never your data)
	cargo clean
	rm -rf web/dist web/node_modules

fmt-check: setup
	$(call step,formatting)
	cargo fmt --all --check

tidy: setup
	$(call step,tidy)
	cargo run $(LOCKED) --quiet --package xtask -- tidy

# `cargo clippy` would check the 500 dependencies once more; this way it shares what `cargo test` builds.
clippy: setup
	$(call step,clippy)
	RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS="-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__" \
	  cargo build $(LOCKED) --workspace --all-targets

deny: setup
	$(call step,licences bans sources)
	@if command -v cargo-deny >/dev/null; then cargo deny check licenses bans sources; \
	else echo "not checked: cargo-deny is not installed (cargo install cargo-deny --locked)"; fi

cargo-test: setup
	$(call step,tests)
	cargo test $(LOCKED) --workspace --no-fail-fast

web-test: setup
	$(call step,web tests)
	@scripts/web.sh test

web-lint: setup
	$(call step,web lint)
	@scripts/web.sh lint
