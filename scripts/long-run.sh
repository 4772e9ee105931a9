#!/usr/bin/env bash
# The long run: everything that the normal tests try some of the time, tried every time, and the
# figures in docs/RELIABILITY.md written anew. On two cores it takes about half an hour for the tests,
# FUZZ_SECONDS (1200) for each fuzz target, and a quarter of an hour for the measuring.
#   scripts/long-run.sh [--seed N] [tests] [fuzz] [measure] [page]     (by default the first three)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
if [ "${1:-}" = --seed ]; then
  seed=$2
  shift 2
fi
parts=("$@")
if [ "${#parts[@]}" -eq 0 ]; then
  parts=(tests fuzz measure)
fi

figures=$PWD/target/long-run
mkdir -p "$figures"
commit=$(git rev-parse --short HEAD)

# What the figures of one part were made on.
conditions() {
  printf '%s, %s, commit %s, %s cores, Linux %s, %s, temporary files on %s' \
    "$(date -u +%Y-%m-%d)" "$1" "$commit" "$(nproc)" "$(uname -r | cut -d- -f1)" \
    "$(rustc --version | cut -d' ' -f1-2)" "$(stat -f -c %T "${TMPDIR:-/tmp}")"
}

# Runs a command that appends its figures to the file named by MAKERMATRIX_FIGURES. That it failed is
# a figure, too.
failed=0
part() {
  local name=$1
  shift
  rm -f "$figures/$name.rows"
  local begun=$SECONDS
  if ! MAKERMATRIX_FIGURES=$figures/$name.rows "$@"; then
    failed=1
    printf '| **something failed** | run it again and see |\n' >>"$figures/$name.rows"
  fi
  local took=$(((SECONDS - begun + 30) / 60))
  conditions "$took min$([ "$name" = tests ] && printf ', seed %s' "$seed")" >"$figures/$name.on"
}

for name in "${parts[@]}"; do
  case $name in
    tests)
      cargo test --no-run --locked --quiet
      MAKERMATRIX_LONG_RUN=1 MAKERMATRIX_SEED=$seed part tests cargo nextest run --profile long --locked
      ;;
    fuzz) part fuzz scripts/fuzz.sh "${FUZZ_SECONDS:-1200}" ;;
    measure) part measure scripts/measure.sh all ;;
    page) ;; # only writes the figures of earlier parts
    *)
      echo "long-run: there is no part $name" >&2
      exit 2
      ;;
  esac
done

# The tables go between the two marks of the page; what was not run keeps its last figures.
page=docs/RELIABILITY.md
new=$(mktemp)
trap 'rm -f "$new"' EXIT
for name in tests fuzz measure; do
  begin="<!-- figures: $name -->"
  end="<!-- end of figures: $name -->"
  if [ -s "$figures/$name.rows" ] && [ -s "$figures/$name.on" ]; then
    awk -v begin="$begin" -v end="$end" -v on="$figures/$name.on" -v rows="$figures/$name.rows" '
      $0 == begin {
        print; print ""; while ((getline line < on) > 0) print line ":"; print ""
        print "| what | outcome |"; print "|---|---|"
        while ((("LC_ALL=C sort " rows) | getline line) > 0) print line
        print ""; skipping = 1; next
      }
      $0 == end { skipping = 0 }
      !skipping' "$page" >"$new"
    cat "$new" >"$page"
  fi
done
echo "long-run: seed $seed; the figures are in $page"
exit "$failed"
