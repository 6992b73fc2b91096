#!/bin/sh
# From an empty machine to a first Pareto table: installs packages, builds (several minutes the
# first time), explores configs/studies/quickstart.yaml (under a minute), prints what wins where, then
# measures the accuracy of small networks beside their energy and time (configs/studies/nas.yaml).
set -eu
cd "$(dirname "$0")/.."
started=$(date +%s)

echo "== 1/4 packages (1 to 3 minutes the first time)"
scripts/setup.sh --quickstart
echo "== 2/4 build (about 10 minutes on 2 cores the first time, seconds afterwards)"
cmake --preset release >build-quickstart.log 2>&1 || { cat build-quickstart.log >&2; exit 1; }
rm -f build-quickstart.log
cmake --build --preset release --target wattlas_cli
echo "== 3/4 exploration (under a minute)"
mkdir -p wattlas-out
build/release/cli/wattlas explore configs/studies/quickstart.yaml --brief \
  -o wattlas-out/quickstart.h5 --csv wattlas-out/quickstart.csv
build/release/cli/wattlas report wattlas-out/quickstart.h5 -o wattlas-out/quickstart.html >/dev/null
echo "== 4/4 accuracy beside energy and time: networks and formats for one task (a few minutes)"
build/release/cli/wattlas explore configs/studies/nas.yaml --brief \
  -o wattlas-out/nas.h5 --csv wattlas-out/nas.csv
echo "== done in $(($(date +%s) - started)) s"
echo "   next:   build/release/cli/wattlas run -p pim-ai-4chip -w llama2-7b --format fp16"
echo "   report: open wattlas-out/quickstart.html in a browser (xdg-open wattlas-out/quickstart.html)"
