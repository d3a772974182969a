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
# shellcheck source=repositories.sh
source "$here/repositories.sh"
# shellcheck source=recover.sh
source "$here/recover.sh"
# shellcheck source=refusals.sh
source "$here/refusals.sh"
# shellcheck source=decide.sh
source "$here/decide.sh"

MARKER_FILE=$STATE_DIR/complete.json
PROGRESS_FILE=$STATE_DIR/in-progress.json
NEIGHBOUR=$PGDATA.initialising

export PATH=$PG_BIN:$PATH

control() { LC_ALL=C pg_controldata "$PGDATA" 2>&1 | sed -n "s/^$1: *//p"; }

gather_volume_facts() {
  local marked=''
  SYSTEM_ID='' FACT_CONTROL=unreadable FACT_MAJOR=same FACT_MANIFEST=no FACT_MARKER=none FACT_PROGRESS=none
  if [[ -s $PGDATA/PG_VERSION ]]; then
    FACT_DATA=present
    if [[ $(<"$PGDATA/PG_VERSION") != "$PG_MAJOR" ]]; then FACT_MAJOR=other; fi
    # pg_controldata prints an id even from a damaged file, with a warning.
    if ! LC_ALL=C pg_controldata "$PGDATA" 2>&1 | grep -qi 'WARNING'; then
      SYSTEM_ID=$(control 'Database system identifier') || SYSTEM_ID=''
    fi
  elif [[ -n $(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) ]]; then
    FACT_DATA=partial
  else
    FACT_DATA=empty
  fi
  if [[ -n $SYSTEM_ID ]]; then FACT_CONTROL=readable; fi
  if [[ -e $PGDATA/backup.manifest ]]; then FACT_MANIFEST=yes; fi
  if [[ -e $MARKER_FILE ]]; then
    marked=$(jq -r '.systemId | strings' "$MARKER_FILE" 2>/dev/null) || marked=''
    if [[ -z $marked ]]; then
      warn "$MARKER_FILE cannot be read: it counts as missing"
    elif [[ -n $SYSTEM_ID && $marked != "$SYSTEM_ID" ]]; then
      FACT_MARKER=other
    else
      FACT_MARKER=complete
      SYSTEM_ID=$marked
    fi
  fi
  if [[ -e $PROGRESS_FILE ]]; then
    FACT_PROGRESS=$(jq -r '.action | select(. == "initialise" or . == "restore")' "$PROGRESS_FILE" 2>/dev/null) || true
    FACT_PROGRESS=${FACT_PROGRESS:-none}
  fi
}

gather_repository_facts() {
  local limit=${INFO_TIMEOUT:-90}
  # A complete volume starts whether or not the repository answers, so it does not wait long for that answer.
  if [[ $FACT_DATA == present && $FACT_MARKER == complete ]]; then limit=${INFO_TIMEOUT_COMPLETE:-25}; fi
  read_info "$limit"
  FACT_REPOSITORIES=$(judge_repositories)
  choose_for_order
  FACT_RECOVER=$RECOVER
  FACT_BACKUP_MAJOR=same
  if [[ -n $BACKUP && $(jq -r '.version' <<<"$BACKUP") != "$PG_MAJOR" ]]; then FACT_BACKUP_MAJOR=other; fi
  if [[ -z $(stanza_system_ids) ]]; then
    FACT_HISTORY=none
  elif [[ -n $SYSTEM_ID ]] && stanza_system_ids | grep -qx "$SYSTEM_ID"; then
    FACT_HISTORY=member
  else
    FACT_HISTORY=absent
  fi
  FACT_INITIALIZE=false
  if [[ -r $DEPLOY_DIR/initialize && $(tr -d '[:space:]' <"$DEPLOY_DIR/initialize") == true ]]; then FACT_INITIALIZE=true; fi
}

begin() {
  write_durably "$PROGRESS_FILE" "$(jq -n --arg action "$1" --arg at "$(date -u +%FT%TZ)" '{$action, $at}')"
}

# complete <how> <label or empty> <repository or empty>
complete() {
  local record at
  at=$(date -u +%FT%TZ)
  # "label" is a word of jq's own, hence the quotes and the other variable name.
  record=$(jq -n --arg how "$1" --arg backup "$2" --arg repo "$3" --arg at "$at" --arg target "$ORDER_TO" --arg id "$ORDER_ID" \
    --arg systemId "$(control 'Database system identifier')" --arg timeline "$(control "Latest checkpoint's TimeLineID")" '
    { $systemId, $how, timeline: ($timeline | tonumber), $at }
    + if $backup == "" then {} else { "label": $backup, repo: ($repo | tonumber), $target } end
    + if $how == "restored" and $id != "" then { recovery: $id } else {} end')
  write_durably "$MARKER_FILE" "$record"
  if [[ $1 == restored && -n $ORDER_ID ]]; then write_durably "$STATE_DIR/done/$ORDER_ID" "$at"; fi
  rm -f "$PROGRESS_FILE"
}

initialise() {
  local started
  started=$(now)
  if [[ $FACT_DATA == empty ]]; then
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

restore() {
  local started repo label bytes type command options=()
  started=$(now)
  repo=$(jq -r .repo <<<"$BACKUP") label=$(jq -r .label <<<"$BACKUP") type=$(jq -r .type <<<"$BACKUP") bytes=$(jq -r .bytes <<<"$BACKUP")
  command="$SCRIPTS_DIR/wal-get.sh %f \"%p\""
  if [[ -n $(unreadable_repositories) ]]; then
    warn "$(unreadable_causes | paste -sd ';'); restoring from repo$repo alone"
    command+=" $repo"
  fi
  if [[ -n $ORDER_EPOCH ]]; then
    options+=(--type=time "--target=$(date -u -d "$ORDER_TO" '+%F %T.%6N+00')" --target-action=promote)
  fi
  if [[ -n $ORDER_TIMELINE ]]; then options+=("--target-timeline=$ORDER_TIMELINE"); fi
  if [[ ${ARCHIVE_MODE:-on} == off ]]; then options+=(--archive-mode=off); fi
  begin restore
  rm -rf "$MARKER_FILE" "$NEIGHBOUR" "$SPOOL_DIR/archive"
  # Our own progress mark proves that these files are a restore's first directories; pgBackRest would not.
  if [[ $FACT_DATA == partial && $FACT_MANIFEST == no ]]; then find "$PGDATA" -mindepth 1 ! -path "$PGDATA/lost+found" -delete; fi
  log "restoring $DATABASE_NAME to ${ORDER_TO} from $type backup $label (repo$repo, $(megabytes "$bytes"))"
  pgbackrest --stanza="$STANZA" --pg1-path="$PGDATA" --log-level-console=info --repo="$repo" --set="$label" --delta \
    "--recovery-option=restore_command=$command" "${options[@]}" restore 2>&1 | tee "$OUTPUT" >&2 || {
    explain "$(grep -v INFO "$OUTPUT")"
    die "$DATABASE_NAME: the restore of $label from repo$repo failed: $CAUSE" "$CAUSE_FIX; the next start resumes it"
  }
  complete restored "$label" "$repo"
  log "restored $(megabytes "$bytes") in $(seconds_since "$started") s from $type backup $label (repo$repo)"
}

start() {
  if [[ $FACT_HISTORY == none && $FACT_REPOSITORIES == unknown ]]; then
    warn "the repository could not be read ($(unreadable_causes | paste -sd ';')): $DATABASE_NAME starts from its own complete data, WAL waits in pg_wal until archiving works"
  elif [[ -n $(unreadable_repositories) ]]; then
    warn "$(unreadable_causes | paste -sd ';')"
  fi
  rm -f "$PROGRESS_FILE"
  log "$DATABASE_NAME is complete: system id $SYSTEM_ID, $(jq -r '.how + " " + .at' "$MARKER_FILE")"
}

OUTPUT=$(mktemp)
cleanup() { rm -f "$OUTPUT"; }

mkdir -p "$PGDATA" "$STATE_DIR/done" "$SPOOL_DIR" 2>/dev/null ||
  die "$DATABASE_NAME: $(dirname "$PGDATA") is not writable for user $(id -u)" "set fsGroup and runAsUser of the pod to the volume's owner"
# fsGroup may have made it group-writable, and PostgreSQL refuses that.
chmod u=rwx,g=,g-s,o= "$PGDATA" ||
  die "$DATABASE_NAME: $PGDATA belongs to user $(stat -c %u "$PGDATA"), this container is user $(id -u)" "set runAsUser of the pod to that user"

gather_volume_facts
read_order
gather_repository_facts
action=$(decide)
log "data=$FACT_DATA marker=$FACT_MARKER progress=$FACT_PROGRESS history=$FACT_HISTORY repositories=$FACT_REPOSITORIES initialize=$FACT_INITIALIZE recover=$FACT_RECOVER: $action"
if [[ $RECOVER == ordered && ($action == start || $action == adopt) ]]; then
  warn "recovery '$ORDER_ID' is ignored: this volume holds complete data, which is never restored over"
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
  restore | resume-restore) restore ;;
  refuse:*) refuse "${action#refuse:}" ;;
esac
