#!/usr/bin/env bash
# Readiness of a server with replicas: a primary that accepts writes; a standby that can be read and streams, or has
# replayed all that it received.
set -euo pipefail
exec psql --no-psqlrc --quiet --host "${SOCKET_DIR:-/var/run/postgresql}" --port "${PG_PORT:-5432}" --username "${SUPERUSER:-postgres}" \
  --dbname postgres --command "select 1 / (not pg_is_in_recovery() or exists (select from pg_stat_wal_receiver where status = 'streaming')
    or coalesce(pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn(), false))::int"
