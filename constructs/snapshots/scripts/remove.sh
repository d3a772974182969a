# shellcheck shell=bash disable=SC2016,SC2153 # the programs in single quotes are jq's; kube sets STATUS
# Removes snapshots, in the store as well. Needs kubernetes.sh, what records.sh has found, and failed().

# set_delete <path of a content>: its snapshot in the store goes with the object from now on. A class that retains is what keeps
# snapshots when somebody deletes a namespace; here it would leave every one of them in the store for ever.
set_delete() {
  local status=0
  kube GET "$1" || status=$?
  if ((status == 1)); then return; fi
  if ((status == 0)) && [[ $(jq -r .spec.deletionPolicy "$ANSWER") == Delete ]]; then return; fi
  if ((status == 0)); then
    echo '{"spec":{"deletionPolicy":"Delete"}}' >"$WORK/body"
    kube PATCH "$1" "$WORK/body" || status=$?
  fi
  if ((status == 0)); then return; fi
  failed "content ${1##*/}" "its deletionPolicy cannot be set to Delete: $CAUSE" "$CAUSE_FIX"
  return 2
}

# remove <JSON list of units>: policies first, all of them, then the objects.
remove() {
  local unit kind snapshot content path
  : >"$WORK/going"
  while read -r kind unit <&4; do
    path=$SNAPSHOTS/$unit
    if [[ $kind == group ]]; then
      path=$GROUPS_PATH/$unit
      kube GET "$path" || continue
      content=$(jq -r '.status.boundVolumeGroupSnapshotContentName // ""' "$ANSWER")
      if [[ -n $content ]]; then set_delete "$GROUP_CONTENTS/$content" || continue; fi
    fi
    while read -r snapshot content <&5; do
      set_delete "$CONTENTS/$content" || continue 2
      printf '%s %s\n' "$snapshot" "$content" >>"$WORK/going.contents"
    done 5< <(jq -r --arg unit "$unit" --arg kind "$kind" '.[] | select(.unit == $unit and .kind == $kind and .content != null) | "\(.name) \(.content)"' "$WORK/survey")
    printf '%s\n' "$path" >>"$WORK/going"
  done 4< <(jq -r '.[] | "\(.kind) \(.unit)"' <<<"$1")
  if [[ ! -s $WORK/going ]]; then return; fi
  # Both reach the snapshot controller by ways of their own: an object that went before its policy came would leave its
  # snapshot behind.
  nap "$SETTLE_SECONDS"
  while read -r path <&4; do
    if kube DELETE "$path" || [[ $STATUS == 404 ]]; then
      log "snapshot ${path##*/} is removed"
    else
      failed "snapshot ${path##*/}" "it cannot be deleted: $CAUSE" "$CAUSE_FIX"
    fi
  done 4<"$WORK/going"
  if ! wait_until "$REMOVAL_SECONDS" 'the store to let them go' all_gone; then tell_left; fi
}

# Whether all contents are gone, or going by themselves.
all_gone() {
  local snapshot content
  while read -r snapshot content <&4; do
    if kube GET "$CONTENTS/$content" && jq -e '.metadata.deletionTimestamp == null' "$ANSWER" >/dev/null; then return 1; fi
  done 4<"$WORK/going.contents"
}

# A content whose snapshot is gone and that nobody removes was left behind; one whose snapshot is there waits for somebody.
tell_left() {
  local snapshot content
  while read -r snapshot content <&4; do
    if ! kube GET "$CONTENTS/$content" || jq -e '.metadata.deletionTimestamp != null' "$ANSWER" >/dev/null; then continue; fi
    if kube GET "$SNAPSHOTS/$snapshot" || [[ $STATUS != 404 ]]; then
      log "snapshot $snapshot is not gone yet: something uses it, or the snapshot controller does not run; no run counts it any more"
    else
      failed "content $content" 'its snapshot was left in the store' "kubectl delete volumesnapshotcontent $content"
    fi
  done 4<"$WORK/going.contents"
}

# A unit goes when retention lets all of its snapshots go that are of claims still taken, or when it never became ready, and is
# told then.
remove_expired() {
  local units unready
  : >"$WORK/going.contents"
  units=$(jq -c --rawfile expired "$WORK/expired" --slurpfile claims "$WORK/claims" '
    ($expired | split("\n")) as $expired | ($claims | map(.claim)) as $taken
    | group_by([.kind, .unit]) | map(select(map(select(.good and (.claim | IN($taken[])))) | length > 0 and all(.[]; .name | IN($expired[]))))
    | map({ kind: .[0].kind, unit: .[0].unit })' "$WORK/survey")
  # One that was attached or is in a record has been good: that the driver does not say so now is no reason to destroy it.
  unready=$(jq -c --argjson now "$EPOCHSECONDS" --argjson stale "$STALE_SECONDS" --rawfile known "$WORK/known" '
    ($known | split("\n")) as $known
    | group_by([.kind, .unit])
    | map(select(all(.[]; (.ready or .deleting or .attached or (.name | IN($known[])) | not) and $now - .made > $stale)))
    | map({ kind: .[0].kind, unit: .[0].unit, error: (map(.error | values) | first) })' "$WORK/survey")
  while IFS=$'\t' read -r unit error; do
    warn "snapshot $unit has never become ready to use ($error): it is removed"
  done < <(jq -r '.[] | "\(.unit)\t\(.error // "nothing was said why" | gsub("\\s+"; " "))"' <<<"$unready")
  remove "$(jq -c --argjson unready "$unready" '. + $unready' <<<"$units")"
}
