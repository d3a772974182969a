# shellcheck shell=bash disable=SC2034,SC2016,SC2153 # the results are for the script that sources this; programs are jq's
# A major upgrade by pg_upgrade, from UPGRADE_FROM to PG_MAJOR, both of which are in the image. The data is copied, and the
# old one kept beside under its own name, so that a kill or a failure at any point leaves one whole database:
#   1. the old server is brought to rest: recovered, its WAL archived, shut down
#   2. pg_upgrade copies it into $UPGRADING; until then nothing of the old data has changed
#   3. the new life's lease is taken, and the progress file says that the upgrade is done
#   4. the two directories change places, our completion marker names the new system id, and where it comes from
#   5. the stanza is told of the new database: the only stanza-upgrade there is
# Needs facts.sh, lease.sh, lineage.sh, repositories.sh, room.sh, and begin, lease_for and complete of prepare.sh.

UPGRADING=$PGDATA.upgrading

# kept_by_upgrade <major>: where its data stays.
kept_by_upgrade() { printf '%s.before-upgrade-from-%s' "$PGDATA" "$1"; }

upgrade() {
  local started program kept
  started=$(now) kept=$(kept_by_upgrade "$UPGRADE_FROM")
  for program in "$OLD_PG_BIN/postgres" "$PG_BIN/pg_upgrade"; do
    [[ -x $program ]] || die "$DATABASE_NAME: an upgrade from PostgreSQL $UPGRADE_FROM to $PG_MAJOR is declared, but $program is not in this image" \
      "use an image with both, as images/postgres built with OLDER_MAJOR=$UPGRADE_FROM"
  done
  [[ ! -e $kept ]] || die "$DATABASE_NAME: the upgrade would keep the present data as $kept, which exists" "move it away"
  log "upgrading $DATABASE_NAME from PostgreSQL $UPGRADE_FROM to $PG_MAJOR; the present data stays as it is until that is done"
  begin upgrade
  rm -rf "$UPGRADING"
  SYSTEM_ID=$(control 'Database system identifier')
  bring_to_rest
  tell_of_own_settings
  copy_upgraded
  lease_for upgraded
  begin upgrade "$(jq -n --arg to "$PG_MAJOR" --arg major "$UPGRADE_FROM" --arg systemId "$SYSTEM_ID" '{ upgraded: { $to, from: { $systemId, $major } } }')"
  finish_upgrade
  log "upgraded $DATABASE_NAME to PostgreSQL $PG_MAJOR in $(seconds_since "$started") s; the data of $UPGRADE_FROM is kept as $kept"
}

# Recovered, if it was restored or has crashed, and everything that was ever committed is in the archive: what the old
# backups lead to is then the state that is upgraded.
bring_to_rest() {
  local archiving=on
  # What was just restored is all in the archive; its own promotion is of no use there.
  if [[ -e $PGDATA/recovery.signal || ${ARCHIVE_MODE:-on} == off ]]; then archiving=off; fi
  if [[ $(control 'Database cluster state') != 'shut down' || -e $PGDATA/recovery.signal ]]; then
    log "starting PostgreSQL $UPGRADE_FROM, to bring its data to rest"
    # What it archives is pushed below, when all of it is known.
    old_server start -o "-c listen_addresses= -c unix_socket_directories=$SOCKET_DIR -c hot_standby=off -c archive_mode=$archiving -c archive_command=" ||
      die "$DATABASE_NAME: PostgreSQL $UPGRADE_FROM did not start on the data that is to be upgraded: $(fatal_of "$OUTPUT")" "read the lines above; PostgreSQL $UPGRADE_FROM can be deployed again"
    # Of a server that still recovers pg_ctl says that it has started.
    PROGRESS_SECONDS=10 wait_until 0 "PostgreSQL $UPGRADE_FROM to have recovered" ready_or_ended
    old_server stop -m fast || die "$DATABASE_NAME: PostgreSQL $UPGRADE_FROM did not come to rest: $(fatal_of "$OUTPUT")" "read the lines above; the next start tries again"
  fi
  if [[ $archiving == off ]]; then return; fi
  # As its archiver would have, by the same command. What was pushed before is taken for what it is.
  PUSH_SEGMENTS=1000000 push_waiting "${ARCHIVE_COMMAND:-$SCRIPTS_DIR/archive.sh pgbackrest --stanza=$STANZA archive-push %p}" ||
    die "$DATABASE_NAME: WAL of PostgreSQL $UPGRADE_FROM could not be archived, and nothing is upgraded before it is: $CAUSE" "$CAUSE_FIX; the next start tries again"
}

old_server() {
  "$OLD_PG_BIN/pg_ctl" --pgdata="$PGDATA" --wait --timeout="${UPGRADE_SECONDS:-86400}" --log="$OUTPUT" "$@" >&2 || { cat "$OUTPUT" >&2 && return 1; }
  cat "$OUTPUT" >&2
}
ready_or_ended() { [[ ! -e $PGDATA/postmaster.pid || $(sed -n 8p "$PGDATA/postmaster.pid" 2>/dev/null) == ready* ]]; }
fatal_of() { (grep -hE 'FATAL|PANIC' "$1" || tail -n 1 "$1") | tail -n 1 | sed -E 's/^.*(FATAL|PANIC): +//'; }

# ALTER SYSTEM wrote them; the new server may not know them any more.
tell_of_own_settings() {
  local settings
  settings=$(sed -nE 's/^[[:space:]]*([a-z_.]+)[[:space:]]*=.*$/\1/p' "$PGDATA/postgresql.auto.conf" 2>/dev/null | grep -vE '^(restore_command|recovery_target.*|archive_mode)$' | sort -u | paste -sd ' ') || true
  if [[ -n $settings ]]; then warn "settings made by ALTER SYSTEM are not carried over: $settings"; fi
}

copy_upgraded() {
  local scratch options=() status=0
  if [[ $(control 'Data page checksum version') != 0 ]]; then options+=(--data-checksums); fi
  initdb --pgdata="$UPGRADING" --username="${SUPERUSER:-postgres}" --auth-local=peer --auth-host=scram-sha-256 \
    --encoding="${DATABASE_ENCODING:-UTF8}" --locale="${DATABASE_LOCALE:-C.UTF-8}" \
    --wal-segsize="$(($(control 'Bytes per WAL segment') / 1048576))" "${options[@]}" >&2
  # It leaves a script where it is called, and must not be called inside of the data.
  scratch=$(mktemp -d)
  (cd "$scratch" && pg_upgrade --old-bindir="$OLD_PG_BIN" --new-bindir="$PG_BIN" --old-datadir="$PGDATA" --new-datadir="$UPGRADING" \
    --username="${SUPERUSER:-postgres}" --socketdir="$SOCKET_DIR" --jobs="$(nproc)") >"$OUTPUT" 2>&1 || status=$?
  cat "$OUTPUT" >&2
  rm -rf "$scratch"
  if ((status != 0)); then
    die "$DATABASE_NAME: pg_upgrade from PostgreSQL $UPGRADE_FROM to $PG_MAJOR failed: $(grep -iE 'fatal|failure|failed|problem|^Your installation|error' "$OUTPUT" | head -n 2 | paste -sd ' ')" \
      "read the lines above and the files in $UPGRADING/pg_upgrade_output.d; the data is as it was: PostgreSQL $UPGRADE_FROM can be deployed again"
  fi
  sync --file-system "$UPGRADING"
}

# From here on only names change. Each step may have been done before a kill.
finish_upgrade() {
  local from kept
  from=$(jq -c '.upgraded.from' "$PROGRESS_FILE")
  kept=$(kept_by_upgrade "$(jq -r .major <<<"$from")")
  if [[ -e $UPGRADING ]]; then
    if [[ -s $PGDATA/PG_VERSION ]]; then mv -T "$PGDATA" "$kept"; else rmdir "$PGDATA"; fi
    mv -T "$UPGRADING" "$PGDATA"
    sync "$(dirname "$PGDATA")"
  fi
  SYSTEM_ID=$(control 'Database system identifier') UPGRADED_FROM=$(jq -r .systemId <<<"$from")
  own_lease
  record_timeline 1 "$SYSTEM_ID" || warn "the upgrade could not be recorded everywhere; the archiver does it later"
  : >"$STATE_DIR/statistics-due"
  complete upgraded '' '' "$(jq -nc --argjson from "$from" --arg keptAs "$(basename "$kept")" '{ $from, $keptAs }')"
  introduce_to_stanza
}

# stanza-upgrade takes whatever data it is shown: it is shown data that a finished upgrade made of this stanza's, and
# nothing else ever. A repository that could not be reached is told at the next start; until then it takes no WAL.
introduce_to_stanza() {
  local untold
  if [[ $(jq -r '.how' "$MARKER_FILE") != upgraded || -z $UPGRADED_FROM || ${ARCHIVE_MODE:-on} == off ]]; then return; fi
  untold=$(info --arg new "$SYSTEM_ID" --arg old "$UPGRADED_FROM" '. as $stanza | [.repo[]?.key as $repo
    | [$stanza.db[] | select(.["repo-key"] == $repo) | .["system-id"]] | select(index($old) and (index($new) | not)) | $repo] | join(" ")')
  if [[ -z $untold ]]; then return; fi
  if pgbackrest --stanza="$STANZA" --pg1-path="$PGDATA" --no-online --log-level-console=info stanza-upgrade >"$OUTPUT" 2>&1; then
    log "the stanza knows the upgraded database now: its first full backup is what leads back to it"
  else
    cat "$OUTPUT" >&2
    explain "$(grep -v INFO "$OUTPUT")"
    warn "the stanza could not be told of the upgrade ($CAUSE): WAL waits until the next start does it — FIX: $CAUSE_FIX; then restart the pod"
  fi
}
