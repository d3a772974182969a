#!/usr/bin/env bash
# After a major upgrade, which carries no planner statistics over: makes them anew beside the running server, quickly
# rough ones first. Until then queries are slow, so it does not wait for autovacuum, which would not come at all.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# A guest in the server's container, whose last words are not its own.
TERMINATION_LOG=/dev/null

writable() {
  [[ $("$PG_BIN/psql" -X -q -A -t -h "$SOCKET_DIR" -p "${PG_PORT:-5432}" -U "${SUPERUSER:-postgres}" -d postgres -c 'select not pg_is_in_recovery()' 2>/dev/null) == t ]]
}

started=$(now)
wait_until 0 "$DATABASE_NAME to accept writes" writable
"$PG_BIN/vacuumdb" --host="$SOCKET_DIR" --port="${PG_PORT:-5432}" --username="${SUPERUSER:-postgres}" --all --analyze-in-stages >&2 ||
  die "$DATABASE_NAME: the planner's statistics could not be made after the upgrade" "run vacuumdb --all --analyze-in-stages in the postgres container; the next start tries again, too"
rm -f "$STATE_DIR/statistics-due"
log "made the planner's statistics of $DATABASE_NAME anew in $(seconds_since "$started") s"
