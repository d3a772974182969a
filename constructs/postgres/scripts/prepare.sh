#!/usr/bin/env bash
# The init container: makes $PGDATA either a complete database that is ours, or refuses. It gathers facts, lets
# decide.sh choose, and acts. Safe to kill at any point and to run again.
# shellcheck source-path=SCRIPTDIR disable=SC2153
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
# shellcheck source=lease.sh
source "$here/lease.sh"
# shellcheck source=repositories.sh
source "$here/repositories.sh"
# shellcheck source=lineage.sh
source "$here/lineage.sh"
# shellcheck source=archive-end.sh
source "$here/archive-end.sh"
# shellcheck source=replication.sh
source "$here/replication.sh"
# shellcheck source=recover.sh
source "$here/recover.sh"
# shellcheck source=facts.sh
source "$here/facts.sh"
# shellcheck source=behind.sh
source "$here/behind.sh"
# shellcheck source=catch-up.sh
source "$here/catch-up.sh"
# shellcheck source=room.sh
source "$here/room.sh"
# shellcheck source=upgrade.sh
source "$here/upgrade.sh"
# shellcheck source=refusals.sh
source "$here/refusals.sh"
# shellcheck source=decide.sh
source "$here/decide.sh"

NEIGHBOUR=$PGDATA.initialising

# begin <action> [more, as JSON]
begin() {
  write_durably "$PROGRESS_FILE" "$(jq -n --arg action "$1" --arg at "$(date -u +%FT%TZ)" --argjson order "$ORDER" --argjson more "${2:-null}" \
    '{ $action, $at } + if $order == null then {} else { $order } end + $more')"
}

# The lease of a new life of the data, which a drill, a clone or a standby is not.
lease_for() {
  local finished
  if [[ ${ARCHIVE_MODE:-on} == off ]]; then return; fi
  if [[ $FACT_ROLE == standby ]]; then rm -f "$LEASE_FILE" && return; fi
  finished=$(jq -r '.lease // 0' "$MARKER_FILE" 2>/dev/null) || finished=0
  take_lease "$1" "$finished"
}

# complete <how> <label or empty> <repository or empty> [more, as JSON]
complete() {
  local record at order=$ORDER_ID kept
  if [[ $FACT_REBUILD == ordered ]]; then order=$REBUILD_ID; fi
  kept=$PGDATA.before-$order
  at=$(date -u +%FT%TZ)
  # "label" is a word of jq's own, hence the quotes and the other variable name.
  own_lease
  record=$(jq -n --argjson lease "$LEASE_NUMBER" --arg how "$1" --arg backup "$2" --arg repo "$3" --arg at "$at" --arg target "$ORDER_TO" --arg id "$ORDER_ID" \
    --arg systemId "$(control 'Database system identifier')" --arg timeline "$(control "Latest checkpoint's TimeLineID")" '
    { $systemId, $how, timeline: ($timeline | tonumber), $at }
    + if $backup == "" then {} else { "label": $backup, repo: ($repo | tonumber) } end
    + if $lease == 0 then {} else { $lease } end
    + if $role == "" then {} else { $role } end
    + if $how != "restored" and $how != "caught-up" then {} else
        { $target }
        + if $snapshot == "" then {} else { $snapshot } end
        + if $id != "" then { recovery: $id } else {} end
        + if $how == "restored" and $order != "" and $kept != "" then { keptAs: $kept } else {} end
      end + $more' --argjson more "${4:-null}" --arg order "$order" --arg snapshot "$(if [[ $1 == caught-up ]]; then told_snapshot; fi)" \
    --arg role "$(if replicated; then echo "$FACT_ROLE"; fi)" --arg kept "$(if [[ -e $kept ]]; then basename "$kept"; fi)")
  if [[ $1 == @(restored|caught-up) && -n $order ]]; then write_durably "$STATE_DIR/done/$order" "$at"; fi
  if [[ -n $(told_snapshot) ]]; then write_durably "$SNAPSHOT_FILE" "$(told_snapshot)"; fi
  write_durably "$MARKER_FILE" "$record"
  rm -f "$PROGRESS_FILE" "$DAMAGED_FILE"
}

initialise() {
  local started
  started=$(now)
  if [[ $FACT_DATA == empty ]]; then
    lease_for initialised
    record_timeline 1 || warn "timeline 1 could not be recorded everywhere"
    begin initialise
    rm -rf "$NEIGHBOUR"
    initdb --pgdata="$NEIGHBOUR" --username="${SUPERUSER:-postgres}" --auth-local=peer --auth-host=scram-sha-256 \
      --encoding="${DATABASE_ENCODING:-UTF8}" --locale="${DATABASE_LOCALE:-C.UTF-8}" --data-checksums >&2
    rmdir "$PGDATA" || die "$DATABASE_NAME: $PGDATA cannot be replaced by the new database" \
      "mount the volume at the parent of PGDATA, so that PGDATA is an ordinary directory in it"
    mv -T "$NEIGHBOUR" "$PGDATA"
    sync "$PGDATA" "$(dirname "$PGDATA")"
  fi
  # Renamed before a kill: initdb had finished, only our marker is missing.
  complete initialised '' ''
  log "initialised $DATABASE_NAME, system id $(control 'Database system identifier'), in $(seconds_since "$started") s"
}

# The flawed data stays beside, under the recovery's name: nothing of ours ever deletes it. Until it is moved away it is
# complete data like any other, whatever a kill leaves: nothing is marked as being restored, and our completion marker
# goes last.
recover_in_place() {
  keep_aside "$ORDER_ID" "recovery '$ORDER_ID'" recovered
  restore
}

# The same for what a standby held, which may be a former primary's last writes.
rebuild_standby() {
  keep_aside "$REBUILD_ID" 'the rebuild' ''
  restore
}

# keep_aside <id> <whose> <how the lease is taken>
keep_aside() {
  local kept=$PGDATA.before-$1
  if [[ -e $kept ]]; then
    die "$DATABASE_NAME: $2 would keep the present data as $kept, which exists" "move $kept away, or give it another id"
  fi
  lease_for "$3"
  begin recover
  mv -T "$PGDATA" "$kept"
  sync "$(dirname "$PGDATA")"
  mkdir -m 0700 "$PGDATA"
  FACT_DATA=empty
  log "kept the present data of $DATABASE_NAME as $kept"
}

restore() {
  local started repo label bytes type options=()
  started=$(now)
  repo=$(jq -r .repo <<<"$BACKUP") label=$(jq -r .label <<<"$BACKUP") type=$(jq -r .type <<<"$BACKUP") bytes=$(jq -r .bytes <<<"$BACKUP")
  if [[ -n $(unreadable_repositories) ]]; then warn "$(unreadable_causes | paste -sd ';'); restoring from repo$repo alone"; fi
  if [[ $FACT_ROLE == standby ]]; then
    options+=(--type=standby)
  elif [[ -n $ORDER_EPOCH ]]; then
    options+=(--type=time "--target=$(recovery_time)" --target-action=promote)
  fi
  # A standby goes on along with its primary.
  if [[ -n $TIMELINE && $FACT_ROLE != standby ]]; then options+=("--target-timeline=$TIMELINE"); fi
  if [[ ${ARCHIVE_MODE:-on} == off ]]; then options+=(--archive-mode=off); fi
  lease_for restored
  begin restore
  rm -rf "$MARKER_FILE" "$NEIGHBOUR" "$SPOOL_DIR/archive"
  # Our own progress mark proves that these files are a restore's first directories; pgBackRest would not.
  if [[ $FACT_DATA == partial && $FACT_MANIFEST == no ]]; then find "$PGDATA" -mindepth 1 ! -path "$PGDATA/lost+found" -delete; fi
  remember_archive_end "$TIMELINE" "$(jq -r .systemId <<<"$BACKUP")"
  log "restoring $DATABASE_NAME $(if [[ $FACT_ROLE == standby ]]; then echo 'as a standby, '; fi)to $ORDER_TO${TIMELINE:+ on timeline $TIMELINE} from $type backup $label (repo$repo, $(megabytes "$bytes"))"
  pgbackrest --stanza="$STANZA" --pg1-path="$PGDATA" --log-level-console=info --repo="$repo" --set="$label" --delta \
    "--recovery-option=restore_command=$(restore_command "$repo")" \
    "--recovery-option=recovery_end_command=$(recovered_command)" "${options[@]}" restore 2>&1 | tee "$OUTPUT" >&2 || {
    explain "$(grep -v INFO "$OUTPUT")"
    if instead_of_damaged "$label" "$repo"; then restore && return; fi
    die "$DATABASE_NAME: the restore of $label from repo$repo failed: $CAUSE" "$CAUSE_FIX; the next start resumes it"
  }
  complete restored "$label" "$repo"
  log "restored $(megabytes "$bytes") in $(seconds_since "$started") s from $type backup $label (repo$repo)"
}

# instead_of_damaged <label> <repository>: after a restore that failed because of the backup itself, whether there is
# another one; its WAL leads to the same end, only later. Sets BACKUP.
instead_of_damaged() {
  if ! is_damage; then return 1; fi
  CAUSE_CODE=damaged CAUSE="the backup is damaged: ${CAUSE#the backup is damaged: }"
  CAUSE_FIX='bring back the files it names (a versioned bucket keeps what was overwritten or deleted), or restore from another repository'
  printf '%s:%s\n' "$2" "$1" >>"$DAMAGED_FILE"
  BACKUP=$(choose_backup "$ORDER_SET" "$ORDER_EPOCH" "$TIMELINE" "$HISTORY" "$LINEAGE_SYSTEM")
  # Nothing is left: the next start tries them all again, for they may have been repaired by then.
  if [[ -z $BACKUP || $(jq -r '.version' <<<"$BACKUP") != @("$PG_MAJOR"|"$UPGRADE_FROM") ]]; then rm -f "$DAMAGED_FILE" && return 1; fi
  warn "backup $1 of repo$2 is damaged and left aside ($CAUSE); taking $(jq -r '"\(.label) of repo\(.repo)"' <<<"$BACKUP")"
}

start() {
  if [[ $FACT_HISTORY == none && $FACT_REPOSITORIES == unknown ]]; then
    warn "the repository could not be read ($(unreadable_causes | paste -sd ';')): $DATABASE_NAME starts from its own complete data, WAL waits in pg_wal until archiving works"
  elif [[ -n $(unreadable_repositories) ]]; then
    warn "$(unreadable_causes | paste -sd ';')"
  fi
  settle_lease
  if replicated; then go_on_as_primary; fi
  # An upgrade that was given up.
  rm -rf "$PROGRESS_FILE" "$UPGRADING"
  introduce_to_stanza
  log "$DATABASE_NAME is complete: system id $SYSTEM_ID, $(jq -r '.how + " " + .at' "$MARKER_FILE")"
}

# Data that was replayed as a standby's is promoted by replaying the archive to its end: without that its server would
# go on along the timeline of another. (A promotion that was killed, or a primary that handed over to nobody.)
go_on_as_primary() {
  mark_role primary
  if ! is_standby_data; then return; fi
  case $(control 'Database cluster state') in
    'in archive recovery' | 'shut down in recovery')
      remember_archive_end "$(control "Latest checkpoint's TimeLineID")" "$SYSTEM_ID"
      mv -f "$PGDATA/standby.signal" "$PGDATA/recovery.signal"
      ;;
    *) rm -f "$PGDATA/standby.signal" ;;
  esac
  sync "$PGDATA"
}

# Its own complete data follows the primary. What was a primary's and was handed over in good order does so, too.
start_standby() {
  : >"$PGDATA/standby.signal"
  rm -f "$PGDATA/recovery.signal" "$STATE_DIR/promoting"
  sync "$PGDATA"
  mark_role standby
  rm -f "$PROGRESS_FILE"
  if [[ $LEASE != unknown ]]; then rm -f "$LEASE_FILE"; fi
  if [[ -n $(unreadable_causes) ]]; then warn "$(unreadable_causes | paste -sd ';')"; fi
  log "$POD_NAME starts as a standby of $DATABASE_NAME: system id $SYSTEM_ID"
}

OUTPUT=$(mktemp)
cleanup() { rm -f "$OUTPUT"; }

mkdir -p "$PGDATA" "$STATE_DIR/done" "$SPOOL_DIR" 2>/dev/null ||
  die "$DATABASE_NAME: $(dirname "$PGDATA") is not writable for user $(id -u)" "set fsGroup and runAsUser of the pod to the volume's owner"
# fsGroup may have made it group-writable, and PostgreSQL refuses that.
chmod u=rwx,g=,g-s,o= "$PGDATA" ||
  die "$DATABASE_NAME: $PGDATA belongs to user $(stat -c %u "$PGDATA"), this container is user $(id -u)" "set runAsUser of the pod to that user"

look() {
  gather_volume_facts
  gather_lease_facts
  gather_role
  read_order
  gather_repository_facts
  action=$(decide)
}

declare -A AWAITED=(
  [wait:backup]='the first backup, which a job makes when the primary runs'
  [wait:primary]='the primary to be one, and to say in the vault on which timeline it goes on'
)

look
# A standby waits for what its primary is about to do.
said='' since=$SECONDS
while [[ $action == wait:* ]]; do
  if [[ $said != "$action" ]] || ((SECONDS - since >= 60)); then
    log "$POD_NAME is to be a standby of $DATABASE_NAME; it waits for ${AWAITED[$action]}"
    said=$action since=$SECONDS
  fi
  nap "${STANDBY_POLL_SECONDS:-5}"
  look
done
if replicated; then log "role=$FACT_ROLE lineage=$FACT_LINEAGE rebuild=$FACT_REBUILD"; fi
log "data=$FACT_DATA major=$FACT_MAJOR marker=$FACT_MARKER progress=$FACT_PROGRESS history=$FACT_HISTORY repositories=$FACT_REPOSITORIES backup=$FACT_BACKUP lease=$FACT_LEASE archive=$FACT_ARCHIVE snapshot=$FACT_SNAPSHOT initialize=$FACT_INITIALIZE recover=$FACT_RECOVER: $action"
if [[ $RECOVER == ordered && ($action == start || $action == adopt) ]]; then
  warn "recovery '$ORDER_ID' waits for a start at which the vault can be read: the present data starts meanwhile"
elif [[ $RECOVER == invalid && ($action == start || $action == adopt) ]]; then
  warn "$DEPLOY_DIR/recover.json $RECOVER_PROBLEM; it is ignored, the data is complete"
fi
case $action in
  start) start ;;
  adopt)
    complete adopted '' ''
    log "adopted $DATABASE_NAME: system id $SYSTEM_ID is in the stanza's history"
    ;;
  initialise) initialise ;;
  restore | resume-restore)
    restore
    if is_older; then upgrade; fi
    ;;
  recover-in-place) recover_in_place ;;
  catch-up) catch_up ;;
  upgrade) upgrade ;;
  finish-upgrade)
    finish_upgrade
    log "finished the upgrade of $DATABASE_NAME to PostgreSQL $PG_MAJOR; its former data is kept as $(jq -r .keptAs "$MARKER_FILE")"
    ;;
  start-standby) start_standby ;;
  restore-standby) restore ;;
  rebuild-standby) rebuild_standby ;;
  refuse:*) refuse "${action#refuse:}" ;;
esac
