#!/usr/bin/env bash
# Keeps a SeaweedFS in the vault, as a set: the metadata of its filer, and the content of every file in it that no earlier
# set has. Metadata is saved again after content was read, until nothing has changed meanwhile: what is in the set fits.
# A SeaweedFS that has lost most of its files ends no good set: none is made, none goes.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # the programs in single quotes are jq's and awk's
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
# shellcheck source=sets.sh
source "$here/sets.sh"
# shellcheck source=packs.sh
source "$here/packs.sh"
# shellcheck source=weed.sh
source "$here/weed.sh"
# shellcheck source=filer.sh
source "$here/filer.sh"
# shellcheck source=read.sh
source "$here/read.sh"

: "${KEEP_SECONDS:=2592000}"
: "${KEEP_AT_LEAST:=3}"
# The job is ended before that.
: "${STALE_SECONDS:=172800}"
# Of the files of the last set, the share that may be gone.
: "${MAXIMUM_LOSS:=0.5}"
# true: for a run after most of them were deleted on purpose.
: "${ACCEPT_LOSS:=false}"
# How often metadata is saved, at most; what is written all the time never stops changing.
: "${PASSES:=4}"
# Of a pack, the share that has to be in use still; else what is left of it is kept anew, and the pack goes.
: "${PACK_USE:=0.5}"
: "${PUSHGATEWAY_URL:=}"
: "${NAMESPACE:=}"

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }

in_vault() { die "$SUBJECT: $1: ${CAUSE:-it is damaged}" "${CAUSE_FIX:-run the job again}"; }

# What there is now: every entry, in $WORK/entries.
look() {
  save_metadata "$SEAWEEDFS_PATH" "$WORK/metadata.gz" || die "$SUBJECT: its metadata cannot be saved: $CAUSE" "$CAUSE_FIX"
  entries "$WORK/metadata.gz" list.awk -v "under=$SEAWEEDFS_PATH" | sort -t $'\t' -k 1,1 >"$WORK/entries" ||
    die "$SUBJECT: what \`fs.meta.save\` wrote is no metadata" "look whether the job's volume is full; \`weed\` has to be of about the version of the SeaweedFS"
  if [[ ! -s $WORK/entries ]]; then
    if [[ $SEAWEEDFS_PATH != / ]]; then die "$SUBJECT: there is nothing at $SEAWEEDFS_PATH" "correct \`root\`"; fi
    warn "$SUBJECT is empty"
  fi
}

# The files whose content is not known as it is now, in $WORK/todo.
look_for_new() {
  awk -F '\t' 'FILENAME ~ /known$/ { identity[$1] = $2; next } $2 == "file" && identity[$1] != $3' "$WORK/known" "$WORK/entries" >"$WORK/todo"
}

# Files of the last set, or of a run after it that did not end, whose content need not be read again. What is left of packs
# that are hardly used is.
reuse() {
  awk -F '\t' -v OFS='\t' 'FILENAME ~ /entries$/ { if ($2 == "file") identity[$1] = $3; next } $1 in identity && identity[$1] == $2 && !seen[$1]++' \
    "$WORK/entries" "$WORK/partial" "$WORK/last" >"$WORK/same"
  awk -F '\t' -v use="$PACK_USE" '
    NR == FNR { n = split($5, extent, ","); for (i = 1; i <= n; i++) { split(extent[i], part, ":"); used[part[1]] += part[3] } next }
    { n = split($5, extent, ","); for (i = 1; i <= n; i++) { split(extent[i], part, ":"); split(part[1], pack, "-"); if (used[part[1]] < use * pack[2]) next } print }' \
    "$WORK/same" "$WORK/same" >"$WORK/known"
}

# Nothing is written yet, but that it was begun.
refuse_loss() {
  local lost made
  if [[ $ACCEPT_LOSS == true ]]; then return; fi
  made=$(count "$WORK/last")
  lost=$(comm -23 <(cut -f 1 "$WORK/last") <(awk -F '\t' '$2 == "file" { print $1 }' "$WORK/entries") | wc -l)
  if jq -en --argjson lost "$lost" --argjson made "$made" --argjson most "$MAXIMUM_LOSS" '$lost > $most * $made' >/dev/null; then
    s3_delete "$SET_STORE" "$(set_key "$ID")/begun.json" || true
    die "$SUBJECT: $lost of the $made files of set $LAST are gone. No set is made, and none is removed" \
      "if SeaweedFS has lost them, bring them back: run its restore job; if they were deleted on purpose, run this once with ACCEPT_LOSS=true"
  fi
}

# keep <name> <file>: into the set and back; sets KEPT to what the manifest says of it.
keep() {
  local key status=0
  key=$(set_key "$ID")/$1
  sealed "$2" "$WORK/sealed"
  s3_put_file "$SET_STORE" "$key" "$WORK/sealed" || in_vault "$1 could not be written"
  rm -f "$WORK/back"
  s3_get_file "$SET_STORE" "$key" "$WORK/back" || status=$?
  if ((status == 2)); then in_vault "$1 cannot be read back"; fi
  cmp -s "$WORK/sealed" "$WORK/back" || die "$SUBJECT: the vault gives back something else than the $1 that was written" "look at the store; this set does not count"
  KEPT=$(jq -nc --arg file "$1" --arg sha256 "$(digest "$2")" --argjson bytes "$(stat -c %s "$2")" '{ $file, $bytes, $sha256 }')
}

of_kind() { awk -F '\t' -v kind="$1" '$2 == kind' "$WORK/entries"; }

push_metrics() {
  local url="${PUSHGATEWAY_URL%/}/metrics/job/seaweedfs-backup/namespace/$NAMESPACE/seaweedfs/$SEAWEEDFS_NAME"
  if [[ -z $PUSHGATEWAY_URL ]]; then return; fi
  jq -r --argjson now "$EPOCHSECONDS" '
    "# TYPE disaster_recovery_seaweedfs_backup_timestamp_seconds gauge", "disaster_recovery_seaweedfs_backup_timestamp_seconds \($now)",
    "# TYPE disaster_recovery_seaweedfs_backup_files gauge", "disaster_recovery_seaweedfs_backup_files \(.files)",
    "# TYPE disaster_recovery_seaweedfs_backup_bytes gauge", "disaster_recovery_seaweedfs_backup_bytes \(.bytes)",
    "# TYPE disaster_recovery_seaweedfs_backup_unread_files gauge", "disaster_recovery_seaweedfs_backup_unread_files \(.unread)"' "$WORK/manifest" >"$WORK/metrics"
  if ! curl --silent --show-error --fail --max-time 20 --retry 3 --retry-connrefused -X PUT --data-binary "@$WORK/metrics" "$url" >&2; then
    die "$SUBJECT: the set is made, but its metrics could not be pushed to $url" "look at the Pushgateway and at the network policies between this job and it"
  fi
}

if ((${DELAY_SECONDS:-0} > 0)); then nap "$DELAY_SECONDS"; fi
began=$(now) STARTED_AT=$(date -u +%FT%TZ)
reach_filer
reach_weed
begin_set
await_sweep 600
read_last "$WORK/last.manifest" "$WORK/last" || in_vault 'earlier sets cannot be read'
read_partial "$WORK/partial"
: >"$WORK/known" && : >"$WORK/left"
look
refuse_loss
reuse
pass=1
while :; do
  : >"$WORK/unread" && : >"$WORK/changing"
  look_for_new
  if [[ ! -s $WORK/todo ]]; then break; fi
  log "pass $pass: content of $(count "$WORK/todo") files, $(megabytes "$(total 4 "$WORK/todo")")"
  read_content "$((pass == PASSES))"
  if ((pass == PASSES)); then break; fi
  pass=$((pass + 1))
  look
done
# What is in the set: files of the last metadata, and where their content is.
awk -F '\t' -v OFS='\t' 'FILENAME ~ /entries$/ { if ($2 == "file") { there[$1] = 1 } next } $1 in there' "$WORK/entries" "$WORK/known" | sort -t $'\t' -k 1,1 >"$WORK/list"
for kind in encrypted remote object; do
  of_kind "$kind" | awk -F '\t' -v OFS='\t' -v why="$(not_kept "$kind")" '{ print $1, why }' >>"$WORK/left"
done
gzip -n <"$WORK/list" >"$WORK/files.gz"
keep metadata.gz "$WORK/metadata.gz" && metadata=$KEPT
keep files.gz "$WORK/files.gz" && list=$KEPT
jq -n --arg id "$ID" --arg name "$SEAWEEDFS_NAME" --arg path "$SEAWEEDFS_PATH" --arg startedAt "$STARTED_AT" --arg finishedAt "$(date -u +%FT%TZ)" \
  --argjson encrypted "$ENCRYPTED" --argjson metadata "$metadata" --argjson list "$list" --arg last "$LAST" \
  --argjson files "$(count "$WORK/list")" --argjson bytes "$(total 3 "$WORK/list")" \
  --argjson folders "$(of_kind directory | wc -l)" --argjson inline "$(of_kind inline | wc -l)" \
  --argjson passes "$pass" --argjson changing "$(count "$WORK/changing")" --argjson unread "$(count "$WORK/unread")" --argjson left "$(count "$WORK/left")" \
  --argjson packs "$(cut -f 5 "$WORK/list" | tr ',' '\n' | cut -d : -f 1 | sort -u | grep -c . || true)" \
  '{ version: 1, $id, seaweedfs: $name, $path, $startedAt, $finishedAt, $encrypted, last: (if $last == "" then null else $last end),
     $files, $bytes, $folders, $inline, $packs, $passes, consistent: ($changing == 0 and $unread == 0), $changing, $unread, $left, $metadata, $list }' >"$WORK/manifest"
# What can be read plainly has no names in it.
s3_put_file "$SET_STORE" "$(set_key "$ID")/manifest.json" "$WORK/manifest" || in_vault 'the manifest could not be written'
if ! read_manifest "$ID" "$WORK/back" || ! cmp -s "$WORK/manifest" "$WORK/back"; then in_vault 'the manifest cannot be read back'; fi
s3_delete "$SET_STORE" "$(set_key "$ID")/partial.gz" || true
jq -c --argjson fetched "${FETCHED_BYTES:-0}" '. + { $fetched }' "$WORK/manifest"
log "set $ID: $(count "$WORK/list") files, $(megabytes "$(total 3 "$WORK/list")"), of which $(megabytes "${FETCHED_BYTES:-0}") were read now, in $(seconds_since "$began") s"
push_metrics
while IFS=$'\t' read -r path why; do warn "$path is not in the set: $why"; done < <(head -n 20 "$WORK/left")
if [[ -s $WORK/changing ]]; then warn "$(count "$WORK/changing") files changed while they were read, each time: $(cut -f 1 "$WORK/changing" | head -n 5 | paste -sd ' ')"; fi
if [[ -s $WORK/unread ]]; then
  # Older sets may be all there is of them.
  die "$SUBJECT: set $ID lacks $(count "$WORK/unread") files that cannot be read, such as $(head -n 1 "$WORK/unread" | tr '\t' ':'). No old set is removed" \
    "look at the volume servers: \`volume.list\` and \`volume.fix.replication\` of \`weed shell\`; or bring these files back from an older set"
fi
expire_sets "$KEEP_SECONDS" "$KEEP_AT_LEAST" "$STALE_SECONDS"
sweep "$STALE_SECONDS"
