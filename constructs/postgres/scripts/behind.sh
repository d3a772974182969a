# shellcheck shell=bash disable=SC2016,SC2034,SC2153 # the programs in single quotes are jq's; results are for who sources this
# Whether the data on this volume is behind its own archive. That of a volume that outlived its cluster never is, for
# what lies in the archive came from it; that of a volume made from a snapshot is. Started as it is, it would go on along
# its old timeline without what was committed since, and what it writes would clash with the archive. Needs INFO,
# lineage.sh, replication.sh, recover.sh and facts.sh.

# The snapshot from which the deploy has made the claim of this volume, as it tells; and the one that this volume's life
# has taken note of.
SNAPSHOT_TOLD=$DEPLOY_DIR/snapshot
SNAPSHOT_FILE=$STATE_DIR/snapshot

told_snapshot() { (tr -d '[:space:]' <"$SNAPSHOT_TOLD") 2>/dev/null || true; }

# judge_archive: sets FACT_ARCHIVE, FACT_REACHES and FACT_SNAPSHOT, as decide.sh defines them; where it is behind
# CATCH_UP_TIMELINE.
judge_archive() {
  local unread='' fix=''
  FACT_ARCHIVE=level FACT_REACHES=yes FACT_SNAPSHOT=no CATCH_UP_TIMELINE=''
  if [[ $FACT_DATA != present || $FACT_CONTROL != readable || $FACT_ROLE != primary || ${ARCHIVE_MODE:-on} == off ]]; then return; fi
  # A restore under way is carried on, whatever there is.
  if [[ $FACT_MARKER != complete && ($FACT_MANIFEST == yes || $FACT_PROGRESS == restore) ]]; then return; fi
  if [[ -n $(told_snapshot) && $(told_snapshot) != "$(cat "$SNAPSHOT_FILE" 2>/dev/null)" ]]; then FACT_SNAPSHOT=yes; fi
  if [[ $INFO == null || -z $(readable_repositories) ]]; then
    FACT_ARCHIVE=unknown
    return
  fi
  read_position
  compare_with_archive
  if [[ $FACT_ARCHIVE == unknown ]]; then LINEAGE_UNREAD=$unread LINEAGE_FIX=$fix; fi
  if [[ $RECOVER == ordered ]] && ! reaches_order; then FACT_REACHES=no; fi
}

# Sets where the data is: VOLUME_TIMELINE; VOLUME_AT, an LSN that it has reached; VOLUME_CHECKPOINT, the segment of its
# last checkpoint, before which all is in its files. What was restored and never started is as its backup_label says:
# pgBackRest sees to it that pg_control alone leads nowhere.
read_position() {
  local minimum bytes segment label=$PGDATA/backup_label
  VOLUME_TIMELINE=$(control "Latest checkpoint's TimeLineID") VOLUME_AT=$(control 'Latest checkpoint location')
  minimum=$(control 'Minimum recovery ending location')
  if [[ -e $label ]]; then
    VOLUME_TIMELINE=$(sed -n 's/^START TIMELINE: //p' "$label") VOLUME_AT=$(sed -nE 's|^START WAL LOCATION: ([0-9A-F/]+) .*|\1|p' "$label")
  elif (($(control "Min recovery ending loc's timeline") > VOLUME_TIMELINE)); then
    # A server that was promoted moments ago has made no checkpoint on its new timeline yet.
    VOLUME_TIMELINE=$(control "Min recovery ending loc's timeline")
  fi
  bytes=$(control 'Bytes per WAL segment')
  segment=$((16#$(lsn "$VOLUME_AT") / bytes))
  VOLUME_CHECKPOINT=$(printf '%08X%08X' $((segment / (4294967296 / bytes))) $((segment % (4294967296 / bytes))))
  if [[ ! -e $label && $(lsn "$minimum") > $(lsn "$VOLUME_AT") ]]; then VOLUME_AT=$minimum; fi
}

# Its variables unread and fix are judge_archive's.
compare_with_archive() {
  # Of the recorded lineage, where an order's timeline is what recover.sh has read.
  local HISTORY LINEAGE_TIMELINE LINEAGE_LEASE LINEAGE_SYSTEM LINEAGE_UNREAD='' LINEAGE_FIX='' newest life
  newest=$(info --arg system "$SYSTEM_ID" '. as $stanza | [.archive[]? | . as $a
    | select(any($stanza.db[]; .id == $a.database.id and .["repo-key"] == $a.database["repo-key"] and .["system-id"] == $system)) | .max // ""] | max // ""')
  # What every start of a database that nothing happened to gets by with.
  if ! is_recovering && [[ $FACT_SNAPSHOT == no && $FACT_PROGRESS != catch-up ]]; then
    if [[ -z $newest ]] || ((16#${newest:0:8} < VOLUME_TIMELINE)); then return; fi
    if ((16#${newest:0:8} == VOLUME_TIMELINE)) && has_reached "$newest"; then return; fi
  fi
  read_lineage
  # None was ever recorded: its own word is all there is.
  if [[ -z $LINEAGE_TIMELINE ]]; then HISTORY=$(own_history "$VOLUME_TIMELINE"); fi
  if [[ -n $LINEAGE_UNREAD ]]; then
    FACT_ARCHIVE=unknown unread=$LINEAGE_UNREAD fix=$LINEAGE_FIX
    return
  fi
  life=$(jq -r '.lease // 0' "$MARKER_FILE" 2>/dev/null) || life=0
  # A life that has left no trace yet, this one's: there is nothing that it could be behind.
  if ((LINEAGE_LEASE < life)) && [[ -n $LINEAGE_TIMELINE ]]; then
    CATCH_UP_TIMELINE=$VOLUME_TIMELINE
    return
  fi
  CATCH_UP_TIMELINE=$LINEAGE_TIMELINE
  case $(relation_to "${LINEAGE_TIMELINE:-$VOLUME_TIMELINE}") in
    left) FACT_ARCHIVE=left ;;
    ancestor) FACT_ARCHIVE=behind ;;
    ahead) CATCH_UP_TIMELINE=$VOLUME_TIMELINE ;;
    same)
      if ! newest=$(newest_segments "${LINEAGE_TIMELINE:-$VOLUME_TIMELINE}"); then
        FACT_ARCHIVE=unknown unread="the archive: ${newest##*$'\n'}" fix='see that the vault answers, and that the key may list it'
        return
      fi
      newest=$(cut -d ' ' -f 1 <<<"$newest" | LC_ALL=C sort | tail -n 1)
      if ! is_recovering && [[ -n $newest ]] && ! has_reached "$newest"; then FACT_ARCHIVE=behind; fi
      ;;
  esac
  if [[ $FACT_ARCHIVE == behind ]] && begins_too_late; then FACT_ARCHIVE=gap; fi
}

# Its next start replays the archive by itself.
is_recovering() { [[ -e $PGDATA/recovery.signal || -e $PGDATA/standby.signal ]]; }

# has_reached <segment>: the data has everything up to its end. Before a segment is archived it is whole on the volume of
# its origin, and marked as such; the mark goes only when a checkpoint is past it. Where a power cut has taken the mark,
# the archive is replayed in vain, and nothing is lost.
has_reached() {
  [[ ${1:8} < $VOLUME_CHECKPOINT || -e $PGDATA/pg_wal/archive_status/$1.ready || -e $PGDATA/pg_wal/archive_status/$1.done ]]
}

# relation_to <timeline>, whose ancestors HISTORY has: prints same | ancestor (it lies on one, before that was left) |
# ahead (it comes from there) | left. One word of doubt makes it left: such data may hold rows that nothing else has.
relation_to() {
  local own left state
  own=$(own_history "$VOLUME_TIMELINE")
  state=$(control 'Database cluster state')
  if ((VOLUME_TIMELINE == $1)); then
    if [[ $own == '[]' || $(jq -cS . <<<"$own") == "$(jq -cS . <<<"$HISTORY")" ]]; then echo same; else echo left; fi
  elif left=$(jq -re --argjson own "$own" --argjson timeline "$VOLUME_TIMELINE" \
    'select(.[0:($own | length)] == $own) | .[] | select(.timeline == $timeline) | .end' <<<"$HISTORY"); then
    # Of a primary that was killed nobody knows how far its WAL goes.
    if [[ $state != 'shut down' && $state != *recovery* && ! -e $PGDATA/backup_label || $(lsn "$VOLUME_AT") > $(lsn "$left") ]]; then echo left; else echo ancestor; fi
  elif jq -e --argjson own "$own" --argjson timeline "$1" \
    '($own | map(.timeline) | index($timeline)) as $at | $at != null and . == $own[0:$at]' <<<"$HISTORY" >/dev/null; then
    echo ahead
  else
    echo left
  fi
}

# newest_segments <timeline>: "<segment> <repository> <archive id>" of each repository that could be read. What info tells
# is the last of all timelines, which may be a strayed clone's. 1 when one could not be listed, with the reason printed.
newest_segments() {
  local wanted repo id max listing folder
  wanted=$(printf %08X "$1")
  while read -r repo id max; do
    if [[ $max != "$wanted"* ]]; then
      if [[ ! $max > $wanted ]]; then continue; fi
      listing=$(list_folder "$repo" "$id") || { echo "$listing" && return 1; }
      folder=$(grep -E "^${wanted}[0-9A-F]{8}$" <<<"$listing" | tail -n 1) || continue
      listing=$(list_folder "$repo" "$id/$folder") || { echo "$listing" && return 1; }
      max=$(grep -oE "^${wanted}[0-9A-F]{16}" <<<"$listing" | tail -n 1) || continue
    fi
    echo "$max $repo $id"
  done < <(info --arg system "$SYSTEM_ID" '. as $stanza | .archive[]? | . as $a | select(.max != null)
    | select(any($stanza.db[]; .id == $a.database.id and .["repo-key"] == $a.database["repo-key"] and .["system-id"] == $system))
    | "\(.database["repo-key"]) \(.id) \(.max)"')
}

# list_folder <repository> <path below the stanza's archive>: names, sorted.
list_folder() {
  local listing
  listing=$(timeout -k 5 "${INFO_TIMEOUT:-90}" pgbackrest repo-ls --repo="$1" --output=json --log-level-console=off --log-level-stderr=warn \
    "$(patience "${INFO_TIMEOUT:-90}")" "archive/$STANZA/$2" 2>&1 </dev/null) || {
    explain "$listing"
    echo "repo$1: $CAUSE"
    return 1
  }
  jq -r 'keys[]' <<<"$listing" | LC_ALL=C sort
}

# The archive's oldest segment, in the repository that reaches back furthest, is newer than what the data needs next.
begins_too_late() {
  ARCHIVE_OLDEST=$(info --arg system "$SYSTEM_ID" '. as $stanza | [.archive[]? | . as $a | select(.min != null)
    | select(any($stanza.db[]; .id == $a.database.id and .["repo-key"] == $a.database["repo-key"] and .["system-id"] == $system)) | .min]
    | min_by(.[8:]) // ""')
  [[ ${ARCHIVE_OLDEST:8} > $VOLUME_CHECKPOINT ]]
}

# Whether a replay from here can end where the order says: it lies on the order's timeline, and has nothing yet that was
# committed after the target. PostgreSQL would end with FATAL, or not notice.
reaches_order() {
  local HISTORY=$HISTORY
  if [[ -n $ORDER_SET || ! $TIMELINE =~ ^[0-9]*$ ]]; then return 1; fi
  if [[ -z $TIMELINE ]]; then HISTORY=$(own_history "$VOLUME_TIMELINE"); fi
  case $(relation_to "${TIMELINE:-$VOLUME_TIMELINE}") in
    same | ancestor) ;;
    *) return 1 ;;
  esac
  [[ -z $ORDER_EPOCH ]] || { last_commit && ((LAST_COMMIT < ORDER_EPOCH)); }
}

# Sets LAST_COMMIT (epoch seconds, rounded up) to the time of the last transaction in the data, which is in the WAL since
# its last checkpoint, or before that; 1 when that cannot be told.
last_commit() {
  local bin=$PG_BIN redo timeline checkpoint last
  if is_older; then bin=$OLD_PG_BIN; fi
  timeline=$(control "Latest checkpoint's TimeLineID") redo=$(control "Latest checkpoint's REDO location")
  checkpoint=$(TZ=UTC control 'Time of latest checkpoint') && checkpoint=$(date -u -d "$checkpoint" +%s) || return 1
  # Its WAL goes on along another one; or a backup leads to a state of its own.
  if ((timeline != VOLUME_TIMELINE)) || [[ -e $PGDATA/backup_label ]] || [[ ! -x $bin/pg_waldump ]]; then return 1; fi
  # It ends with an error: there is always an end.
  last=$( (TZ=UTC LC_ALL=C "$bin/pg_waldump" --path="$PGDATA/pg_wal" --timeline="$timeline" --start="$redo" --rmgr=Transaction 2>/dev/null || true) |
    sed -nE 's/^.* desc: (COMMIT|ABORT|PREPARE|COMMIT_PREPARED|ABORT_PREPARED) .*([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8})(\.[0-9]+)? UTC.*$/\2/p' | LC_ALL=C sort | tail -n 1)
  # What was committed while the checkpoint began is in its data as well.
  LAST_COMMIT=$((checkpoint + 2))
  if [[ -n $last ]] && last=$(date -u -d "$last UTC" +%s) && ((last + 1 > LAST_COMMIT)); then LAST_COMMIT=$((last + 1)); fi
}
