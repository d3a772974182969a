# shellcheck shell=bash disable=SC2034,SC2016 # the results are for the script that sources this
# An ordered recovery: $DEPLOY_DIR/recover.json = { id, to: "latest" | instant with zone, set?, timeline? }. It is
# one-shot: done ids are files in $STATE_DIR/done and, once its result is in the archive, records in the vault. One that
# was begun is carried to its end though the order was withdrawn. Sets RECOVER (none | ordered | invalid),
# RECOVER_PROBLEM, ORDER (the order itself, null without one), ORDER_{ID,TO,SET,TIMELINE}, and ORDER_EPOCH (empty for
# latest).
read_order() {
  local begun=''
  forget_order
  RECOVER_PROBLEM='' ORDER_FROM='the ordered recovery in recover.json'
  # It is the primary's.
  if [[ $FACT_ROLE != primary ]]; then return; fi
  # A clone's: no order, so it has no id, and nothing records it.
  if [[ -n ${RESTORE_TO:-} ]]; then
    if [[ $FACT_DATA == present && $FACT_MARKER == complete ]]; then return; fi
    RECOVER=ordered ORDER_TO=$RESTORE_TO ORDER_TIMELINE=${RESTORE_TIMELINE:-} ORDER_FROM='the restore'
    check_order
    return
  fi
  if [[ -s $DEPLOY_DIR/recover.json ]]; then
    ORDER=$(jq -c . "$DEPLOY_DIR/recover.json" 2>/dev/null) || ORDER=null
    parse_order
    if [[ $RECOVER == invalid ]]; then return; fi
    if ! order_is_done; then return; fi
    log "recovery '$ORDER_ID' was done before: it is not repeated"
    forget_order
  fi
  begun=$(jq -c '.order | objects' "$PROGRESS_FILE" 2>/dev/null) || begun=''
  if [[ -z $begun ]]; then return; fi
  ORDER=$begun
  parse_order
  if order_is_done || [[ $FACT_MARKER == complete && $FACT_DATA == present ]]; then forget_order; fi
}

forget_order() {
  RECOVER=none ORDER=null ORDER_ID='' ORDER_TO=latest ORDER_SET='' ORDER_TIMELINE='' ORDER_EPOCH=''
}

# By what the volume knows. The file of a done id is written before the marker: until that is there, it goes on. Where
# the recovered data is lost again, the vault knows whether anything of it was archived: else it is still to be done.
order_is_done() {
  if [[ $(jq -r '.recovery // empty' "$MARKER_FILE" 2>/dev/null) == "$ORDER_ID" ]]; then
    [[ $FACT_DATA == present || $(jq -r '.lease // empty' "$MARKER_FILE") == '' ]]
    return
  fi
  if [[ $(jq -r '.order.id // empty' "$PROGRESS_FILE" 2>/dev/null) == "$ORDER_ID" ]]; then return 1; fi
  [[ -e $STATE_DIR/done/$ORDER_ID ]]
}

parse_order() {
  if ! jq -e 'type == "object" and (.id | type == "string") and (.to | type == "string")' <<<"$ORDER" >/dev/null 2>&1; then
    not_valid 'is not { "id": text, "to": "latest" or an instant }'
    return
  fi
  RECOVER=ordered
  ORDER_ID=$(jq -r '.id' <<<"$ORDER")
  if [[ ! $ORDER_ID =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]]; then
    ORDER_ID=''
    not_valid 'has an id that is not 1 to 63 letters, digits, dots, dashes'
    return
  fi
  ORDER_TO=$(jq -r '.to' <<<"$ORDER")
  ORDER_SET=$(jq -r '.set // ""' <<<"$ORDER")
  ORDER_TIMELINE=$(jq -r '.timeline // "" | tostring' <<<"$ORDER")
  check_order
}

check_order() {
  if [[ -n $ORDER_SET && ! $ORDER_SET =~ ^[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?$ ]]; then
    not_valid "has set '$ORDER_SET', which is no backup label"
  elif [[ -n $ORDER_TIMELINE && ! $ORDER_TIMELINE =~ ^(current|latest|[1-9][0-9]*)$ ]]; then
    not_valid "has timeline '$ORDER_TIMELINE'; it must be a decimal number, current or latest"
  elif [[ $ORDER_TO == latest ]]; then
    return
  elif [[ ! $ORDER_TO =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}[T\ ][0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})$ ]] ||
    ! ORDER_EPOCH=$(date -u -d "$ORDER_TO" +%s 2>/dev/null); then
    not_valid "has to '$ORDER_TO'; it must be latest or an instant with its zone, as 2026-05-04T03:02:01Z"
  elif ((ORDER_EPOCH > $(date -u +%s))); then
    not_valid "asks for $ORDER_TO, which is in the future (it is $(date -u +%FT%TZ) here)"
  fi
}

not_valid() { RECOVER=invalid RECOVER_PROBLEM=$1; }

# Needs INFO: sets BACKUP (a JSON object, or empty with NO_BACKUP_BECAUSE) to what this order or, without one, the newest
# state needs, and TIMELINE to the timeline to follow: the order's, RESTORE_TIMELINE, or the one that the last life went
# on with. Only where none was ever recorded is it empty, and PostgreSQL follows the highest one.
choose_for_order() {
  BACKUP='' TIMELINE='' NO_BACKUP_BECAUSE=''
  if [[ $INFO == null || $RECOVER == invalid ]]; then return; fi
  read_lineage
  if [[ -n $LINEAGE_UNREAD ]]; then return; fi
  if [[ -n $ORDER_ID && ${ARCHIVE_MODE:-on} != off ]] && recovery_recorded "$ORDER_ID"; then
    log "recovery '$ORDER_ID' was done in an earlier life: it is not repeated"
    forget_order
  fi
  if [[ -n $LINEAGE_UNREAD ]]; then return; fi
  TIMELINE=${ORDER_TIMELINE:-${RESTORE_TIMELINE:-$LINEAGE_TIMELINE}}
  if [[ $TIMELINE =~ ^[0-9]+$ && $TIMELINE != "$LINEAGE_TIMELINE" ]] && ! read_history "$TIMELINE" "$LINEAGE_SYSTEM"; then
    if [[ -z $LINEAGE_UNREAD ]]; then NO_BACKUP_BECAUSE="the archive has no such timeline"; fi
    return
  fi
  BACKUP=$(choose_backup "$ORDER_SET" "$ORDER_EPOCH" "$TIMELINE" "$HISTORY" "$LINEAGE_SYSTEM")
  if [[ -n $BACKUP ]]; then return; fi
  NO_BACKUP_BECAUSE=$(info '.backup | sort_by(.timestamp.stop) | map(.timestamp.stop | todate)
    | "of \(length) backups the first ended at \(first), the last at \(last); one that ended before the target is needed, made on that timeline or on an ancestor before it was left"')
}
