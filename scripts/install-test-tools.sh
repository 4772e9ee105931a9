#!/usr/bin/env bash
# Installs the programs that tests call, where they are missing. Does nothing when all are there.
# With --browser, also those of the tests in a browser (e2e/run.sh): Node.js, npm and Chromium.
set -euo pipefail

with_browser=false
case "$*" in
  "") ;;
  --browser) with_browser=true ;;
  *)
    echo "usage: scripts/install-test-tools.sh [--browser]" >&2
    exit 2
    ;;
esac

required=(zip unzip sqlite3 age curl jq)
optional=(strace)

missing() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || printf '%s\n' "$tool"
  done
}

# The programs of a PostgreSQL server, wherever the system keeps them. Tests start a server of their own.
have_postgresql() {
  command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# Succeed as well where no browser is wanted.
have_chromium() {
  ! $with_browser || command -v chromium >/dev/null || command -v google-chrome >/dev/null
}

# The browser tests need Node.js 20 and its npm. Where Node.js is from elsewhere, npm comes with it.
node_version=20
have_node() {
  ! $with_browser || {
    command -v npm >/dev/null &&
      node --eval "process.exit(parseInt(process.versions.node) < $node_version ? 1 : 0)" 2>/dev/null
  }
}

mapfile -t wanted < <(missing "${required[@]}" "${optional[@]}")
if [ "${#wanted[@]}" -eq 0 ] && have_postgresql && have_chromium && have_node; then
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  as_root=(sudo -n)
fi

# Not fatal: what is needed and still missing is said at the end.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "install-test-tools: there is no apt-get here" >&2
    return 1
  fi
  if [ "${#as_root[@]}" -gt 0 ] && ! sudo -n true 2>/dev/null; then
    echo "install-test-tools: neither root nor sudo without a password" >&2
    return 1
  fi
  # On Debian and Ubuntu each of these packages has the name of its program.
  "${as_root[@]}" apt-get update -qq
  local package
  for package in "$@"; do
    install_package "$package"
  done
  if ! have_postgresql; then
    # Without a database of the system: nothing here uses it, so nothing has to run.
    install_package postgresql-common
    "${as_root[@]}" sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' \
      /etc/postgresql-common/createcluster.conf || true
    install_package postgresql
  fi
  have_chromium || install_package chromium
  if ! have_node; then
    install_package nodejs
    command -v npm >/dev/null || install_package npm
  fi
}

install_package() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$1" >/dev/null || true
}

if ! have_postgresql; then
  echo "install-test-tools: installing postgresql"
fi
if ! have_chromium; then
  echo "install-test-tools: installing chromium"
fi
if ! have_node; then
  echo "install-test-tools: installing nodejs and npm"
fi
if [ "${#wanted[@]}" -gt 0 ]; then
  echo "install-test-tools: installing ${wanted[*]}"
fi
install_packages "${wanted[@]}" || true

mapfile -t still_wanted < <(missing "${optional[@]}")
if [ "${#still_wanted[@]}" -gt 0 ]; then
  echo "install-test-tools: without ${still_wanted[*]}; the tests that use it are skipped"
fi
mapfile -t still_needed < <(missing "${required[@]}")
if ! have_postgresql; then
  still_needed+=(postgresql)
fi
have_chromium || still_needed+=(chromium)
if ! have_node; then
  still_needed+=("Node.js from version $node_version on, with npm")
fi
if [ "${#still_needed[@]}" -gt 0 ]; then
  echo "install-test-tools: still missing: ${still_needed[*]}. Install with the package manager of this system." >&2
  exit 1
fi
