#!/usr/bin/env bash
# Runs the server. The settings on which durability rests are given on the command line, where neither ALTER SYSTEM
# nor a restored postgresql.auto.conf can override them.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=cause.sh
source "$here/cause.sh"
# shellcheck source=configuration.sh
source "$here/configuration.sh"
# shellcheck source=s3.sh
source "$here/s3.sh"
# shellcheck source=room.sh
source "$here/room.sh"
# shellcheck source=replication.sh
source "$here/replication.sh"

for file in "$SERVER_CONFIG_DIR/postgresql.conf" "$SERVER_CONFIG_DIR/pg_hba.conf"; do
  if [[ ! -r $file ]]; then
    die "$DATABASE_NAME: $file is missing or unreadable" "mount the server's ConfigMap at $SERVER_CONFIG_DIR"
  fi
done
if [[ ! -s $PGDATA/PG_VERSION || ! -s $STATE_DIR/complete.json ]]; then
  die "$DATABASE_NAME: $PGDATA is not a prepared data directory" "let the init container prepare.sh finish first"
fi
if ! command -v pgbackrest >/dev/null; then
  die "$DATABASE_NAME: the pgbackrest program is not in this image, so WAL cannot be archived" "use the project's postgres image, or one derived from it"
fi

command=${ARCHIVE_COMMAND:-$SCRIPTS_DIR/archive.sh pgbackrest --stanza=$STANZA archive-push %p}
archive=(-c archive_mode=on -c "archive_command=$command")
if [[ ${ARCHIVE_MODE:-on} == off ]]; then archive=(-c archive_mode=off -c archive_command=/bin/false); fi
replication=()
if replicated; then
  replication=(-c "primary_conninfo=$(primary_conninfo)")
  if is_standby_data; then
    # Also one that handed over: what it holds is not known to be the newest from here on.
    mark_role standby
    # Of a promotion that was killed with this container: a standby lives through a vault that cannot be read.
    rm -f "$STATE_DIR/promoting"
    standby_settings
    replication+=("${STANDBY_SETTINGS[@]}")
  fi
fi
ident=()
if [[ -r $SERVER_CONFIG_DIR/pg_ident.conf ]]; then ident=(-c "ident_file=$SERVER_CONFIG_DIR/pg_ident.conf"); fi
server=("$PG_BIN/postgres" -D "$PGDATA" -c "config_file=$SERVER_CONFIG_DIR/postgresql.conf"
  -c "hba_file=$SERVER_CONFIG_DIR/pg_hba.conf" "${ident[@]}" -c "unix_socket_directories=$SOCKET_DIR" -c "archive_library=" "${archive[@]}" "${replication[@]}" "$@")
if [[ ${ARCHIVE_MODE:-on} != off ]]; then make_room "$command" "${server[@]}"; fi

# Not as process 1: pgBackRest's asynchronous push is a child of nobody, and a postmaster that inherits it takes its
# exit status for the crash of a server process and restarts every connection.
init=()
if (($$ == 1)); then
  command -v tini >/dev/null || die "$DATABASE_NAME: the tini program is not in this image" \
    "use the project's postgres image, or add tini to your own"
  init=(tini --)
fi
if [[ -e $STATE_DIR/statistics-due ]]; then "$here/statistics.sh" & fi
exec "${init[@]}" "${server[@]}"
