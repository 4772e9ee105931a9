#!/usr/bin/env bash
# Measures backup, verify and restore on large inventories, beside `cp -r` plus sync and `zip -6 -r`
# of the same data in the same run. Prints wall time, ratio to cp, and peak memory.
#   scripts/measure.sh [SIZE...]
# Each SIZE is one of those below; by default 600MB. `scripts/measure.sh all` measures all that bound
# memory. Needs GNU time (on Debian the package `time`), age, zip and unzip, and three times the size on disk.
set -euo pipefail
cd "$(dirname "$0")/.."

# Parts, PDFs of 300 kB, images, bytes of an image: what testkit's example large_inventory takes.
inventory() {
  case $1 in
    100MB) echo 20000 250 300 50000 ;;
    60MB) echo 2000 150 300 50000 ;;
    600MB) echo 20000 1500 3000 50000 ;;
    1GB) echo 50000 2700 4000 50000 ;;
    1GB-database) echo 700000 1500 3000 50000 ;; # more than 400 MB of it is the database
    5GB) echo 200000 13500 20000 50000 ;;
    files) echo 1000 0 100000 400 ;; # 100,000 small files
    *) echo "measure: there is no size $1; see scripts/measure.sh" >&2; return 2 ;;
  esac
}

sizes=("${@:-600MB}")
[ "${sizes[*]}" != all ] || sizes=(100MB 1GB 1GB-database 5GB files)
for size in "${sizes[@]}"; do inventory "$size" >/dev/null; done
[ -x /usr/bin/time ] || { echo "measure: needs GNU time, in Debian's package time" >&2; exit 1; }
cargo build --release --locked --quiet
cargo build --release --locked --quiet -p makermatrix-testkit --example large_inventory
mm=$PWD/target/release/makermatrix
work=
trap 'rm -rf "$work"' EXIT

# run NAME COMMAND...: prints a row; the first one is what the others are compared with. The memory is
# that of the command alone: time itself is small.
run() {
  local name=$1 begun took peak ratio=
  shift
  begun=$(date +%s%N)
  if ! /usr/bin/time -o "$work/peak" -f %M "$@" >/dev/null 2>"$work/errors"; then
    echo "measure: $name failed:" >&2
    cat "$work/errors" >&2
    exit 1
  fi
  took=$(($(date +%s%N) - begun))
  base=${base:-$took}
  peak=$(awk '{ printf "%.1f", $1 / 1024 }' "$work/peak")
  ratio=$(awk -v took="$took" -v base="$base" 'BEGIN { printf "%.2f", took / base }')
  took=$(awk -v took="$took" 'BEGIN { printf "%.2f", took / 1e9 }')
  printf '%-24s %8s s  %6s x cp  %7s MiB peak\n' "$name" "$took" "$ratio" "$peak"
  case $name in
    backup* | verify* | restore*)
      if [ -n "${MAKERMATRIX_FIGURES:-}" ]; then
        printf '| %s, %s | %s MiB peak memory, %s s, %s x cp |\n' "$name" "$size" "$peak" "$took" "$ratio" \
          >>"$MAKERMATRIX_FIGURES"
      fi
      ;;
  esac
}

for size in "${sizes[@]}"; do
  work=$(mktemp -d)
  export MAKERMATRIX_DATA=$work/data
  base=
  read -ra numbers < <(inventory "$size")
  target/release/examples/large_inventory "$work/data" "${numbers[@]}"
  sync
  printf '\n%s: %s in %s files, of which database %s\n' "$size" "$(du -sh "$work/data" | cut -f1)" \
    "$(find "$work/data" -type f | wc -l)" "$(du -h "$work/data/makers_matrix.db" | cut -f1)"
  run "cp -r, sync" sh -c "cp -r '$work/data' '$work/copy' && sync -f '$work/copy'"
  rm -rf "$work/copy"
  # Slow, and of 5 GB it says nothing that it does not say of 1 GB.
  if [ "$size" != 5GB ]; then
    run "zip -6 -r, sync" sh -c "cd '$work' && zip -q -6 -r all.zip data && sync -f all.zip"
    rm -f "$work/all.zip"
  fi
  run backup "$mm" backup --name large
  archive=$work/data/backups/large.zip
  printf 'archive: %s\n' "$(du -h "$archive" | cut -f1)"
  run verify "$mm" verify "$archive"
  run show "$mm" show "$archive"
  run "restore, same data" "$mm" restore "$archive" --yes --no-safety-backup
  run "restore, with safety" "$mm" restore "$archive" --yes
  rm -f "$work"/data/backups/safety_*
  MAKERMATRIX_DATA=$work/new run "restore, into nothing" "$mm" restore "$archive" --yes
  # Every file is another one now: all are staged, and the old ones kept in the safety backup.
  find "$work/new/static" -type f -exec sh -c 'for file; do printf x >>"$file"; done' _ {} +
  MAKERMATRIX_DATA=$work/new run "restore, all changed" "$mm" restore "$archive" --yes
  # Encrypted, with age: the server has the public key only.
  "$mm" key new --quiet --output "$work/key" --kit "$work/kit" >/dev/null
  recipient=$(sed -n 's/^# public key: //p' "$work/key")
  run "backup, encrypted" "$mm" backup --name sealed --recipient "$recipient"
  sealed=$work/data/backups/sealed.zip.age
  run "age -r of the archive" sh -c "age -r '$recipient' -o '$work/by-age' '$archive' && sync -f '$work/by-age'"
  rm -f "$work/by-age"
  run "verify, encrypted" "$mm" verify "$sealed" --identity "$work/key"
  run "age -d of the archive" age -d -i "$work/key" -o /dev/null "$sealed"
  rm -rf "$work/new"
  MAKERMATRIX_DATA=$work/new run "restore, encrypted" "$mm" restore "$sealed" --identity "$work/key" --yes
  # And as the original encrypts: ZipCrypto, which is only read here.
  if [ "$size" != 5GB ]; then
    mkdir "$work/flat"
    cp "$work/data/makers_matrix.db" "$work/flat/"
    cp -r "$work/data/static/datasheets" "$work/data/static/images" "$work/flat/"
    (cd "$work/flat" && zip -q -6 -r -P measure "$work/crypto.zip" .)
    echo measure >"$work/password"
    run "unzip -P of ZipCrypto" unzip -q -P measure "$work/crypto.zip" -d "$work/unzipped"
    rm -rf "$work/flat" "$work/unzipped" "$work/new"
    MAKERMATRIX_DATA=$work/new \
      run "restore of ZipCrypto" "$mm" restore "$work/crypto.zip" --passphrase-file "$work/password" --yes
  fi
  rm -rf "$work"
done
