#!/usr/bin/env bash
# Measures backup, verify and restore on large inventories, beside `cp -r` plus sync, `zip -6 -r` and, where they are
# installed, `tar | zstd`, restic and borg, on the same data in the same run. Prints wall time, ratio to cp, and peak
# memory, and then the ratios of docs/PERFORMANCE.md: the median of all rounds, the smallest and the largest. Whatever is read is in the
# page cache, except what a backup reads back. Anything else that runs on the machine distorts the figures.
#   ROUNDS=N scripts/measure.sh [SIZE...]
# Each SIZE is one of those below; by default 600MB. `scripts/measure.sh all` measures all that bound
# memory. By default there is one round. Needs GNU time (on Debian the package `time`), age, zip and unzip, and four times the size on disk.
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

# run NAME COMMAND...: prints a row; the first one is what the others are compared with. The memory is
# that of the command alone: time itself is small.
run() {
  local name=$1 begun took peak ratio=
  shift
  # What an earlier command has left unwritten must not be written at the cost of this one, and each finds the data in the page cache: borg
  # drops what it has read.
  sync -f "$work"
  find "$work/data" -type f -exec cat {} + >/dev/null
  # A virtual machine gives free memory back to its host after some seconds, and getting it again takes a command more than half a second here.
  # None may profit from the memory that another has just freed.
  sleep 5
  begun=$(date +%s%N)
  if ! /usr/bin/time -o "$work/peak" -f %M "$@" >/dev/null 2>"$work/errors"; then
    echo "measure: $name failed:" >&2
    cat "$work/errors" >&2
    exit 1
  fi
  took=$(($(date +%s%N) - begun))
  base=${base:-$took}
  times[$name]=$took
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

# ratio WHAT NAME OTHER: notes how the time of NAME compares with that of OTHER, if both were measured.
ratio() {
  if [ -n "${times[$2]:-}" ] && [ -n "${times[$3]:-}" ]; then
    awk -v what="$1" -v a="${times[$2]}" -v b="${times[$3]}" 'BEGIN { printf "%.3f\t%s\n", a / b, what }' >>"$ratios"
  fi
}

# Prints the median of each ratio, and the smallest and the largest, in the order in which they were noted.
print_ratios() {
  printf '\nratios of wall time, rounds: %s; median (smallest to largest)\n' "$rounds"
  sort -n "$ratios" | awk -F '\t' -v order="$(cut -f2 "$ratios")" '
    { all[$2, ++count[$2]] = $1 }
    END {
      for (i = split(order, names, "\n"); i > 0; i--) first[names[i]] = i
      for (i = 1; i in names; i++) {
        what = names[i]
        if (first[what] != i) continue
        n = count[what]
        printf "%-54s %.2f (%.2f to %.2f)\n", what, all[what, int((n + 1) / 2)], all[what, 1], all[what, n]
      }
    }'
  : >"$ratios"
}

have() { command -v "$1" >/dev/null; }

export RESTIC_PASSWORD=measure BORG_PASSPHRASE=measure BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
declare -A times
rounds=${ROUNDS:-1}
ratios=$(mktemp)
trap 'rm -rf "$work" "$ratios"' EXIT

# measure SIZE: measures everything once.
measure() {
  local size=$1 archive recipient sealed
  times=()
  work=$(mktemp -d)
  export RESTIC_CACHE_DIR=$work/restic-cache BORG_BASE_DIR=$work/borg-home
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
    printf 'zip: %s\n' "$(du -h "$work/all.zip" | cut -f1)"
    rm -f "$work/all.zip"
  fi
  if have zstd; then
    run "tar | zstd -T0, sync" sh -c "cd '$work' && tar -cf - data | zstd -q -T0 -o all.tar.zst && sync -f all.tar.zst"
    rm -f "$work/all.tar.zst"
  fi
  if have restic; then
    restic init -q -r "$work/restic"
    run "restic backup, new" restic -q -r "$work/restic" backup "$work/data"
    run "restic backup, again" restic -q -r "$work/restic" backup "$work/data"
    run "restic check, data" restic -q -r "$work/restic" check --read-data
    run "restic restore" restic -q -r "$work/restic" restore latest --target "$work/by-restic"
    rm -rf "$work/restic" "$work/by-restic"
  fi
  if have borg; then
    borg init -e repokey "$work/borg" 2>"$work/errors"
    run "borg create, new" borg create "$work/borg::one" "$work/data"
    run "borg create, again" borg create "$work/borg::two" "$work/data"
    run "borg check, data" borg check --verify-data "$work/borg"
    mkdir "$work/by-borg"
    run "borg extract" sh -c "cd '$work/by-borg' && borg extract '$work/borg::one'"
    rm -rf "$work/borg" "$work/by-borg"
  fi
  run backup "$mm" backup --name large
  run "backup, again" "$mm" backup --name again
  rm -f "$work"/data/backups/again*
  archive=$work/data/backups/large.zip
  printf 'archive: %s\n' "$(du -h "$archive" | cut -f1)"
  run verify "$mm" verify "$archive"
  run show "$mm" show "$archive"
  run "restore, same data" "$mm" restore "$archive" --yes --no-safety-backup
  run "restore, with safety" "$mm" restore "$archive" --yes
  rm -f "$work"/data/backups/safety_*
  MAKERMATRIX_DATA=$work/new run "restore, into nothing" "$mm" restore "$archive" --create --yes
  # Every file is another one now: all are staged, and the old ones kept in the safety backup.
  find "$work/new/static" -type f -exec sh -c 'for file; do printf x >>"$file"; done' _ {} +
  MAKERMATRIX_DATA=$work/new run "restore, all changed" "$mm" restore "$archive" --yes
  rm -rf "$work/new" "$work"/data/backups/safety_*
  # Encrypted, with age: the server has the public key only.
  "$mm" key new --quiet --output "$work/key" --kit "$work/kit" >/dev/null
  recipient=$(sed -n 's/^# public key: //p' "$work/key")
  # In the clear once more, because how fast the machine is at the moment must not decide what encryption seems to cost.
  run "backup, in the clear" "$mm" backup --rescan --name clear
  rm -f "$work"/data/backups/clear*
  run "backup, encrypted" "$mm" backup --name sealed --recipient "$recipient"
  sealed=$work/data/backups/sealed.zip.age
  run "age -r of the archive" sh -c "age -r '$recipient' -o '$work/by-age' '$archive' && sync -f '$work/by-age'"
  rm -f "$work/by-age"
  run "verify, encrypted" "$mm" verify "$sealed" --identity "$work/key"
  run "age -d of the archive" age -d -i "$work/key" -o /dev/null "$sealed"
  MAKERMATRIX_DATA=$work/new run "restore, encrypted" "$mm" restore "$sealed" --identity "$work/key" --create --yes
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
      run "restore of ZipCrypto" "$mm" restore "$work/crypto.zip" --passphrase-file "$work/password" --create --yes
  fi
  ratio "backup / zip -6 -r" backup "zip -6 -r, sync"
  ratio "backup / restic backup into a new repository" backup "restic backup, new"
  ratio "backup / borg create into a new repository" backup "borg create, new"
  ratio "backup, nothing changed / zip -6 -r" "backup, again" "zip -6 -r, sync"
  ratio "verify / restic check --read-data" verify "restic check, data"
  ratio "restore into nothing / restic restore" "restore, into nothing" "restic restore"
  ratio "restore into nothing / cp -r, sync" "restore, into nothing" "cp -r, sync"
  ratio "backup, encrypted / in the clear" "backup, encrypted" "backup, in the clear"
  ratio "backup, encrypted / restic backup (which encrypts)" "backup, encrypted" "restic backup, new"
  rm -rf "$work"
}

for size in "${sizes[@]}"; do
  for round in $(seq "$rounds"); do
    printf '\nround %s' "$round"
    measure "$size"
  done
  print_ratios
done
