#!/bin/sh
# Stops the PostgreSQL server of the tests, and removes its folder, when nobody has used it for a while. The argument is
# the folder with the locks. Tests hold use.lock together while they live; this holds it alone only to stop the server,
# so that a test which comes meanwhile waits, and then starts another one.
cd "$1" || exit 1
exec 8>>watchdog.lock 9>>use.lock
flock -n -x 8 || exit 0
while :; do
  flock -x 9
  flock -u 9
  sleep 10
  flock -n -x 9 || continue
  if [ -z "$(find use.lock -newermt '-10 seconds')" ]; then
    break
  fi
  flock -u 9
done
id=$(head -n 1 server/data/postmaster.pid)
if [ -n "$id" ]; then
  kill -QUIT "$id"
  while kill -0 "$id"; do
    sleep 0.1
  done
fi
rm -rf server
