#!/usr/bin/env bash
# Readiness of the server: a primary that accepts writes; a standby that can be read and streams, or has replayed all that
# it received. While the server recovers it waits for READY_SECONDS: a probe that only looks would tell clients a period
# too late, and cost a process and a line of the server's log each time.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=await.sh
source "$here/await.sh"

PGDATA=${PGDATA:-/var/lib/postgresql/pgdata}

# The eighth line of the server's lock file, padded: starting, standby (replays, and cannot be read), ready (accepts
# connections) or stopping (PostgreSQL, src/include/utils/pidfile.h).
STATE=absent
accepts_connections() {
  local lines=()
  mapfile -t lines 2>/dev/null <"$PGDATA/postmaster.pid" || true
  STATE=${lines[7]:-absent}
  STATE=${STATE%% *}
  [[ $STATE == ready ]]
}

if ! await "${READY_SECONDS:-2}" accepts_connections; then
  echo "the server is ${STATE/#standby/replaying}" >&2
  exit 1
fi
exec psql --no-psqlrc --quiet --host "${SOCKET_DIR:-/var/run/postgresql}" --port "${PG_PORT:-5432}" --username "${SUPERUSER:-postgres}" \
  --dbname postgres --command "select 1 / (not pg_is_in_recovery() or exists (select from pg_stat_wal_receiver where status = 'streaming')
    or coalesce(pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn(), false))::int"
