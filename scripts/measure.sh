#!/usr/bin/env bash
# Measures backup, verify and restore on a large inventory, beside `cp -r` plus sync and `zip -6 -r`
# of the same data in the same run. Prints wall time, ratio to cp, and peak memory.
#   scripts/measure.sh [PARTS PDFS IMAGES]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet
cargo build --release --locked --quiet -p makermatrix-testkit --example large_inventory
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MAKERMATRIX_DATA=$work/data
mm=$PWD/target/release/makermatrix
target/release/examples/large_inventory "$work/data" "$@"
sync
printf 'data: %s in %s files\n' "$(du -sh "$work/data" | cut -f1)" "$(find "$work/data" -type f | wc -l)"

base=
# measure NAME COMMAND...: prints a row; the first one is what the others are compared with.
measure() {
  local name=$1; shift
  python3 - "$name" "${base:-}" "$@" <<'PY'
import os, resource, subprocess, sys, time
name, base, command = sys.argv[1], sys.argv[2], sys.argv[3:]
begun = time.monotonic()
child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
errors = child.stderr.read()
_, status, usage = os.wait4(child.pid, 0)
took = time.monotonic() - begun
if status: sys.exit(f"{name} failed: {errors.decode()}")
ratio = f"{took / float(base):5.2f} x cp" if base else "          "
print(f"{name:24} {took:7.2f} s  {ratio}  {usage.ru_maxrss / 1024:7.1f} MiB peak", flush=True)
open("/dev/fd/3", "w").write(str(took))
PY
}
{ base=$( { measure "cp -r, sync" sh -c "cp -r '$work/data' '$work/copy' && sync -f '$work/copy'" >&4; } 3>&1 ); } 4>&1
rm -rf "$work/copy"
run() { measure "$@" 3>/dev/null; }
run "zip -6 -r, sync" sh -c "cd '$work' && zip -q -6 -r all.zip data && sync -f all.zip"
rm -f "$work/all.zip"
run "makermatrix backup" "$mm" backup --name large
archive=$work/data/backups/large.zip
printf 'archive: %s\n' "$(du -h "$archive" | cut -f1)"
run "makermatrix verify" "$mm" verify "$archive"
run "makermatrix show" "$mm" show "$archive"
run "restore, same data" "$mm" restore "$archive" --yes --no-safety-backup
run "restore, with safety" "$mm" restore "$archive" --yes
MAKERMATRIX_DATA=$work/new run "restore, into nothing" "$mm" restore "$archive" --yes
