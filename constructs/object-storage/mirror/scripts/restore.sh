#!/usr/bin/env bash
# Brings a bucket, or what begins with a prefix, back from its mirror: as the newest run left it, or as of an earlier
# moment. It tells what it would do, and does it only when it is told to. What the target has besides stays, unless that is
# said, too. It may run again at any time, and goes on where a killed one ended.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=stores.sh
source "$here/stores.sh"
# shellcheck source=runs.sh
source "$here/runs.sh"

# `latest`; an instant with its zone: as the last run before it left it; `current`: what lies there, whatever records say.
: "${RESTORE_AT:=latest}"
# Only keys that begin with it.
: "${RESTORE_PREFIX:=}"
# Another bucket of the same store. @default the one that is mirrored
: "${TARGET_BUCKET:=$SOURCE_BUCKET}"
# true: do it.  true: delete what the target has and had not then.
: "${RESTORE_APPLY:=false}" "${RESTORE_DELETE:=false}"
readonly TARGET=target:$TARGET_BUCKET/$SOURCE_PREFIX

# Sets BELOW: the prefix as the mirror knows it.
choose_prefix() {
  BELOW=${RESTORE_PREFIX#"$SOURCE_PREFIX"}
  if [[ $RESTORE_PREFIX != "$SOURCE_PREFIX"* && $SOURCE_PREFIX != "$RESTORE_PREFIX"* ]]; then
    die "$SUBJECT: nothing below '$RESTORE_PREFIX' is in it: it has what is below '$SOURCE_PREFIX'" "give a prefix that begins with that, or none"
  fi
  if [[ $SOURCE_PREFIX == "$RESTORE_PREFIX"* ]]; then BELOW=''; fi
}
below() { awk -F "$TAB" -v prefix="$BELOW" 'index($1, prefix) == 1 || prefix == ""' "$1"; }

# Sets ID, that of the run, and AS_OF, when it ended.
choose_run() {
  local id ended limit
  ID='' AS_OF=''
  if [[ $RESTORE_AT == current ]]; then return 0; fi
  limit=9999-12-31T23:59:59Z
  if [[ $RESTORE_AT != latest ]]; then
    if [[ ! $RESTORE_AT =~ T.*(Z|[+-][0-9][0-9]:?[0-9][0-9])$ ]] || ! limit=$(date -u -d "$RESTORE_AT" +%FT%TZ 2>/dev/null); then
      die "$SUBJECT: '$RESTORE_AT' is no instant" "give one with its zone: 2026-05-04T03:02:01Z"
    fi
  fi
  while read -r id; do
    ended=$(jq -r '.finishedAt // ""' "$WORK/runs/$id/record.json" 2>/dev/null || true)
    if [[ -z $ended ]]; then warn "the record of run $id cannot be read"; fi
    if [[ -n $ended && ! $ended > $limit ]]; then ID=$id AS_OF=$ended; fi
  done < <(complete_runs)
  if [[ -n $ID ]]; then return 0; fi
  if [[ -z $(complete_runs) ]]; then
    die "$SUBJECT: no run of it was ever completed" "take what lies there all the same: --at current (RESTORE_AT=current)"
  fi
  die "$SUBJECT: no run had ended at $limit" "choose a later moment: npm run mirror -- <environment> $MIRROR_NAME list shows them"
}

# $WORK/places: a line for each object as that run left it, and the part of the mirror that has it: what is there now, less
# what later runs have added, and with what they have put aside. The newest is undone first.
find_places() {
  local id files=("place=current" "kind=now" "$WORK/current")
  list_tree vault "$CURRENT" "$WORK/current" || die "$SUBJECT: the mirror cannot be listed: $CAUSE" "$CAUSE_FIX"
  if [[ -n $ID ]]; then
    while read -r id; do
      fetch_plan "$id" "$WORK/plan.$id" || die "$SUBJECT: what run $id has done cannot be read: $CAUSE" "$CAUSE_FIX"
      list_tree vault "$REPLACED/$id" "$WORK/replaced.$id" || die "$SUBJECT: what run $id has put aside cannot be listed: $CAUSE" "$CAUSE_FIX"
      files+=("kind=plan" "$WORK/plan.$id" "place=replaced/$id" "kind=aside" "$WORK/replaced.$id")
    done < <(runs_after "$ID" | sort -r)
  fi
  # $WORK/plan… has what to do in the first column, the name in the second.
  awk 'BEGIN { FS = OFS = "\t" }
    kind == "now" || kind == "aside" { places[$1] = place; bytes[$1] = $2 }
    kind == "plan" && $1 == "A" { delete places[$2] }
    END { for (name in places) print name, bytes[name], places[name] }' "${files[@]}" | sort -t "$TAB" -k 1,1 >"$WORK/all-places"
  below "$WORK/all-places" >"$WORK/places"
  rm -f "$WORK"/plan.* "$WORK"/replaced.*
}
names_in() { awk -F "$TAB" -v place="$1" '$3 == place { print $1 }' "$WORK/places"; }
parts() { cut -f 3 "$WORK/places" | sort -u; }

# compare: $WORK/missing and $WORK/different of the target; $WORK/unsure: those of one size of which no checksum is known.
compare() {
  local place
  : >"$WORK/missing" && : >"$WORK/different" && : >"$WORK/unsure"
  while read -r place; do
    names_in "$place" >"$WORK/names"
    if ! store target check --one-way --files-from-raw "$WORK/names" --use-server-modtime --combined "$WORK/combined" "$MIRROR/$place" "$TARGET"; then
      if [[ ! -s $WORK/combined ]] || ! grep -q 'differences found' "$WORK/rclone.log" || grep -qE 'error (listing|reading)' "$WORK/rclone.log"; then
        die "$SUBJECT: the target cannot be compared: $CAUSE" "$CAUSE_FIX"
      fi
    fi
    sed -n 's/^+ //p' "$WORK/combined" >>"$WORK/missing"
    sed -n 's/^[*!] //p' "$WORK/combined" >>"$WORK/different"
    # Of one that was uploaded in parts the checksum may be unknown.
    if grep -q 'could not be checked' "$WORK/rclone.log"; then
      sed -n 's/^= //p' "$WORK/combined" | sort >"$WORK/alike"
      store vault lsf --recursive --files-only --files-from-raw "$WORK/alike" --no-traverse --format ph --hash MD5 --separator "$TAB" "$MIRROR/$place" >"$WORK/hashed" ||
        die "$SUBJECT: the mirror cannot be listed: $CAUSE" "$CAUSE_FIX"
      awk -F "$TAB" '$2 !~ /^[0-9a-f]+$/ { print $1 }' "$WORK/hashed" >>"$WORK/unsure"
    fi
  done < <(parts)
  sort -o "$WORK/missing" "$WORK/missing" && sort -o "$WORK/different" "$WORK/different" && sort -o "$WORK/unsure" "$WORK/unsure"
}

# write_from <place> <file with names> <option…>
write_from() {
  local place=$1 names=$2
  shift 2
  comm -12 <(names_in "$place") "$names" >"$WORK/names"
  if [[ ! -s $WORK/names ]]; then return 0; fi
  store target copy --files-from-raw "$WORK/names" --no-traverse --metadata --stats 30s --stats-one-line --stats-log-level NOTICE "$@" \
    "$MIRROR/$place" "$TARGET" || die "$SUBJECT: not everything could be brought back: $CAUSE" "$CAUSE_FIX; then run it again: what is there is not copied again"
}

apply() {
  local place
  sort -m "$WORK/missing" "$WORK/different" >"$WORK/to-write"
  while read -r place; do
    write_from "$place" "$WORK/to-write" --ignore-times
    write_from "$place" "$WORK/unsure" --no-update-modtime
  done < <(parts)
  if [[ $RESTORE_DELETE == true && -s $WORK/extra ]]; then
    store target delete --files-from-raw "$WORK/extra" "$TARGET" || die "$SUBJECT: what was not there then could not be deleted: $CAUSE" "$CAUSE_FIX"
    DELETED=$(wc -l <"$WORK/extra")
  fi
  WRITTEN=$(wc -l <"$WORK/to-write")
  compare
  if [[ -s $WORK/missing || -s $WORK/different ]]; then
    die "$SUBJECT: $(cat "$WORK/missing" "$WORK/different" | wc -l) objects are not as they were: $(cat "$WORK/missing" "$WORK/different" | head -n 5 | paste -sd ' ')" \
      "keep others from writing there, and run it again"
  fi
}

# told <what> <file>
told() {
  if [[ ! -s $2 ]]; then return 0; fi
  log "$(wc -l <"$2") objects $1: $(head -n 5 "$2" | paste -sd ' ')$(if (($(wc -l <"$2") > 5)); then echo ' …'; fi)"
}

DELETED=0 WRITTEN=0
choose_prefix
fetch_runs || die "$SUBJECT: its records cannot be read: $CAUSE" "$CAUSE_FIX"
choose_run
if [[ -n $ID ]]; then log "as run $ID left it, which ended at $AS_OF"; else log "as it lies there"; fi
find_places
if [[ ! -s $WORK/places ]]; then die "$SUBJECT: it has nothing below '$RESTORE_PREFIX' then" "choose another prefix or moment"; fi
list_tree target "$TARGET" "$WORK/target" || die "$SUBJECT: the target cannot be listed: $CAUSE" "$CAUSE_FIX"
compare
comm -13 <(cut -f 1 "$WORK/places") <(below "$WORK/target" | cut -f 1) >"$WORK/extra"
TO_WRITE=$(cat "$WORK/missing" "$WORK/different" | wc -l)
BYTES=$(awk -F "$TAB" 'names { wanted[$1]; next } $1 in wanted { n += $2 } END { printf "%.0f", n }' names=1 "$WORK/missing" "$WORK/different" names=0 "$WORK/places")
told "are missing at the target" "$WORK/missing"
told "are different there, and are overwritten" "$WORK/different"
told "are there, and were not then$(if [[ $RESTORE_DELETE == true ]]; then echo ': they are deleted'; else echo ': they stay'; fi)" "$WORK/extra"
DIFFERENT=$(wc -l <"$WORK/different") MISSING=$(wc -l <"$WORK/missing")
if [[ $RESTORE_APPLY == true ]]; then apply; else log "nothing was changed: RESTORE_APPLY=true (--yes) brings back $TO_WRITE objects, $(megabytes "$BYTES")"; fi
jq -nc --arg run "$ID" --arg asOf "$AS_OF" --arg prefix "$RESTORE_PREFIX" --arg target "$TARGET_BUCKET" --argjson applied "$RESTORE_APPLY" \
  --argjson objects "$(wc -l <"$WORK/places")" --argjson missing "$MISSING" --argjson different "$DIFFERENT" --argjson extra "$(wc -l <"$WORK/extra")" \
  --argjson bytes "$BYTES" --argjson written "$WRITTEN" --argjson deleted "$DELETED" \
  '{ run: (if $run == "" then null else $run end), asOf: (if $asOf == "" then null else $asOf end), $prefix, $target, $objects, $missing, $different, $extra, $bytes, $applied, $written, $deleted }'
