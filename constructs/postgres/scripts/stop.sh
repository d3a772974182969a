#!/usr/bin/env bash
# preStop hook of the postgres container: SIGTERM alone means to PostgreSQL "wait until every client has gone", which
# ends in SIGKILL. A fast shutdown disconnects them, writes a checkpoint and archives the last WAL.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

"$PG_BIN/pg_ctl" stop --pgdata="$PGDATA" --mode=fast --wait --timeout="${STOP_SECONDS:-60}" >&2 ||
  log "$DATABASE_NAME did not stop within ${STOP_SECONDS:-60} s; it will be killed, and recovers from WAL at its next start"
