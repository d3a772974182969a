# shellcheck shell=bash disable=SC2016 # the programs in single quotes are jq's
# What the schedule has, what stays of it, and the records of that in the vault: snapshots/<namespace>/<claim>.json.
# Needs kubernetes.sh and s3.sh with what they need, and failed().

here=${BASH_SOURCE[0]%/*}

# $WORK/seen: what survey.jq says of everything in the namespace.
look() {
  kube_all "$SNAPSHOTS" "$WORK/snapshots" || die "$SUBJECT: they cannot be listed: $CAUSE" "$CAUSE_FIX"
  jq -n '[]' >"$WORK/groups"
  if [[ -n $GROUP_CLASS ]]; then
    kube_all "$GROUPS_PATH" "$WORK/groups" || die "$SUBJECT: groups cannot be listed: $CAUSE" "$CAUSE_FIX"
  fi
  jq -n --arg schedule "$SCHEDULE_NAME" --slurpfile snapshots "$WORK/snapshots" --slurpfile groups "$WORK/groups" \
    '{ $schedule, snapshots: $snapshots[0], groups: $groups[0] }' | jq -f "$here/survey.jq" >"$WORK/seen"
}

# $WORK/survey: the same, with driver, handle and restoreSize of what is good.
survey() {
  local content status
  look
  # The handle, by which the driver knows it when this cluster is gone, is in the content alone.
  : >"$WORK/contents"
  while read -r content; do
    status=0
    kube GET "$CONTENTS/$content" || status=$?
    case $status in
      0)
        jq -c '{ key: .metadata.name, value: { driver: .spec.driver, handle: (.status.snapshotHandle // .spec.source.snapshotHandle), restoreSize: .status.restoreSize } }' \
          "$ANSWER" >>"$WORK/contents"
        ;;
      1) warn "the content $content is gone: its snapshot counts as lost" ;;
      *) die "$SUBJECT: the content $content cannot be read: $CAUSE" "$CAUSE_FIX" ;;
    esac
  done < <(jq -r '.[] | select(.ready and (.deleting | not)) | .content' "$WORK/seen")
  jq --slurpfile contents "$WORK/contents" '($contents | from_entries) as $known
    | map(. + ($known[.content // ""] // {}) | .good = (.ready and (.deleting | not) and .handle != null))' "$WORK/seen" >"$WORK/survey"
}

# A group that is ready has a member of each claim, unless a claim came to these labels meanwhile.
check_members() {
  local claim
  if [[ -z $GROUP_CLASS || -z ${MADE:-} || -s $WORK/failures ]]; then return; fi
  while read -r claim; do
    failed "claim $claim" "the group snapshot $MADE has none of it that is ready" \
      "look at it: \`kubectl describe volumegroupsnapshot -n $NAMESPACE $MADE\`; the driver of the claim has to be that of class $GROUP_CLASS"
  done < <(jq -r --arg unit "$MADE" --slurpfile survey "$WORK/survey" \
    '.claim as $claim | select(any($survey[0][]; .good and .unit == $unit and .claim == $claim) | not) | $claim' "$WORK/claims")
}

# retention <file with [{ name, createdAt }]>
retention() {
  jq --argjson now "$EPOCHSECONDS" --argjson keep "$KEEP" '{ $now, $keep, snapshots: . }' "$1" | jq -f "$here/snapshot-retention.jq"
}

# read_old <claim>: the last record in $WORK/old; null when there is none. Status 2 when it cannot be told.
read_old() {
  local status=0
  s3_get_file 1 "snapshots/$NAMESPACE/$1.json" "$WORK/old" || status=$?
  case $status in
    0) ;;
    1) jq -n null >"$WORK/old" && return ;;
    *) return 2 ;;
  esac
  if ! jq -e '(.snapshots | type == "array") and all(.snapshots[]; (.name | type == "string") and (.handle | type == "string")
      and (.createdAt | type == "string") and (.createdAt | sub("\\.\\d+Z$"; "Z") | fromdateiso8601 | type == "number"))' "$WORK/old" >/dev/null 2>&1; then
    # The bucket keeps it all the same.
    warn "the last record of claim $1 is damaged and is written anew: snapshots of an earlier life of the cluster are in its earlier versions"
    jq -n null >"$WORK/old"
  elif ! jq -e '.version == 1' "$WORK/old" >/dev/null; then
    CAUSE="its last record has version $(jq -c .version "$WORK/old"), and this release knows 1"
    CAUSE_FIX='deploy the release that wrote it, or a later one'
    return 2
  fi
}

# keep_record <claim's line of $WORK/claims>: the record of one claim, and what of it expires, in $WORK/expired.
keep_record() {
  local claim
  claim=$(jq -r .claim <<<"$1")
  jq --arg claim "$claim" 'map(select(.claim == $claim and .good))' "$WORK/survey" >"$WORK/good"
  if ! read_old "$claim"; then
    failed "claim $claim" "the record of its snapshots cannot be read from the vault: $CAUSE" "$CAUSE_FIX"
    told "$claim" null
    return
  fi
  jq -r '.snapshots // [] | .[].name' "$WORK/old" >>"$WORK/known"
  retention "$WORK/good" >"$WORK/verdict"
  # Nothing expires in a run that removes nothing: what would go is still there, and good.
  if [[ -s $WORK/failures ]]; then
    jq '.keep + (.expire | map({ name: ., tiers: [] }))' "$WORK/verdict" >"$WORK/keep"
  else
    jq .keep "$WORK/verdict" >"$WORK/keep"
    jq -r '.expire[]' "$WORK/verdict" >>"$WORK/expired"
  fi
  # Those of which the cluster has an object are somebody else's, or not ready now; they stay as they are.
  jq --slurpfile here "$WORK/snapshots" --slurpfile good "$WORK/good" '(.snapshots // [])
    | map(.name as $name | .handle as $handle | select(all($good[0][]; .name != $name and .handle != $handle))
        | .object = ($here[0] | map(select(.metadata.name == $name)) | first)
        | select(.object.metadata.deletionTimestamp == null))' "$WORK/old" >"$WORK/others"
  # Of those that this cluster has never seen, retention is that of all: nothing of this cluster goes because of them.
  jq --slurpfile good "$WORK/good" '($good[0] | map({ name: .handle, createdAt }))
    + (map(select(.object == null) | { name: .handle, createdAt: (.createdAt | sub("\\.\\d+Z$"; "Z") | fromdateiso8601) }))' "$WORK/others" >"$WORK/all"
  retention "$WORK/all" >"$WORK/verdict"
  told_forgotten "$claim"
  jq -n --arg schedule "$SCHEDULE_NAME" --arg namespace "$NAMESPACE" --argjson now "$EPOCHSECONDS" --argjson facts "$1" --slurpfile good "$WORK/good" \
    --slurpfile keep "$WORK/keep" --slurpfile others "$WORK/others" --slurpfile verdict "$WORK/verdict" \
    '$facts + { $schedule, $namespace, $now, good: $good[0], keep: $keep[0],
        old: ($others[0] | map(del(.object))),
        stay: ($verdict[0].keep + ($others[0] | map(select(.object != null) | { name: .handle, tiers }))) }' |
    jq -f "$here/record.jq" >"$WORK/record"
  if s3_put_file 1 "snapshots/$NAMESPACE/$claim.json" "$WORK/record"; then
    told "$claim" "$(cat "$WORK/record")"
  else
    failed "claim $claim" "the record of its snapshots cannot be written into the vault: $CAUSE" "$CAUSE_FIX"
    told "$claim" "$(cat "$WORK/old")"
  fi
}

# What leaves the record, and is still in the store: nobody else will ever tell of it.
told_forgotten() {
  local handle
  while read -r handle; do
    warn "snapshot $handle of claim $1 is of an earlier life of the cluster, and too old to be kept: delete it in the store of its driver, for nothing here can"
  done < <(jq -r --slurpfile verdict "$WORK/verdict" \
    '.[] | select(.object == null and (.handle | IN($verdict[0].expire[]))) | .handle' "$WORK/others")
}

# told <claim> <the record that is in the vault, or null>: a line of $WORK/results.
told() {
  jq -c --arg claim "$1" --argjson record "$2" '
    { claim: $claim,
      ready: (map(select(.claim == $claim and .good)) | length),
      notReady: (map(select(.claim == $claim and (.deleting | not))) | (map(select(.good) | .made) | max // 0) as $good
        | map(select((.good or .attached | not) and .made >= $good)) | length),
      newest: ($record.snapshots // [] | map(.createdAt | sub("\\.\\d+Z$"; "Z") | fromdateiso8601) | max),
      recorded: ($record.snapshots // [] | length) }' "$WORK/survey" >>"$WORK/results"
}

keep_records() {
  local claim others
  : >"$WORK/expired"
  # Names in the last records: what was good once.
  : >"$WORK/known"
  : >"$WORK/results"
  while IFS= read -r claim <&3; do keep_record "$claim"; done 3<"$WORK/claims"
  # What was to be taken and could not: how old its newest one is has to be told all the same.
  while IFS= read -r claim <&3; do
    if read_old "$claim"; then told "$claim" "$(cat "$WORK/old")"; else told "$claim" null; fi
  done 3< <(jq -nr --argjson named "$CLAIMS" --slurpfile taken "$WORK/claims" '$named - ($taken | map(.claim)) | .[]')
  others=$(jq -r --slurpfile claims "$WORK/claims" 'map(.claim) - ($claims | map(.claim)) | map(select(. != "")) | unique | join(", ")' "$WORK/survey")
  if [[ -n $others ]]; then log "snapshots of claims that it no longer takes stay as they are: $others"; fi
  jq -s . "$WORK/results" >"$WORK/summary"
}
