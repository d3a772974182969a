# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# An ordered recovery: $DEPLOY_DIR/recover.json = { id, to: "latest" | instant with zone, set?, timeline? }. It is
# one-shot: done ids are files in $STATE_DIR/done. Sets RECOVER (none | ordered | invalid), RECOVER_PROBLEM, and
# ORDER_{ID,TO,SET,TIMELINE}, ORDER_EPOCH (empty for latest).
read_order() {
  local file=$DEPLOY_DIR/recover.json
  RECOVER=none RECOVER_PROBLEM='' ORDER_ID='' ORDER_TO=latest ORDER_SET='' ORDER_TIMELINE=${RESTORE_TIMELINE:-} ORDER_EPOCH=''
  ORDER_FROM="the ordered recovery in $file"
  # A clone's: no order, so it has no id, and nothing records it.
  if [[ -n ${RESTORE_TO:-} ]]; then
    RECOVER=ordered ORDER_TO=$RESTORE_TO ORDER_FROM='the restore'
    check_order
    return
  fi
  if [[ ! -s $file ]]; then return; fi
  if ! jq -e 'type == "object" and (.id | type == "string") and (.to | type == "string")' "$file" >/dev/null 2>&1; then
    not_valid 'is not { "id": text, "to": "latest" or an instant }'
    return
  fi
  ORDER_ID=$(jq -r '.id' "$file")
  if [[ ! $ORDER_ID =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]]; then
    not_valid 'has an id that is not 1 to 63 letters, digits, dots, dashes'
    return
  fi
  if [[ -e $STATE_DIR/done/$ORDER_ID ]]; then
    log "recovery '$ORDER_ID' was done before: it is not repeated"
    ORDER_ID=''
    return
  fi
  RECOVER=ordered
  ORDER_TO=$(jq -r '.to' "$file")
  ORDER_SET=$(jq -r '.set // ""' "$file")
  ORDER_TIMELINE=$(jq -r '.timeline // "" | tostring' "$file")
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
    not_valid "asks for $ORDER_TO, which is in the future"
  fi
}

not_valid() { RECOVER=invalid RECOVER_PROBLEM=$1; }

# Needs INFO: the backup to restore (BACKUP, a JSON object or empty) for this order or, without one, the newest.
# An order that no backup can serve is invalid, before anything is touched.
choose_for_order() {
  BACKUP=''
  if [[ $INFO == null || $RECOVER == invalid ]]; then return; fi
  BACKUP=$(choose_backup "$ORDER_SET" "$ORDER_EPOCH" "$ORDER_TIMELINE")
  if [[ -z $BACKUP && $RECOVER == ordered && $(info '.backup | length') != 0 ]]; then
    not_valid "asks for ${ORDER_SET:-$ORDER_TO}${ORDER_TIMELINE:+ on timeline $ORDER_TIMELINE}, but of the backups $(info '[.backup[].label] | "\(first) … \(last)"') none serves it (the first one that ended before the target is needed)"
  fi
}
