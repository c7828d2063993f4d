#!/usr/bin/env bash
# Checks the tools that building needs and installs the missing ones. Safe to repeat: when nothing is
# missing it installs nothing. It never touches Rust or Node versions that are already there.
set -euo pipefail

readonly RUST_AT_LEAST=1.95.0
readonly NODE_AT_LEAST=20.0.0

say() { printf 'setup: %s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }
# at_least 1.96.0 1.95.0: the first version is not below the second.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

install_packages() {
    local as_root=()
    if ! has apt-get; then
        fail "missing: $*. This is not Debian; install the like of them and try again."
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if has sudo && sudo -n true 2>/dev/null; then
            as_root=(sudo -n)
        elif has sudo && [ -t 0 ]; then
            as_root=(sudo)
        else
            fail "missing: $*. As root, run: apt-get install -y $*"
        fi
    fi
    say "installing with apt-get: $*"
    # `env` because sudo drops variables.
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
    "${apt[@]}" update || say "apt-get update failed; trying with the package list that is there"
    "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null || fail "apt-get could not install: $*"
}

# --- system packages -------------------------------------------------------------------------------
missing=()
# A C compiler: zstd, lzma, SQLite and the TLS library are C.
has cc && has make || missing+=(build-essential)
has git || missing+=(git)
has pkg-config || missing+=(pkg-config)
[ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/pki/tls/certs/ca-bundle.crt ] || missing+=(ca-certificates)
if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}"
    has cc || fail "there is still no C compiler \`cc\`; install build-essential by hand"
fi

# A broker for the tests of devices. In CI only: elsewhere the package would start a service that nobody asked for.
if [ -n "${CI:-}" ] && ! { has mosquitto || [ -x /usr/sbin/mosquitto ]; } && has apt-get && [ "$(id -u)" -eq 0 ]; then
    say "installing mosquitto for the tests"
    env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 install -y --no-install-recommends \
        mosquitto mosquitto-clients >/dev/null 2>&1 || say "mosquitto could not be installed: its tests are skipped"
fi

# --- Rust ------------------------------------------------------------------------------------------
if ! has cargo || ! has rustc; then
    fail "Rust is missing. Install it from https://rustup.rs (version $RUST_AT_LEAST or newer) and try again."
fi
rust=$(rustc --version | cut -d ' ' -f 2)
if ! at_least "${rust%%-*}" "$RUST_AT_LEAST"; then
    fail "rustc $rust is too old, $RUST_AT_LEAST is needed. With rustup: rustup update stable"
fi
for part in clippy rustfmt; do
    tool=${part/rustfmt/fmt}
    if ! cargo "$tool" --version >/dev/null 2>&1; then
        say "adding the Rust component $part"
        if ! has rustup || ! rustup component add "$part"; then
            say "$part could not be added: \`make run\` works, \`make test\` will stop at it"
        fi
    fi
done

# --- Node, for the web interface only ---------------------------------------------------------------
node="no node"
if has node && has npm; then
    node="node $(node --version)"
    if ! at_least "$(node --version | tr -d v)" "$NODE_AT_LEAST"; then
        say "$node is older than $NODE_AT_LEAST: the web interface may not build (make run WEB=no leaves it out)"
    fi
elif [ -e web/package.json ]; then
    say "node and npm are missing: the web interface is not built; everything else works"
fi

say "ready (rustc $rust, cc $(cc -dumpversion 2>/dev/null || echo '?'), $node)"
