#!/usr/bin/env bash
# A clone: the database as it was at an instant, beside the live one and on a volume of its own. prepare.sh restores it,
# start.sh runs it; it is there when $READY_FILE is, and ends when its life time is over. A server with hot_standby off
# can be read only after its promotion, so it is promoted, with archiving off: nothing of it reaches the repository.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"

: "${CLONE_TO:=latest}"
# Empty: the one that the vault records as the live database's.
: "${CLONE_TIMELINE:=}"
: "${CLONE_SECONDS:=28800}"
: "${READY_FILE:=/tmp/ready}"
: "${SUPERUSER:=postgres}"
: "${PG_PORT:=5432}"

export ARCHIVE_MODE=off RESTORE_TO=$CLONE_TO RESTORE_TIMELINE=$CLONE_TIMELINE
# What a deploy says is about the live database.
export DEPLOY_DIR=/nonexistent

PREPARE='' SERVER='' TIMER='' SAID=$(mktemp)
cleanup() {
  local process
  rm -f "$READY_FILE" "$SAID"
  for process in $PREPARE $TIMER; do kill "$process" || true; done
  # SIGQUIT: nobody needs a shutdown checkpoint of data that goes with the pod.
  if [[ -n $SERVER ]] && kill -QUIT "$SERVER"; then wait "$SERVER" || true; fi
} 2>/dev/null

sql() {
  PGCONNECT_TIMEOUT=5 "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$SOCKET_DIR" -p "$PG_PORT" -U "$SUPERUSER" -d postgres -c "$1"
}
running() { kill -0 "$SERVER" 2>/dev/null; }
# The postmaster's own word; asking by a connection would fill the log with refusals while it replays.
readable_or_ended() { ! running || [[ $(sed -n 8p "$PGDATA/postmaster.pid" 2>/dev/null) == ready* ]]; }

# Why the recovery ended without a promotion, in an operator's words.
give_up() {
  local fatal reached
  SERVER=''
  fatal=$(sed -nE 's/^.*(FATAL|PANIC): +//p' "$SAID" | head -n 1)
  reached=$(sed -nE 's/^.*last completed transaction was at log time (.*)$/\1/p' "$SAID" | tail -n 1)
  case $fatal in
    *"recovery ended before configured recovery target"*)
      die "clone of $DATABASE_NAME: no transaction after $CLONE_TO is in the archive; the last one is of ${reached:-before the backup ended}" \
        "choose an instant up to that one, or latest; WAL of the running server is archived within its archive_timeout" ;;
    *"is not a child of this server"* | *"recovery target timeline"*)
      die "clone of $DATABASE_NAME: timeline ${CLONE_TIMELINE:-of the repository} does not lead to $CLONE_TO from the chosen backup ($fatal)" \
        "choose the timeline that the database was on at that time; pgbackrest info shows which there are" ;;
    *)
      die "clone of $DATABASE_NAME: its server ended: ${fatal:-$(tail -n 1 "$SAID")}" "read the lines above" ;;
  esac
}

started=$(now)
rm -f "$READY_FILE"
# In the background, as everything that takes long: a trap waits for what runs in the foreground.
"$here/prepare.sh" &
PREPARE=$!
status=0
wait "$PREPARE" || status=$?
PREPARE=''
# It has said why.
if ((status != 0)); then exit "$DIED"; fi

# Only by its socket. What would reach out of a copy stays off: subscriptions, jobs of pg_cron, standbys to wait for.
# It goes with its pod, so nothing has to survive a power cut.
"$here/start.sh" -c listen_addresses= -c max_logical_replication_workers=0 -c cron.launch_active_jobs=off \
  -c synchronous_standby_names= -c fsync=off "$@" 2> >(tee "$SAID" >&2) &
SERVER=$!
PROGRESS_SECONDS=10 wait_until 0 "$DATABASE_NAME to be replayed up to $CLONE_TO" readable_or_ended
if ! running; then give_up; fi
log "the clone of $DATABASE_NAME can be read after $(seconds_since "$started") s: its last transaction is of $(sql \
  "select coalesce(to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), 'before the backup ended')")"
: >"$READY_FILE"

sleep "$CLONE_SECONDS" &
TIMER=$!
wait -n "$SERVER" "$TIMER" || true
if ! running; then give_up; fi
log "the clone of $DATABASE_NAME ends: its life time of $CLONE_SECONDS s is over"
