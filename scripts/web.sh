#!/usr/bin/env bash
# Builds, tests or lints the web interface: scripts/web.sh build|test|lint. Does nothing, and says so, when
# there is no web folder or no npm.
set -euo pipefail
cd "$(dirname "$0")/.."

verb=${1:-build}
case $verb in
build | test | lint) ;;
*)
    echo "usage: scripts/web.sh build|test|lint" >&2
    exit 2
    ;;
esac

if [ ! -e web/package.json ]; then
    echo "web: there is no web/package.json, nothing to do"
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "skipped: web $verb: npm is not installed"
    exit 0
fi
cd web

# The output is newer than every source.
is_built() {
    [ -e dist/index.html ] && [ -z "$(find . \( -name node_modules -o -name dist \) -prune -o \
        -type f -newer dist/index.html -print -quit)" ]
}

install_packages() {
    # npm writes this file last.
    if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
        echo "web: installing packages"
        npm ci --no-audit --no-fund
    fi
}

if [ "$verb" = build ]; then
    if is_built; then
        echo "web: dist is newer than its sources, nothing to build"
        exit 0
    fi
    # Without the package registry there is still a city to look at.
    if ! install_packages; then
        echo "web: the packages could not be fetched; the program shows its plain page until \`make web\` works" >&2
        exit 0
    fi
    npm run build
    # A build that leaves index.html as it was would be repeated for ever.
    touch dist/index.html
    # A program that was built before there was a dist would not look for one.
    touch ../crates/qala-server/build.rs
else
    install_packages
    npm run --if-present "$verb"
fi
