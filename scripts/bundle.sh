#!/bin/sh
# Packs a built wattlas with everything it needs into one archive for machines without root: its own
# loader and libraries, the configuration files, licences. Unpack it anywhere and call bin/wattlas.
# Usage: scripts/bundle.sh BUILD/cli/wattlas [OUT.tar.gz]
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
wattlas=${1:?usage: bundle.sh BUILD/cli/wattlas [OUT.tar.gz]}
version=$("$wattlas" --version | cut -d' ' -f2)
name=wattlas-$version-$(uname -m)
out=${2:-$name.tar.gz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/$name
mkdir -p "$root/bin" "$root/lib" "$root/libexec" "$root/share/wattlas/workloads" "$root/share/doc"

cp "$wattlas" "$root/libexec/wattlas"
strip --strip-unneeded "$root/libexec/wattlas"
# "name => /path (address)"; the loader itself stands without an arrow.
ldd "$wattlas" | sed -n 's/.*=> \(\/[^ ]*\) (.*/\1/p' | while read -r library; do
  cp -L "$library" "$root/lib/"
  package=$(dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "${library#/usr}" 2>/dev/null ||
            dpkg-query -S "/usr$library" 2>/dev/null || true)
  package=$(printf '%s' "$package" | head -n 1 | cut -d: -f1)
  [ -n "$package" ] && [ -f "/usr/share/doc/$package/copyright" ] &&
    cp "/usr/share/doc/$package/copyright" "$root/share/doc/$package.copyright"
done
loader=$(readelf -l "$wattlas" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
cp -L "$loader" "$root/lib/loader"
cp -r "$source/configs" "$root/share/wattlas/"
cp -r "$source/workloads/library" "$root/share/wattlas/workloads/"
cp "$source/LICENSE" "$root/share/doc/wattlas.LICENSE"
# No shell may be there: the starter is a static program.
cc -O2 -static -o "$root/bin/wattlas" "$source/scripts/bundle_start.c"
strip "$root/bin/wattlas"

# The same input gives the same archive.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='2000-01-01 00:00Z' \
  -C "$work" -cf - "$name" | gzip -n >"$work/archive"
cp "$work/archive" "$out"
echo "written: $out"
