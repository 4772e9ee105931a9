#!/usr/bin/env bash
# Loads a server with wrk: lists, searches, one part and a movement of stock, and prints a table for docs/server.md.
#   scripts/load.sh [PARTS] [ALLOCATIONS-PER-PART] [SECONDS]      by default 2000, 3 and 5
# Needs wrk, sqlite3, curl and jq. MAKERMATRIX names the binary (target/release/makermatrix), CLIENTS the connections (8).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

parts=${1:-2000} allocations=${2:-3} seconds=${3:-5}
binary=${MAKERMATRIX:-target/release/makermatrix}
work=$(mktemp -d)
export MAKERMATRIX_DATA=$work/data
server=
trap 'if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi; rm -rf "$work"' EXIT
part=00000007-0000-4000-8000-000000000000

# Writes the rows at once, since the use cases would take hours for a million parts.
fill() {
  "$binary" --quiet init >"$work/init"
  sqlite3 "$MAKERMATRIX_DATA/makers_matrix.db" >"$work/fill" <<SQL
PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO locationmodel (id, name, location_type, is_mobile, is_auto_generated_slot, is_smart_location, auto_created, hidden_by_default,
  is_connected)
SELECT printf('loc-%05d', i), 'Drawer ' || i, 'standard', 0, 0, 0, 0, 0, 0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $parts)
INSERT INTO partmodel (id, part_name, part_number, description, manufacturer, supplier, additional_properties, created_at, updated_at)
SELECT printf('%08x-0000-4000-8000-000000000000', i),
  CASE i % 7 WHEN 0 THEN 'Resistor' WHEN 1 THEN 'Capacitor' WHEN 2 THEN 'Screw' WHEN 3 THEN 'Transistor' WHEN 4 THEN 'Connector'
    WHEN 5 THEN 'Diode' ELSE 'Inductor' END || ' ' || (i * 37 % 1000) || CASE i % 3 WHEN 0 THEN ' kΩ' WHEN 1 THEN ' nF' ELSE ' mm' END ||
    ' #' || i,
  printf('PN-%07d', i), 'smd ' || CASE i % 5 WHEN 0 THEN '0603' WHEN 1 THEN '0805' ELSE 'tht' END || ' reel of part ' || i,
  'Yageo', 'lcsc', '{}', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000' FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $parts),
  k(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM k WHERE j < $allocations - 1)
INSERT INTO part_location_allocations (id, part_id, location_id, quantity_at_location, is_primary_storage, allocated_at, last_updated,
  auto_synced)
SELECT 'a' || i || '-' || j, printf('%08x-0000-4000-8000-000000000000', i), printf('loc-%05d', 1 + (i * 7 + j * 31) % 200), 1000000, j = 0,
  '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', 0 FROM n, k;
INSERT INTO mm_stock_movement (id, number, part_id, kind, quantity, to_location_id, to_before, to_after, moved_at)
SELECT 'opening-' || id, row_number() OVER (ORDER BY rowid), part_id, 'opening', quantity_at_location, location_id, 0,
  quantity_at_location, '2026-01-01 00:00:00.000000' FROM part_location_allocations;
COMMIT;
PRAGMA wal_checkpoint(TRUNCATE); ANALYZE;
SQL
  echo 'Load-test9' >"$work/password"
  "$binary" --quiet user add load --email load@example.org --role admin --password-file "$work/password" >"$work/user"
}

since() { awk -v from="$1" -v to="$(date +%s%N)" 'BEGIN { printf "%.2f s", (to - from) / 1e9 }'; }

# row NAME PATH [option of wrk...]
row() {
  local name=$1 path=$2
  shift 2
  wrk -t1 -c"${CLIENTS:-8}" -d"${seconds}s" --latency -H "X-API-Key: $key" "$@" "$api$path" >"$work/wrk"
  if grep 'Non-2xx' "$work/wrk"; then exit 1; fi
  awk -v name="$name" '/^ *50%/ { p50 = $2 } /^ *99%/ { p99 = $2 } /^Requests\/sec/ { rate = $2 }
    END { printf "| %s | %.0f | %s | %s |\n", name, rate, p50, p99 }' "$work/wrk"
}

fill
began=$(date +%s%N)
"$binary" --json serve --listen 127.0.0.1:0 >"$work/serving" 2>"$work/log" &
server=$!
until [ -s "$work/serving" ]; do
  kill -0 "$server"
  sleep 0.01
done
start=$(since "$began")
api=$(jq -er .url "$work/serving")/api/v1
key=$("$binary" --json api-key new --user load --name load --permission all | jq -er .key)
until curl -fsS -H "X-API-Key: $key" "$api/parts?q=resistor&page_size=1" | jq -e '.search.is_catching_up == false' >"$work/caught-up"; do
  sleep 0.2
done
index=$(since "$began")

echo "$parts parts, $((parts * allocations)) allocations, ${CLIENTS:-8} connections; $(date -u +%F), $(nproc) cores, load average" \
  "$(cut -d' ' -f1 /proc/loadavg), Linux $(uname -r | cut -d- -f1), commit $(git rev-parse --short HEAD)"
echo
echo '| what | requests per second | p50 | p99 |'
echo '|---|---|---|---|'
row 'list' '/parts'
row 'list, page 10 by stock' '/parts?sort=-quantity&page=10'
row 'search `resistor 0603`' '/parts?q=resistor+0603'
row 'one part' "/parts/$part"
location=$(curl -fsS -H "X-API-Key: $key" "$api/parts/$part/stock" | jq -er '.items[0].location_id')
cat >"$work/take.lua" <<LUA
wrk.method = "POST"
wrk.body = '{"location_id": "$location", "quantity": 1}'
wrk.headers["Content-Type"] = "application/json"
LUA
row 'take stock' "/parts/$part/stock/take" -s "$work/take.lua"
echo
echo "Start in $start, search index current after $index, peak memory $(awk '/VmHWM/ { printf "%.0f MiB", $2 / 1024 }' "/proc/$server/status")."
kill "$server" && wait "$server"
server=
"$binary" --quiet check >"$work/check" || { cat "$work/check"; exit 1; }
