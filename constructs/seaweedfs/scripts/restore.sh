#!/usr/bin/env bash
# Brings a set back into a SeaweedFS, an empty one or one that is in use: folders with what was set for them, then files,
# the newest first, each at once with its content and everything that was known of it. What is newer than the set stays.
# It may be run again at any time, and goes on where another run was ended.
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
# shellcheck source=write.sh
source "$here/write.sh"

# The id of a set, or the newest complete one; `list` shows them and ends.
: "${RESTORE_SET:=latest}"
# Only what is at and below it: /buckets/logs, /buckets/logs/2026.
: "${RESTORE_PATH:=/}"
RESTORE_PATH=${RESTORE_PATH%/}
: "${RESTORE_PATH:=/}"
# true: also over what was written after the set was made, and over what was set for folders and buckets since.
: "${RESTORE_OVERWRITE:=false}"
# true: the filer has lost its metadata, and the volumes are still there. It is put back as it was, and what then cannot
# be read comes from the vault.
: "${RESTORE_METADATA:=false}"
# true: what seems to be there is read, and held against the set.
: "${RESTORE_VERIFY:=$RESTORE_METADATA}"

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }
damaged() { die "$SUBJECT: $1: $CAUSE" "${CAUSE_FIX:-choose another set (RESTORE_SET=list), or bring that object back: a versioned bucket keeps what was overwritten}"; }

# Sets ID; manifest, metadata and list are in $WORK/set.*.
choose() {
  local status=0
  if [[ $RESTORE_SET == list ]]; then
    list_sets || die "$SUBJECT: sets cannot be listed: $CAUSE" "$CAUSE_FIX"
    jq -c '.[] | { id, complete }' <<<"$SETS" && exit 0
  fi
  choose_set "$RESTORE_SET" 'make one: run the backup job' 'RESTORE_SET=list shows them'
  CAUSE='it is gone or damaged' CAUSE_FIX=''
  read_manifest "$ID" "$WORK/set.manifest" || status=$?
  if ((status != 0)); then damaged "the manifest of set $ID cannot be used"; fi
  read_part "$WORK/set.manifest" metadata "$WORK/set.metadata.gz" || damaged "set $ID cannot be used"
  read_part "$WORK/set.manifest" list "$WORK/set.list.gz" || damaged "set $ID cannot be used"
  ENCRYPTED=$(jq -r .encrypted "$WORK/set.manifest")
  gzip -dc "$WORK/set.list.gz" >"$WORK/set.list"
  entries "$WORK/set.metadata.gz" list.awk -v "under=$RESTORE_PATH" -v records=1 | sort -t $'\t' -k 1,1 >"$WORK/set.entries"
  if ! awk -F '\t' -v under="$RESTORE_PATH" '$1 == under || under == "/" || index($1, under "/") == 1 { found = 1 } END { exit !found }' "$WORK/set.entries"; then
    die "$SUBJECT: set $ID has nothing at $RESTORE_PATH" "give a path as the filer has it, such as /buckets/<bucket>/<folder>, with %XX for what is special in a URL; or choose another set"
  fi
}

# What there is now, in $WORK/now, lines as in the set.
look() {
  save_metadata / "$WORK/now.gz" || die "$SUBJECT: what is there cannot be asked: $CAUSE" "$CAUSE_FIX"
  entries "$WORK/now.gz" list.awk -v under=/ | sort -t $'\t' -k 1,1 >"$WORK/now"
}

# Says of each entry of the set what becomes of it, in $WORK/plan: what, and its line. What is of the same size, checksum and
# time is the same.
plan() {
  awk -F '\t' -v OFS='\t' -v overwrite="$RESTORE_OVERWRITE" -v now="$EPOCHSECONDS" '
    FILENAME ~ /now$/ { kind[$1] = $2; size[$1] = $4; mtime[$1] = $5; md5[$1] = $6; next }
    {
      there = $1 in kind
      if ($7 > 0 && $7 < now) what = "expired"
      else if (!there) what = "restore"
      else if ((kind[$1] == "directory") != ($2 == "directory")) what = $2 == "object" || kind[$1] == "object" ? "kept" : "blocked"
      else if ($2 == "directory") what = overwrite == "true" ? "replace" : "unchanged"
      else if (size[$1] == $4 && mtime[$1] == $5 && (md5[$1] == $6 || md5[$1] == "-" || $6 == "-")) what = "unchanged"
      else what = mtime[$1] < $5 || overwrite == "true" ? "replace" : "kept"
      print what, $0
    }' "$WORK/now" "$WORK/set.entries" >"$WORK/plan"
}

# load_records <lines of the plan>: as they were, with a folder at the end (weed.sh).
load_records() {
  if [[ ! -s $1 ]]; then return; fi
  {
    cut -f 10 "$1" | awk '{ n = length($0) / 2; printf "%02X%02X%02X%02X%s\n", int(n / 16777216) % 256, int(n / 65536) % 256, int(n / 256) % 256, n % 256, $0 }'
    # The folder of uploads: dir "/", name ".disaster-recovery", a directory, its mode 0770.
    printf '%s\n' 000000230A012F121E0A122E64697361737465722D7265636F7665727910012206'18F883808008'
  } | basenc --base16 -d -i >"$WORK/load"
  load_metadata "$WORK/load" || die "$SUBJECT: metadata cannot be loaded: $CAUSE" "$CAUSE_FIX"
}

# Entries that point into volumes of another SeaweedFS do harm: when such a one is replaced or deleted, the filer deletes
# what has its number there, whosever it is.
refuse_other_volumes() {
  local asked there
  awk -F '\t' '$9 != "-" { print "/?proxyChunkId=" $9 }' "$WORK/pointers" | shuf -n 20 >"$WORK/probes"
  asked=$(count "$WORK/probes")
  if ((asked == 0)); then return; fi
  filer_heads "$WORK/probes"
  there=$(awk -F '\t' '$2 == 200' "$WORK/heads" | wc -l)
  if ((2 * there < asked)); then
    die "$SUBJECT: of $asked files of set $ID whose content its volumes should have, they have $there: they are not the volumes that this metadata is of" \
      "run it without RESTORE_METADATA: then content comes from the vault as well"
  fi
}

# What was loaded is there; what is not is said.
check_places() {
  look
  awk -F '\t' -v OFS='\t' 'FILENAME ~ /now$/ { there[$1] = 1; next } { print $2, ($2 in there ? "restored" : "failed") }' "$WORK/now" "$1" >"$WORK/outcome"
  while IFS=$'\t' read -r path what; do said "$what" "$path" ''; done < <(awk -F '\t' '$2 == "failed"' "$WORK/outcome")
}

begun=$(now)
: >"$WORK/failed"
choose
reach_filer
reach_weed
delete_nothing
look
delete_leftovers
plan
awk -F '\t' '($1 == "restore" || $1 == "replace") && $3 ~ /^(directory|inline|remote)$/' "$WORK/plan" >"$WORK/places"
if [[ $RESTORE_METADATA == true ]]; then
  awk -F '\t' '$1 == "restore" && $3 !~ /^(directory|inline|remote)$/' "$WORK/plan" >"$WORK/pointers"
  refuse_other_volumes
  cat "$WORK/pointers" >>"$WORK/places"
fi
load_records "$WORK/places"
if [[ -s $WORK/places ]]; then
  log "$(count "$WORK/places") folders and entries without content of their own are back"
  check_places "$WORK/places"
fi
if [[ $RESTORE_METADATA == true ]]; then plan; fi
# Content that is to come back: path, bytes, mtime, extents, entry.
awk -F '\t' -v OFS='\t' -v verify="$RESTORE_VERIFY" '
  FILENAME ~ /set.list$/ { size[$1] = $3; mtime[$1] = $4; extents[$1] = $5; next }
  $3 ~ /^(file|encrypted|object)$/ && ($1 == "restore" || $1 == "replace" || $1 == "unchanged" && verify == "true") {
    if ($1 == "unchanged" && !($2 in extents)) next
    if (!($2 in extents)) { print $2, "its content is not in the set" >>"'"$WORK/failed"'"; next }
    print $1, $2, size[$2], $6, extents[$2], $10
  }' "$WORK/set.list" "$WORK/plan" >"$WORK/candidates"
verify_content
order_content
restore_content
delete_folder
check_content
for what in unchanged kept expired blocked; do
  number=$(awk -F '\t' -v what="$what" '$1 == what && $3 != "directory"' "$WORK/plan" | wc -l)
  declare "${what^^}=$number"
done
awk -F '\t' '$1 == "blocked" { print $2 "\ta folder is there in place of a file, or the other way round" }' "$WORK/plan" >>"$WORK/failed"
while IFS=$'\t' read -r path why; do warn "$path: $why"; done < <(head -n 50 "$WORK/failed")
jq -nc --arg set "$ID" --arg path "$RESTORE_PATH" --argjson places "$(count "$WORK/places")" --argjson restored "$RESTORED" --argjson bytes "$RESTORED_BYTES" \
  --argjson unchanged "$UNCHANGED" --argjson kept "$((KEPT + WRITTEN_MEANWHILE))" --argjson expired "$EXPIRED" --argjson failed "$(count "$WORK/failed")" \
  '{ $set, $path, $places, $restored, $bytes, $unchanged, $kept, $expired, $failed }'
log "set $ID, $RESTORE_PATH: $RESTORED files, $(megabytes "$RESTORED_BYTES"), are back in $(seconds_since "$begun") s; $((KEPT + WRITTEN_MEANWHILE)) are newer and stay"
if [[ -s $WORK/failed ]]; then
  die "$SUBJECT: $(count "$WORK/failed") of set $ID could not be restored, such as $(head -n 1 "$WORK/failed" | tr '\t' ':')" \
    "read the lines above: each says why; then run it again, what is there stays"
fi
