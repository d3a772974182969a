# shellcheck shell=bash disable=SC2034,SC2153 # the results are for the script that sources this, which gives SET_…
# Sets of objects that are made from time to time, each under when it began (<id>, as 20260504T020000Z), in the store
# SET_STORE (its number) under SET_PREFIX; SET_WORD is what messages call one:
#   <prefix>/<id>/<file>
#   <prefix>/<id>/manifest.json   written last: without it a set is incomplete
# Needs s3.sh and what that needs, and retention.jq beside it.

set_key() { printf '%s/%s' "$SET_PREFIX" "$1"; }

# Sets SETS to a JSON list, oldest first: [{ id, complete, keys: [key] }]. Fails as s3_list does. What has no instant for
# a name is not ours.
list_sets() {
  s3_list "$SET_STORE" "$SET_PREFIX/" || return 2
  SETS=$(jq -Rnc '[inputs | select(. != "") | { key: ., parts: split("/") } | select(.parts | length == 4)
    | { key, id: .parts[2], file: .parts[3] } | select(.id | test("^\\d{8}T\\d{6}Z$"))]
    | group_by(.id) | map({ id: .[0].id, complete: any(.[]; .file == "manifest.json"), keys: map(.key) })' <<<"$S3_KEYS")
}

# Sets ID. The first object of a set is written only where there is none: two that begin in one second get two.
begin_set() {
  local status
  while :; do
    ID=$(date -u +%Y%m%dT%H%M%SZ) status=0
    s3_put_new "$SET_STORE" "$(set_key "$ID")/begun.json" "{\"startedAt\":\"$(date -u +%FT%TZ)\"}" || status=$?
    case $status in
      0) return ;;
      1) nap 1 ;;
      *) die "$SUBJECT: no $SET_WORD could be begun: $CAUSE" "$CAUSE_FIX" ;;
    esac
  done
}

# choose_set <id, or latest> <what to do for want of one> <how to choose another one>: sets ID to that of a complete one.
choose_set() {
  list_sets || die "$SUBJECT: no $SET_WORD can be listed: $CAUSE" "$CAUSE_FIX"
  ID=$1
  if [[ $ID == latest ]]; then
    ID=$(jq -r 'map(select(.complete)) | last | .id // ""' <<<"$SETS")
    if [[ -z $ID ]]; then die "$SUBJECT: there is no complete $SET_WORD in the vault" "$2"; fi
  fi
  case $(jq -r --arg id "$ID" 'map(select(.id == $id)) | first | .complete' <<<"$SETS") in
    true) ;;
    false) die "$SUBJECT: the $SET_WORD $ID is incomplete: it has no manifest" "choose another one: $3" ;;
    *) die "$SUBJECT: there is no $SET_WORD $ID" "choose another one: $3" ;;
  esac
}

# remove_set <id>: its manifest goes first, so that what is half removed counts as incomplete.
remove_set() {
  local key
  s3_delete "$SET_STORE" "$(set_key "$1")/manifest.json" || return 2
  while read -r key; do
    s3_delete "$SET_STORE" "$key" || return 2
  done < <(jq -r --arg id "$1" '.[] | select(.id == $id) | .keys[]' <<<"$SETS")
}

# expire_sets <seconds to keep> <how many to keep at least> <seconds after which an incomplete one is nobody's any more>
# An old one that stays is no reason to make the newest one again.
expire_sets() {
  local id
  if ! list_sets; then warn "$SUBJECT: nothing old was removed: $CAUSE" && return; fi
  while read -r id; do
    if remove_set "$id"; then log "$SET_WORD $id is removed: it is too old, or incomplete"; else warn "$SET_WORD $id could not be removed: $CAUSE" && return; fi
  done < <(jq -r --argjson now "$EPOCHSECONDS" --argjson keep "$1" --argjson least "$2" --argjson stale "$3" \
    '{ $now, keepSeconds: $keep, keepAtLeast: $least, staleSeconds: $stale, sets: . }' <<<"$SETS" |
    jq -r -f "${BASH_SOURCE[0]%/*}/retention.jq" | jq -r '.[]')
}
