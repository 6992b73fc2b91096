#!/bin/bash
# The relocatable archive in an empty chroot, as an unprivileged user, without /proc, /dev or a shell.
# Usage: bundle_test.sh WATTLAS. Exit code 77: skipped.
set -eu
wattlas=$(realpath "${1:?usage: bundle_test.sh WATTLAS}")
source=$(cd "$(dirname "$0")/../../.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "skipped: chroot needs root"; exit 77; }
W=$(mktemp -d /tmp/wattlas-bundle-XXXXXX)
trap 'rm -rf "$W"' EXIT
chmod 755 "$W"
"$source/scripts/bundle.sh" "$wattlas" "$W/wattlas.tar.gz"
mkdir "$W/root" "$W/root/job"
tar -xzf "$W/wattlas.tar.gz" -C "$W/root"
mv "$W/root"/wattlas-* "$W/root/somewhere"   # relocatable: any name, any place
# Each library that the loader names comes from the bundle; the check notices when one does not.
bundled() { "$source/scripts/bundle.sh" --check "$W/root/somewhere"; }
bundled
for library in libhpdf libpng16 libz libhdf5_serial; do
  file=$(ls "$W/root/somewhere/lib/$library"[.-]*so*)
  mv "$file" "$W/away"
  if bundled 2>"$W/complaint"; then echo "FAILED: $library is not missed"; exit 1; fi
  grep -q "$library" "$W/complaint" || { cat "$W/complaint"; exit 1; }
  mv "$W/away" "$file"
done
chown nobody "$W/root/job"
# Two changes in one process: `setpriv` itself is not inside the chroot.
inside() { chroot --userspec=nobody:nogroup "$W/root" /somewhere/bin/wattlas "$@"; }
inside --version
inside run -p upmem-dimm -w ecg-dscnn1d --json >"$W/inside.json"
"$wattlas" run -p upmem-dimm -w ecg-dscnn1d --json >"$W/outside.json"
python3 - "$W/inside.json" "$W/outside.json" <<'EOF'
import json, sys
a, b = (json.load(open(f)) for f in sys.argv[1:])
a.pop("host"), b.pop("host")
assert a == b, "the result inside differs"
EOF
cat >"$W/root/job/study.yaml" <<'EOF'
name: inside
workloads: [ecg-dscnn1d]
genes:
  platform: {categorical: [upmem-dimm, gpu-h100-sxm, fpga-zcu104]}
  format: {categorical: [fp16, int8]}
objectives: [{minimise: time_s}, {minimise: energy_j}]
search: {method: exhaustive}
EOF
inside explore /job/study.yaml -j 2 -o /job/explore.h5 >/dev/null
inside campaign plan /job/study.yaml -o /job/sweep
inside campaign run /job/sweep --shard 0/2 -j 1
inside campaign run /job/sweep --shard 1/2 -j 2
inside campaign merge /job/sweep -o /job/merged.h5
cmp "$W/root/job/explore.h5" "$W/root/job/merged.h5"
inside report /job/merged.h5 -o /job/report.html
inside plot pareto /job/merged.h5 -o /job/pareto.pdf
"$wattlas" plot pareto "$W/root/job/merged.h5" -o "$W/outside.pdf"
cmp "$W/root/job/pareto.pdf" "$W/outside.pdf"
"$wattlas" explore "$W/root/job/study.yaml" -o "$W/outside.h5" >/dev/null
cmp "$W/root/job/merged.h5" "$W/outside.h5"
echo "bundle: $(du -h "$W/wattlas.tar.gz" | cut -f1), the same bytes inside an empty chroot"
