#!/usr/bin/env bash
# Runs schemathesis over the API of a server of its own, with all checks: documented and undocumented
# requests, and sequences of requests. The server must never fail, and its inventory must stay whole.
#   scripts/schemathesis.sh [option of `schemathesis run`...]      such as --seed 7 --max-examples 300
# MAKERMATRIX names the binary (target/debug/makermatrix). schemathesis.toml has the settings.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary=${MAKERMATRIX:-target/debug/makermatrix}
tools=target/schemathesis
if [ ! -x "$tools/bin/schemathesis" ]; then
  python3 -m venv "$tools"
  "$tools/bin/pip" install --quiet 'schemathesis==4.32.5'
fi

TMPDIR=$(mktemp -d)
export TMPDIR
server=
stop() {
  if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi
  rm -rf "$TMPDIR"
}
trap stop EXIT

log=$TMPDIR/log
"$binary" --json demo --serve --keep --listen 127.0.0.1:0 >"$TMPDIR/serving" 2>"$log" &
server=$!
until [ -s "$TMPDIR/serving" ]; do
  kill -0 "$server"
  sleep 0.1
done
field() { jq -er ".$1" "$TMPDIR/serving"; }
export MAKERMATRIX_URL
MAKERMATRIX_URL=$(field url)
api=$MAKERMATRIX_URL/api/v1
jq '{username, password}' "$TMPDIR/serving" | curl -fsS -c "$TMPDIR/cookies" "$api/session" --json @- >"$TMPDIR/session"
export MAKERMATRIX_KEY
MAKERMATRIX_KEY=$(curl -fsS -b "$TMPDIR/cookies" "$api/api-keys" --json '{"name": "schemathesis", "permissions": ["all"]}' | jq -er .key)

failed=0
"$tools/bin/schemathesis" run "$api/openapi.json" "$@" || failed=$?
kill "$server" && wait "$server" || failed=$?
server=
if grep -E 'ERROR|panicked' "$log"; then
  echo 'schemathesis: the log of the server has errors' >&2
  failed=1
fi
"$binary" --data-dir "$(field folder)" check || failed=$?
exit "$failed"
