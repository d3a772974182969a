#!/usr/bin/env bash
# Right before a snapshot of the database's volume is taken: a checkpoint, so that the recovery from it has next to nothing
# to replay of what was before. Its role may make one, and nothing else.
# shellcheck source-path=SCRIPTDIR disable=SC2153 # not PGHOST
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"

: "${PG_PORT:=5432}"
: "${CHECKPOINT_ROLE:=snapshots}"
: "${WAIT_SECONDS:=120}"

SAID=$(mktemp)
cleanup() { rm -f "$SAID"; }
sql() { "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -c "$1" 2>"$SAID"; }
writable() { [[ $(sql 'select not pg_is_in_recovery()') == t ]]; }

export PGHOST=$PG_HOST PGPORT=$PG_PORT PGUSER=$CHECKPOINT_ROLE PGDATABASE=postgres PGCONNECT_TIMEOUT=10 PGAPPNAME=${0##*/}
filled "$ROLES_DIR/$CHECKPOINT_ROLE" ||
  die "$DATABASE_NAME: no password in $ROLES_DIR/$CHECKPOINT_ROLE" "mount the password of role $CHECKPOINT_ROLE there"
PGPASSWORD=$(<"$ROLES_DIR/$CHECKPOINT_ROLE")
export PGPASSWORD
wait_until "$WAIT_SECONDS" "the server $PG_HOST:$PG_PORT" writable ||
  die "$DATABASE_NAME: its server $PG_HOST:$PG_PORT accepts no writes after $WAIT_SECONDS s, and no snapshot is taken of it: $(grep -m 1 error: "$SAID" || echo 'it recovers')" \
    "look at the database's pod and at the network policy; if the password is refused, at the log of its roles container"
started=$(now)
sql checkpoint || die "$DATABASE_NAME: no checkpoint before the snapshot: $(tail -n 1 "$SAID")" "see that the role $CHECKPOINT_ROLE is a member of pg_checkpoint: the roles container makes it one"
log "checkpoint of $DATABASE_NAME in $(seconds_since "$started") s"
