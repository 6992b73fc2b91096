#!/bin/sh
# The sweeps of the roofline peer: wall and processor seconds of `wattlas explore`, and of one long
# run. Budgets: 1 s a sweep of 72 points on two idle cores, 0.2 s a run; nothing fails here, because
# seconds depend on the machine.
# Usage: bench/llm/sweep.sh [WATTLAS]     (default: build/cli/wattlas)
set -eu
wattlas=${1:-build/cli/wattlas}
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

measure() { # NAME COMMAND...
  name=$1
  shift
  TIMEFORMAT="$name: %R s wall, %U s user, %S s system"
  export TIMEFORMAT
  bash -c 'time "$@" > "$0/log" 2>&1' "$out" "$@" || { cat "$out/log"; exit 1; }
}

for study in llm-roofline-sweep llm-tool-sweep; do
  measure "$study" "$wattlas" explore "$root/configs/studies/$study.yaml" -o "$out/$study.h5"
done
for platform in pim-ai-4chip roofline-pim-ai-4chip upmem-samac-col256-server; do
  measure "llama2-7b, 128 + 128 tokens, $platform" "$wattlas" run -p "$platform" -w llama2-7b \
    --prompt 128 --generate 128 --format int8 --fidelity event --json
done
