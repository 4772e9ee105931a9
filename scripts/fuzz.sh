#!/usr/bin/env bash
# Fuzzes what reads archives, each target for so many seconds (60), beginning with the seeds and with
# what earlier runs found (fuzz/corpus, not committed). Stops at the first crash, whose input then lies
# in fuzz/artifacts. Works with the stable compiler.
#   scripts/fuzz.sh [SECONDS [TARGET...]]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
[ $# -gt 0 ] || set -- archive_reader manifest legacy_metadata sums archive_mutated database
command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
# The sanitizer and the counters of coverage are options of the compiler that are not stable yet.
export RUSTC_BOOTSTRAP=1

for target; do
  log=$(mktemp)
  # Only this one needs SQLite; the others are built without.
  features=()
  dictionary=archive
  longest=65536
  case $target in
    database) features=(--features database) dictionary=database longest=131072 ;;
    manifest | legacy_metadata) dictionary=json ;;
  esac
  mkdir -p "fuzz/corpus/$target"
  status=0
  # No single allocation, and not all together, beyond what the limits of a reader account for.
  cargo fuzz run "${features[@]}" "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
    -dict="fuzz/dictionaries/$dictionary.dict" -max_total_time="$seconds" -timeout=20 \
    -malloc_limit_mb=64 -rss_limit_mb=2048 -max_len="$longest" -detect_leaks=0 -print_final_stats=1 >"$log" 2>&1 || status=$?
  if [ "$status" != 0 ]; then
    tail -n 60 "$log"
    printf '%s: a crash; see above and fuzz/artifacts/%s\n' "$target" "$target"
    exit "$status"
  fi
  done=$(sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/\1 executions in \2 s/p' "$log")
  coverage=$(grep -o 'cov: [0-9]*' "$log" | tail -1)
  corpus=$(find "fuzz/corpus/$target" -type f | wc -l)
  printf '%-16s %s, no crash; %s, %s inputs in the corpus\n' "$target" "$done" "$coverage" "$corpus"
  if [ -n "${MAKERMATRIX_FIGURES:-}" ]; then
    printf '| fuzz %s | %s, no crash |\n' "$target" "$done" >>"$MAKERMATRIX_FIGURES"
  fi
  rm -f "$log"
done
