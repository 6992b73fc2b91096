#!/bin/sh
# Installs everything that Wattlas needs from the distribution's packages. No questions; safe to run
# again (a second run changes nothing and takes about a second). Needs root. 1 to 3 minutes.
set -eu

packages="build-essential cmake ninja-build ccache pkg-config git ca-certificates
  libsystemc-dev libyaml-cpp-dev libeigen3-dev libboost-dev libboost-graph-dev libhdf5-dev
  libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev libxxhash-dev libpagmo-dev zlib1g-dev libssl-dev
  libjemalloc-dev
  libjs-chart.js libhpdf-dev
  libgtest-dev libgmock-dev python3
  dataset-fashion-mnist"
# Reading ONNX models; the first look (quickstart.sh) does without.
[ "${1:-}" = "--quickstart" ] || packages="$packages libonnx-dev libprotobuf-dev"
# Trainings (wattlas-train) need libtorch; everything else is built without it.
[ "${1:-}" = "--train" ] && packages="$packages libtorch-dev"
[ "${1:-}" = "--ci" ] && packages="$packages clang-format clang libclang-rt-14-dev valgrind
  chromium python3-h5py libonnx-testdata
  slurmctld slurmd slurm-client slurm-wlm-basic-plugins munge"

missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
    missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "setup: all packages are installed"
  exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: these packages are missing:$missing" >&2
  echo "setup: run this script as root, or ask an administrator to install them" >&2
  exit 1
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $missing >/dev/null
echo "setup: done"
