# shellcheck shell=bash
# Room on the database's volume. While the vault is away, WAL waits there until the volume is full; then PostgreSQL
# panics, and cannot start again, since its recovery needs room as well. A reserve is kept for that start: it is given
# up for the recovery, and made again before clients can write. What fills the volume is never deleted here: it is
# pushed, marked as archived as PostgreSQL's archiver does it, and removed by PostgreSQL's own checkpoint. Sourced by
# start.sh, archive.sh and prepare.sh; needs lib.sh, cause.sh, configuration.sh and s3.sh.

RESERVE_FILE=$STATE_DIR/reserve

# A recovery writes up to three segments: the end of the present one, the checkpoint, the last one filled up.
segment_bytes() {
  find "$PGDATA/pg_wal" -maxdepth 1 -name '????????????????????????' -printf '%s\n' -quit 2>/dev/null | grep . || echo 16777216
}
reserve_bytes() { echo $((4 * $(segment_bytes))); }
reserved_bytes() { stat -c %s "$RESERVE_FILE" 2>/dev/null || echo 0; }
has_room() { (($(free_bytes) + $(reserved_bytes) >= 6 * $(segment_bytes))); }

# marked <ready | done>: what waits to be archived, or was archived, in the order in which the archiver takes it.
marked() {
  find "$PGDATA/pg_wal/archive_status" -name "*.$1" -printf '%f\n' 2>/dev/null | sed "s/\.$1\$//" |
    sed -E 's/^.*\.history$/0 &/; t; s/^/1 /' | sort | cut -d ' ' -f 2
}
archived_segments() { marked "done" | grep -cE '^[0-9A-F]{24}$' || true; }

# Real blocks, and no more than leaves two segments free.
keep_reserve() {
  local bytes
  if [[ -e $RESERVE_FILE ]]; then return; fi
  bytes=$(reserve_bytes)
  if (($(free_bytes) < bytes + bytes / 2)); then return; fi
  rm -f "$RESERVE_FILE.new"
  # Not every file system can promise blocks; and some would write no zeros.
  if { fallocate --length "$bytes" "$RESERVE_FILE.new" || head -c "$bytes" /dev/urandom >"$RESERVE_FILE.new"; } 2>/dev/null; then
    mv "$RESERVE_FILE.new" "$RESERVE_FILE"
  else
    rm -f "$RESERVE_FILE.new"
  fi
}

# make_room <archive_command> <postgres and its options…>: before a start. Dies when the server could not start, or would
# be as full as before in a moment.
make_room() {
  local command=$1 waiting
  shift
  if has_room; then
    keep_reserve
    return
  fi
  # A restore's own replay takes what is left; nothing of it waits for the vault.
  if [[ -e $PGDATA/recovery.signal || -e $PGDATA/standby.signal ]]; then
    rm -f "$RESERVE_FILE"
    return
  fi
  warn "the volume of $DATABASE_NAME is full: $(megabytes "$(free_bytes)") are free, $(waiting_words)"
  CAUSE='' CAUSE_FIX=''
  push_waiting "$command" || true
  # Fewer would not pay for the recovery's own.
  if (($(archived_segments) >= 4)); then recover_alone "$@"; fi
  keep_reserve
  if has_room; then return; fi
  waiting=$(waiting_words)
  if [[ -n $CAUSE ]]; then
    die "$DATABASE_NAME cannot start: its volume is full ($(megabytes "$(free_bytes)") are free), $waiting: $CAUSE" \
      "$CAUSE_FIX; or raise its storage and deploy. It then starts by itself; delete nothing in pg_wal, which is in no archive yet"
  fi
  warn "the volume of $DATABASE_NAME has $(megabytes "$(free_bytes)") left, and that is not because of WAL; it starts without a reserve — FIX: raise its storage and deploy"
  rm -f "$RESERVE_FILE"
}

waiting_words() {
  local count
  count=$(marked ready | wc -l)
  echo "$count files of WAL (up to $(megabytes $((count * $(segment_bytes))))) wait for the vault"
}

# push_waiting <archive_command>: the oldest, by the same command, until a recovery can free enough to go on with; the
# archiver does the rest. 1 = the vault did not take one, with CAUSE* telling why.
push_waiting() {
  local name said run
  # pgBackRest would take minutes to say what is wrong.
  if ask_stores; then return 1; fi
  while read -r name; do
    if (($(archived_segments) >= ${PUSH_SEGMENTS:-32})); then return; fi
    run=${1//%p/pg_wal/$name}
    # One by one: pgBackRest's background process needs room for its spool.
    said=$(cd "$PGDATA" && PGBACKREST_ARCHIVE_ASYNC=n PGBACKREST_IO_TIMEOUT=10 bash -c "${run//%f/$name}" 2>&1 </dev/null) || {
      printf '%s\n' "$said" >&2
      explain "$said"
      # The archiver's own word, as it is.
      if [[ $said == *' is superseded'* ]]; then because superseded "$(sed -nE 's/^.*ERROR (.*) — FIX: .*$/\1/p' <<<"$said")" 'use the newer one'; fi
      return 1
    }
    mv "$PGDATA/pg_wal/archive_status/$name".{ready,done}
    log "pushed $name"
  done < <(marked ready)
  sync "$PGDATA/pg_wal/archive_status"
}

# recover_alone <postgres and its options…>: the recovery that the start would do, without clients who would take the
# room at once. Its checkpoint removes what was archived.
recover_alone() {
  local said status=0
  rm -f "$RESERVE_FILE"
  said=$(mktemp)
  # In the background, for a signal waits for what runs in the foreground.
  "$1" --single "${@:2}" -c wal_recycle=off template1 >"$said" 2>&1 </dev/null &
  wait $! || status=$?
  cat "$said" >&2
  if ((status == 0)); then
    log "recovered: $(megabytes "$(free_bytes)") are free"
  elif grep -q 'No space left on device' "$said"; then
    rm -f "$said"
    die "$DATABASE_NAME cannot start: its volume is full ($(megabytes "$(free_bytes)") are free), and its recovery needs more" \
      "raise its storage and deploy; delete nothing in pg_wal"
  fi
  rm -f "$said"
}

# Once a minute, beside the archiver.
tell_of_waiting_wal() {
  local stamp=${TMPDIR:-/tmp}/room-told told=0 free limit
  if (($(marked ready | wc -l) < 4)); then return; fi
  free=$(free_bytes) limit=$(($(df --output=size --block-size=1 "$PGDATA" | tail -n 1) / 10))
  if ((free > limit && free > 8 * $(segment_bytes))); then return; fi
  if [[ -e $stamp ]]; then told=$(<"$stamp"); fi
  if ((EPOCHSECONDS >= told && EPOCHSECONDS - told < 60)); then return; fi
  printf '%s\n' "$EPOCHSECONDS" >"$stamp"
  warn "the volume of $DATABASE_NAME has $(megabytes "$free") left, and $(waiting_words): when it is full, the database stops until they are archived — FIX: bring back the vault, or raise its storage and deploy"
}
