#!/bin/sh
# Packs a built wattlas with everything it needs into one archive for machines without root: its own
# loader and libraries, the configuration files, licences. Unpack it anywhere and call bin/wattlas.
# Usage: scripts/bundle.sh BUILD/cli/wattlas [OUT.tar.gz] | --check UNPACKED_FOLDER
set -eu

# Asks the bundle's own loader: what still comes from this machine, or from nowhere, would be missing
# elsewhere.
requireComplete() {
  needed=$("$1/lib/loader" --inhibit-cache --library-path "$1/lib" --list "$1/libexec/wattlas") || {
    printf 'bundle: %s\n' "$needed" >&2
    exit 1
  }
  if outside=$(printf '%s\n' "$needed" | sed 's/ (0x.*//' |
               grep -v -F -e 'linux-vdso.so' -e "=> $1/lib/" -e "$1/lib/loader"); then
    printf 'bundle: not in %s:\n%s\n' "$1/lib" "$outside" >&2
    exit 1
  fi
}
if [ "${1:-}" = "--check" ]; then
  requireComplete "$(cd "${2:?usage: bundle.sh --check UNPACKED_FOLDER}" && pwd)"
  echo "complete: $2"
  exit 0
fi

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
  licence=/usr/share/doc/$package/copyright
  if [ -n "$package" ] && [ -f "$licence" ]; then
    cp "$licence" "$root/share/doc/$package.copyright"
  else
    echo "bundle: no licence text found for $library" >&2
  fi
done
loader=$(readelf -l "$wattlas" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
cp -L "$loader" "$root/lib/loader"
requireComplete "$root"
cp -r "$source/configs" "$root/share/wattlas/"
cp -r "$source/workloads/library" "$root/share/wattlas/workloads/"
cp "$source/LICENSE" "$root/share/doc/wattlas.LICENSE"
# No shell may be there: the starter is a static program.
cc -O2 -static-pie -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now -o "$root/bin/wattlas" "$source/scripts/bundle_start.c"
strip "$root/bin/wattlas"
"$source/scripts/check_hardening" "$root/libexec/wattlas" "$root/bin/wattlas" >&2

# The same input gives the same archive.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='2000-01-01 00:00Z' \
  -C "$work" -cf - "$name" | gzip -n >"$work/archive"
cp "$work/archive" "$out"
echo "written: $out"
