#!/usr/bin/env bash
# The roles sidecar: once the server accepts writes, gives the superuser and the application role the passwords of
# their Secret files, creates what is missing, and does so again whenever a file changes. It speaks over the socket
# as postgres (peer), so it needs no password itself. With replicas it makes the role that they stream by, too, and hands
# that one's password to the server; the role of an exporter has none. A standby gets the roles themselves from its primary.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=replication.sh
source "$here/replication.sh"

: "${SUPERUSER:=postgres}"
: "${PG_PORT:=5432}"
: "${ROLES_SET:=/tmp/roles-set}"
APP_ROLE=${APP_ROLE:-} APP_DATABASE=${APP_DATABASE:-${APP_ROLE:-}} EXPORTER_ROLE=${EXPORTER_ROLE:-}
CHECKPOINT_ROLE=${CHECKPOINT_ROLE:-}

ROLES=("$SUPERUSER")
if [[ -n $APP_ROLE ]]; then ROLES+=("$APP_ROLE"); fi
if replicated; then ROLES+=("$REPLICATOR"); fi
if [[ -n $CHECKPOINT_ROLE ]]; then ROLES+=("$CHECKPOINT_ROLE"); fi
FILES=("${ROLES[@]/#/$ROLES_DIR/}")

sql() {
  PGCONNECT_TIMEOUT=5 PGOPTIONS='' "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$SOCKET_DIR" -p "$PG_PORT" -U "$SUPERUSER" \
    -d postgres "$@"
}
# Asking costs a process and, while it recovers, a line in the server's log: once a second, but at once and often when the
# server says that its recovery has ended (the restore's recovery_end_command). In between, only this shell wakes up.
exec {NEVER}<> <(:)
wait_until_usable() {
  local tick=0 said=$SECONDS
  until [[ -e $SOCKET_DIR/recovered || $((tick % 10)) == 0 ]] && usable; do
    read -rt 0.1 -u "$NEVER" || true
    tick=$((tick + 1))
    if ((SECONDS - said >= 60)); then
      log "waiting for $DATABASE_NAME to accept $(if replicated; then echo connections; else echo writes; fi)"
      said=$SECONDS
    fi
  done
}
# With replicas it may be a standby, which never accepts them.
usable() { if replicated; then sql -c 'select' >/dev/null 2>&1; else writable; fi; }
writable() { [[ $(sql -c 'select not pg_is_in_recovery()' 2>/dev/null) == t ]]; }
checksum() { cat "${FILES[@]}" 2>/dev/null | sha256sum; }

# One line per role for COPY: name and password in base64, so that no character needs quoting and the password is
# data, never part of a statement that a log, pg_stat_activity or pg_stat_statements could keep.
passwords() {
  local i password
  for i in "${!ROLES[@]}"; do
    password=$(<"${FILES[i]}")
    printf '%s\t%s\n' "$(printf %s "${ROLES[i]}" | base64 -w 0)" "$(printf %s "$password" | base64 -w 0)"
  done
}

set_roles() {
  {
    echo "\\set app_role ''"
    echo "\\set app_database ''"
    if replicated; then echo "\\set replicator $REPLICATOR"; else echo "\\set replicator ''"; fi
    printf '\\set exporter %s\n' "$(quoted "$EXPORTER_ROLE")"
    printf '\\set checkpointer %s\n' "$(quoted "$CHECKPOINT_ROLE")"
    if [[ -n $APP_ROLE ]]; then printf '\\set app_role %s\n\\set app_database %s\n' "$(quoted "$APP_ROLE")" "$(quoted "$APP_DATABASE")"; fi
    echo 'BEGIN;'
    echo 'CREATE TEMPORARY TABLE given (role text, password text) ON COMMIT DROP;'
    echo 'COPY given FROM STDIN;'
    passwords
    echo '\.'
    cat "$here/roles.sql"
  } | sql
}

# Read by the server at each connection to its primary. A colon and a backslash mean something there.
write_passfile() {
  local password
  password=$(<"$ROLES_DIR/$REPLICATOR")
  password=${password//\\/\\\\}
  write_durably "$PASSFILE" "*:*:*:$REPLICATOR:${password//:/\\:}"
}

# A psql \set value: single quotes doubled, backslashes too.
quoted() {
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\'\'}"
}

rm -f "$ROLES_SET"
while :; do
  PROGRESS_SECONDS=60 wait_until 0 "the password files ${FILES[*]}" filled "${FILES[@]}"
  if replicated; then write_passfile; fi
  wait_until_usable
  applied=$(checksum)
  if ! writable && replicated; then
    : >"$ROLES_SET"
    log "a standby has the roles of its primary"
    while [[ $(checksum) == "$applied" ]] && ! writable; do nap "${ROLES_POLL_SECONDS:-5}"; done
    continue
  elif set_roles; then
    : >"$ROLES_SET"
    log "passwords set for ${ROLES[*]}${APP_DATABASE:+; database $APP_DATABASE exists}"
  elif writable; then
    die "$DATABASE_NAME: the roles ${ROLES[*]} could not be set" "read the lines above; a name may clash with a role or database that exists"
  else
    continue
  fi
  if [[ ${ONCE:-} == true ]]; then exit 0; fi
  while [[ $(checksum) == "$applied" ]]; do nap "${ROLES_POLL_SECONDS:-5}"; done
  log 'a password file changed'
done
