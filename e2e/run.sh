#!/usr/bin/env bash
# Runs the browser tests against the program that is already built (target/debug/makermatrix, or
# MAKERMATRIX). Arguments go to Playwright: e2e/run.sh keyboard, e2e/run.sh --headed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export MAKERMATRIX=${MAKERMATRIX:-$PWD/../target/debug/makermatrix}
if [ ! -x "$MAKERMATRIX" ]; then
  echo "e2e: there is no $MAKERMATRIX; build it with: cargo build -p makermatrix --locked" >&2
  exit 1
fi
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v google-chrome || true)}
if [ -z "$CHROMIUM" ]; then
  echo "e2e: there is no Chromium; scripts/install-test-tools.sh --browser installs it" >&2
  exit 1
fi
export CHROMIUM
if ! command -v npm >/dev/null; then
  echo "e2e: there is no npm; scripts/install-test-tools.sh --browser installs it with Node.js" >&2
  exit 1
fi

# Only when something has changed: what is installed is written down in the folder itself.
if ! cmp -s package-lock.json node_modules/.installed; then
  PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.installed
fi
exec node_modules/.bin/playwright test "$@"
