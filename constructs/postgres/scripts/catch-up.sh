# shellcheck shell=bash disable=SC2153 # what it uses is set by facts.sh and behind.sh
# Data that is behind its archive, as that of a snapshot, brings itself up to its end, or to an order's target: a restore
# whose files are there already. Needs behind.sh, and begin, lease_for and complete of prepare.sh.

# restore_command <repositories to ask when not all can be read>: what a server that recovers fetches WAL by.
restore_command() {
  local command="$SCRIPTS_DIR/wal-get.sh %f \"%p\""
  if [[ -n $(unreadable_repositories) ]]; then
    command+=" $1"
  elif [[ -n $(strange_repositories) ]]; then
    # One that was just added: no WAL can be in it, and pgBackRest would take that for an error.
    command+=" $(stanza_repositories | paste -sd ,)"
  fi
  echo "$command"
}
recovered_command() { echo "touch \"$SOCKET_DIR/recovered\""; }
recovery_time() { date -u -d "$ORDER_TO" '+%F %T.%6N+00'; }

catch_up() {
  local timeline=$CATCH_UP_TIMELINE newest
  # Before the lease: whatever a kill leaves, and whether or not the vault can be read then, this data is not started as it is.
  begin catch-up
  lease_for caught-up
  if [[ -n $ORDER_ID && -n $TIMELINE ]]; then timeline=$TIMELINE; fi
  newest=$(newest_segments "${timeline:-$VOLUME_TIMELINE}") ||
    die "$DATABASE_NAME: where its archive ends could not be told (${newest##*$'\n'}), and a recovery could end too early unnoticed" \
      "see that the vault answers, and that the key may list it; the next start goes on"
  log "$DATABASE_NAME is behind its archive$(told_words): it catches up to $ORDER_TO${timeline:+ on timeline $timeline}"
  rm -rf "$SPOOL_DIR/archive" "$PGDATA/postmaster.pid" "$PGDATA/standby.signal" "$NEIGHBOUR"
  write_durably "$ARCHIVE_END_FILE" "$newest"
  write_recovery_settings "$timeline"
  : >"$PGDATA/recovery.signal"
  sync "$PGDATA"
  complete caught-up '' ''
  log "$DATABASE_NAME is ready to catch up: its server replays what was committed since; make a full backup when it has"
}

told_words() { if [[ -n $(told_snapshot) ]]; then echo " (its volume was made from snapshot $(told_snapshot))"; fi; }

# write_recovery_settings <timeline, or empty>: in place of those that an earlier restore left behind. PostgreSQL replays
# what lies in pg_wal first, and is consistent at its end; then the archive.
write_recovery_settings() {
  local file=$PGDATA/postgresql.auto.conf kept
  kept=$(grep -vE '^[[:space:]]*(restore_command|archive_cleanup_command|recovery_[a-z_]+)[[:space:]]*=' "$file" 2>/dev/null) || true
  write_durably "$file" "$(
    printf '%s\n# Written by prepare.sh, to catch up with the archive.\n' "$kept"
    setting restore_command "$(restore_command "$(stanza_repositories | paste -sd ,)")"
    setting recovery_end_command "$(recovered_command)"
    if [[ -n $1 ]]; then setting recovery_target_timeline "$1"; fi
    if [[ -n $ORDER_EPOCH ]]; then
      setting recovery_target_time "$(recovery_time)"
      setting recovery_target_action promote
    fi
  )"
}
setting() { printf "%s = '%s'\n" "$1" "${2//\'/\'\'}"; }
