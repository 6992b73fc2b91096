#!/bin/sh
# Installs packages, builds everything and runs all tests. About 15 minutes on 2 cores the first
# time, a few minutes afterwards. Options: --preset NAME (release), -- ctest arguments.
set -eu
cd "$(dirname "$0")/.."
preset=release
if [ "${1:-}" = "--preset" ]; then
  preset=$2
  shift 2
fi
[ "${1:-}" = "--" ] && shift

echo "== packages"
scripts/setup.sh
echo "== build ($preset)"
cmake --preset "$preset"
cmake --build --preset "$preset"
echo "== tests"
ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)" "$@"
