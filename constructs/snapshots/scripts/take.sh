#!/usr/bin/env bash
# Takes a snapshot of each claim, waits until they are ready to use, leaves the records by which they are found without a
# cluster, and removes what retention lets go. Nothing is removed by a run in which anything went wrong, and never what
# bears no label of this schedule.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # the programs in single quotes are jq's
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
# shellcheck source=kubernetes.sh
source "$here/kubernetes.sh"
# shellcheck source=records.sh
source "$here/records.sh"
# shellcheck source=remove.sh
source "$here/remove.sh"
# shellcheck source=push.sh
source "$here/push.sh"

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }

# failed <what> <why> <what to do>: the run goes on with the others, and fails at its end.
failed() {
  jq -nc --arg what "$1" --arg why "$2" --arg fix "$3" '{ $what, $why, $fix }' >>"$WORK/failures"
  warn "$1: $2"
}
: >"$WORK/failures"

# $WORK/claims: { claim, storageClass, volumeMode, accessModes } a line, of those that can be taken.
look_at_claims() {
  local claim status selector
  : >"$WORK/found"
  if [[ -n $CLAIM_SELECTOR ]]; then
    selector=$(jq -rn --arg selector "$CLAIM_SELECTOR" '$selector | @uri')
    kube_all "$CLAIMS_PATH?labelSelector=$selector" "$WORK/items" || die "$SUBJECT: claims cannot be listed: $CAUSE" "$CAUSE_FIX"
    jq -c '.[]' "$WORK/items" >"$WORK/found"
    if [[ ! -s $WORK/found ]]; then
      die "$SUBJECT: no claim has the labels $CLAIM_SELECTOR" "label the claims, or correct claimSelector: \`kubectl get pvc -n $NAMESPACE --show-labels\`"
    fi
  else
    while read -r claim; do
      status=0
      kube GET "$CLAIMS_PATH/$claim" || status=$?
      case $status in
        0) jq -c . "$ANSWER" >>"$WORK/found" ;;
        1) failed "claim $claim" 'there is no such claim' "correct claims, or make it: \`kubectl get pvc -n $NAMESPACE\`" ;;
        *) failed "claim $claim" "it cannot be looked at: $CAUSE" "$CAUSE_FIX" ;;
      esac
    done < <(jq -r '.[]' <<<"$CLAIMS")
  fi
  while read -r claim; do
    failed "claim $claim" 'it has no volume yet' "wait until it is bound: \`kubectl describe pvc -n $NAMESPACE $claim\`"
  done < <(jq -r 'select(.status.phase != "Bound") | .metadata.name' "$WORK/found")
  jq -c 'select(.status.phase == "Bound")
    | { claim: .metadata.name, storageClass: .spec.storageClassName, volumeMode: .spec.volumeMode, accessModes: .spec.accessModes }' \
    "$WORK/found" >"$WORK/claims"
}

# What is waited for: the path of an object by its name, and the last error that it told.
declare -A PENDING=() SAID=()

# make <what for> <path> <beginning of its name> <program that adds to the object>: sets MADE to its name. Two schedules may
# begin in one second.
make() {
  local status attempt
  for attempt in 1 2 3 4 5; do
    MADE=$3-$(date -u +%Y%m%dt%H%M%Sz) status=0
    jq -n --arg name "$MADE" --arg key "$SCHEDULE_LABEL" --arg schedule "$SCHEDULE_NAME" \
      "{ metadata: { \$name, labels: { (\$key): \$schedule } } } + $4" "${@:5}" >"$WORK/body"
    kube POST "$2" "$WORK/body" || status=$?
    if ((status != 3 || attempt == 5)); then break; fi
    nap 1
  done
  if ((status != 0)); then
    failed "$1" "no snapshot can be made: $CAUSE" "$CAUSE_FIX"
    return 1
  fi
  PENDING[$MADE]=$2/$MADE
  log "snapshot $MADE of $1 is begun"
}

# wait_for_earlier <claim>: a driver that takes none for days is not asked for one more by each run: with three that it has not
# taken yet, the newest of them is as good as a new one. Status 1 = a new one is to be made.
wait_for_earlier() {
  local name
  name=$(jq -r --arg claim "$1" --argjson now "$EPOCHSECONDS" --argjson stale "$STALE_SECONDS" '
    map(select(.claim == $claim and .kind == "snapshot" and (.ready or .cut or .deleting or .attached | not) and $now - .made < $stale))
    | sort_by(.made, .name) | if length >= 3 then last.name else "" end' "$WORK/seen")
  if [[ -z $name ]]; then return 1; fi
  PENDING[$name]=$SNAPSHOTS/$name
  log "snapshot $name of claim $1 was begun by an earlier run and is not taken yet, nor are two more: it is waited for"
}

take() {
  local claim version
  if [[ -n $GROUP_CLASS ]]; then
    kube GET "/apis/group$GROUP" || die "$SUBJECT: the cluster has no group snapshots: $CAUSE" "$CAUSE_FIX"
    version=$(jq -r .preferredVersion.version "$ANSWER")
    GROUPS_PATH=/apis/group$GROUP/$version/namespaces/$NAMESPACE/volumegroupsnapshots
    GROUP_CONTENTS=/apis/group$GROUP/$version/volumegroupsnapshotcontents
    make "the claims $CLAIM_SELECTOR" "$GROUPS_PATH" "$SCHEDULE_NAME" \
      '{ apiVersion: "group\($group)/\($version)", kind: "VolumeGroupSnapshot",
         spec: { volumeGroupSnapshotClassName: $class, source: { selector: { matchLabels: ($labels | split(",") | map(split("=") | { key: .[0], value: .[1] }) | from_entries) } } } }' \
      --arg class "$GROUP_CLASS" --arg labels "$CLAIM_SELECTOR" --arg group "$GROUP" --arg version "$version" || true
    return
  fi
  look
  while read -r claim; do
    if wait_for_earlier "$claim"; then continue; fi
    make "claim $claim" "$SNAPSHOTS" "$claim" \
      '{ apiVersion: "\($group)/v1", kind: "VolumeSnapshot",
         spec: { volumeSnapshotClassName: $class, source: { persistentVolumeClaimName: $claim } } }' \
      --arg class "$SNAPSHOT_CLASS" --arg claim "$claim" --arg group "$GROUP" || true
  done < <(jq -r .claim "$WORK/claims")
}

# Whether all are ready, or gone.
all_ready() {
  local name status error
  for name in "${!PENDING[@]}"; do
    status=0
    kube GET "${PENDING[$name]}" || status=$?
    if ((status == 1)); then
      failed "snapshot $name" 'somebody has deleted it' 'find out who: nothing else may delete snapshots of a schedule while it runs'
      unset "PENDING[$name]"
    elif ((status != 0)); then
      # The next look may see it.
      SAID[$name]=$CAUSE
    elif jq -e '.status.readyToUse == true' "$ANSWER" >/dev/null; then
      log "snapshot $name is ready to use after $((SECONDS - BEGUN)) s"
      unset "PENDING[$name]"
    else
      error=$(jq -r '.status.error.message // "" | gsub("\\s+"; " ") | .[:500]' "$ANSWER")
      if [[ -n $error && $error != "${SAID[$name]:-}" ]]; then warn "snapshot $name is not ready: $error"; fi
      SAID[$name]=$error
    fi
  done
  ((${#PENDING[@]} == 0))
}

await_ready() {
  local name why fix
  BEGUN=$SECONDS
  if wait_until "$READY_SECONDS" 'the snapshots to be ready to use' all_ready; then return; fi
  for name in "${!PENDING[@]}"; do
    why=${SAID[$name]:-}
    if [[ -n $why ]]; then
      fix="put right what the driver or the snapshot controller says; \`kubectl describe volumesnapshot -n $NAMESPACE $name\` has all of it"
    else
      fix='see that the snapshot controller and the csi-snapshotter beside the driver run, or give it more time (readyWithin)'
    fi
    failed "snapshot $name" "it is not ready to use after $READY_SECONDS s${why:+: $why}" "$fix"
  done
}

if [[ -n $CLAIM_SELECTOR ]] || jq -e 'type == "array" and length > 0' <<<"$CLAIMS" >/dev/null; then :; else
  die "$SUBJECT: no claim is named" 'set CLAIMS or CLAIM_SELECTOR'
fi
look_at_claims
take
await_ready
survey
check_members
keep_records
if [[ -s $WORK/failures ]]; then log 'nothing is removed by this run, for something went wrong'; else remove_expired; fi
push_result
jq -c --slurpfile failures "$WORK/failures" '{ schedule: $ENV.SCHEDULE_NAME, claims: ., failures: ($failures | map(.what)) }' "$WORK/summary"
if [[ -s $WORK/failures ]]; then
  die "$SUBJECT: $(jq -rs '.[0] | "\(.what): \(.why)"' "$WORK/failures")$(jq -rs 'if length > 1 then ", and \(length - 1) more" else "" end' "$WORK/failures")" \
    "$(jq -rs '.[0].fix' "$WORK/failures")"
fi
log "$SUBJECT are taken"
