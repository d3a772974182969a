#!/usr/bin/env bash
# demote.sh: asked of the primary, before another pod is promoted. Its server stops in good order, which sends everything
# that was committed to the replicas and to the archive; the container that starts next runs it as a standby, of which
# another may become the primary, or this one again. Nothing of it is decided here: until somebody takes the next lease,
# a new pod goes on as the primary.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# It is a guest in the server's container, whose last words are not its own.
export TERMINATION_LOG=/dev/null
for part in lib replication; do
  # shellcheck disable=SC1090
  source "$here/$part.sh"
done

sql() { PGCONNECT_TIMEOUT=5 "$PG_BIN/psql" -X -q -A -t -h "$SOCKET_DIR" -p "${PG_PORT:-5432}" -U "${SUPERUSER:-postgres}" -d postgres -c "$1"; }

if ! replicated; then die "$DATABASE_NAME has no replica that could take over" "declare replicas, and deploy"; fi
if [[ $(sql 'select pg_is_in_recovery()') != f ]]; then die "$POD_NAME is not the primary" "ask the pod that is"; fi
# So that the shutdown's own checkpoint is short.
sql checkpoint
: >"$PGDATA/standby.signal"
sync "$PGDATA"
log "$POD_NAME hands over"
exec "$PG_BIN/pg_ctl" stop --pgdata="$PGDATA" --mode=fast --no-wait >&2
