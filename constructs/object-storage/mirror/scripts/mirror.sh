#!/usr/bin/env bash
# Copies a bucket, or a part of it, into the vault: what is new and what has changed. What is gone at the source, or was
# another before, stays under the id of the run that replaced it, so that every moment can be had back:
#   <path>/current/<key>          the bucket as it is, a plain copy
#   <path>/replaced/<id>/<key>    what a run took away from there
#   <path>/runs/<id>/…            what it meant to do, and its record
# It can be killed at any moment: the next run goes on.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=stores.sh
source "$here/stores.sh"
# shellcheck source=runs.sh
source "$here/runs.sh"
# shellcheck source=plan.sh
source "$here/plan.sh"
# shellcheck source=check.sh
source "$here/check.sh"
# shellcheck source=metrics.sh
source "$here/metrics.sh"

: "${KEEP_SECONDS:=2592000}" "${DELAY_SECONDS:=0}"
# The share of the objects that may be gone at once; true says for this run that more were deleted on purpose.
: "${MAXIMUM_LOSS:=0.25}" "${ACCEPT_LOSS:=false}"
# Of how many runs each reads an equal part of the mirror back, byte for byte; 0: none does.
: "${READ_BACK_RUNS:=14}"

cleanup() {
  # `status` is that of the script, as finish knows it.
  if ((status != 0 && status < 128)); then push_failure || true; fi
  rm -rf "$WORK"
}

read_everything() {
  fetch_runs || die "$SUBJECT: its records cannot be read: $CAUSE" "$CAUSE_FIX"
  known_state || die "$SUBJECT: its records cannot be read: $CAUSE" "$CAUSE_FIX"
  list_tree vault "$CURRENT" "$WORK/mirror" || die "$SUBJECT: the mirror cannot be listed: $CAUSE" "$CAUSE_FIX"
  LISTED=$(date -u -d '-2 seconds' '+%F %T')
  list_tree source "$SOURCE" "$WORK/source" || { UNREADABLE=1 && die "$SUBJECT: the source cannot be listed: $CAUSE" "$CAUSE_FIX"; }
}

# begin_run: sets ID. What it means to do is in the vault before it does anything: an older moment needs to know what was new.
begin_run() {
  # Of two that begin in one second the second one waits.
  while grep -q "^$(date -u +%Y%m%dT%H%M%SZ)" "$WORK/run-ids"; do nap 1; done
  ID=$(date -u +%Y%m%dT%H%M%SZ) STARTED=$(date -u +%FT%TZ) BEGUN=$(now)
  grep -v '^=' "$WORK/plan" | gzip -n >"$WORK/plan.gz" || true
  keep "$WORK/plan.gz" "$RUNS/$ID/plan.gz" || die "$SUBJECT: the vault takes nothing: $CAUSE" "$CAUSE_FIX"
}

# copy_kind <kinds>: over what is there.
copy_kind() {
  local which=(--files-from-raw "$WORK/names" --no-traverse)
  pick "$1" >"$WORK/names"
  if [[ ! -s $WORK/names ]]; then return 0; fi
  # A mirror that has nothing takes all: rclone then has of its own listing what it asks about each name otherwise.
  if [[ ! -s $WORK/mirror ]]; then which=(); fi
  # What is to be copied is known, and compared afterwards: neither before nor after an object is the vault asked about it.
  store both copy "${which[@]}" --no-check-dest --s3-no-head --metadata --stats 30s --stats-one-line --stats-log-level NOTICE \
    "$SOURCE" "$CURRENT" || { if [[ $(at_fault) == source ]]; then UNREADABLE=1; fi; die "$SUBJECT: not everything could be copied: $CAUSE" "$CAUSE_FIX"; }
}

# Keeps what is about to be replaced or removed: nothing is, before all of that is there. A copy that is damaged cannot be
# kept, and must not keep the mirror from going on; it is told at the end.
put_aside() {
  pick CR >"$WORK/names"
  : >"$WORK/lost"
  if [[ ! -s $WORK/names ]]; then return 0; fi
  if ! store vault copy --files-from-raw "$WORK/names" --no-traverse --ignore-times "$CURRENT" "$REPLACED/$ID" && [[ $CAUSE_CODE != damaged ]]; then
    die "$SUBJECT: what is replaced could not be put aside: $CAUSE" "$CAUSE_FIX"
  fi
  sed -nE '/ERROR *: Attempt [0-9]+\/[0-9]+ failed/d; s/^.*ERROR *: (.*): (corrupted on transfer|Failed to copy: BadDigest).*$/\1/p' "$WORK/rclone.log" | sort -u >"$WORK/lost"
  list_tree vault "$REPLACED/$ID" "$WORK/aside" || die "$SUBJECT: what was put aside cannot be listed: $CAUSE" "$CAUSE_FIX"
  comm -23 <(sort "$WORK/names") <(cut -f 1 "$WORK/aside" | sort -m - "$WORK/lost") >"$WORK/not-aside"
  if [[ -s $WORK/not-aside ]]; then
    die "$SUBJECT: $(wc -l <"$WORK/not-aside") objects that are replaced were not put aside, for example $(head -n 3 "$WORK/not-aside" | paste -sd ' ')" \
      "run it again; nothing was replaced yet"
  fi
}

remove_gone() {
  pick R >"$WORK/names"
  if [[ ! -s $WORK/names ]]; then return 0; fi
  store vault delete --files-from-raw "$WORK/names" "$CURRENT" || die "$SUBJECT: what is gone at the source could not be removed: $CAUSE" "$CAUSE_FIX"
}

# Every object as this run leaves it. One that was written a moment before the listing may have been written again within
# the second that stores tell, so its time counts as unknown; so does the copy of one that was found different.
write_state() {
  list_tree vault "$CURRENT" "$WORK/mirror" || die "$SUBJECT: the mirror cannot be listed: $CAUSE" "$CAUSE_FIX"
  join_names -o 0,1.2,1.3,2.3 "$WORK/source" "$WORK/mirror" |
    awk -v fresh="$LISTED" 'BEGIN { FS = OFS = "\t" } names { bad[$1]; next } $3 >= fresh { $3 = $3 "+" } $1 in bad { $4 = "!" } { print }' names=1 "$WORK/differing" names=0 - >"$WORK/state"
  gzip -n <"$WORK/state" >"$WORK/state.gz"
}

# The record is the truth: a run that has none did not end.
write_record() {
  local finished
  finished=$(date -u +%FT%TZ)
  jq -n --arg id "$ID" --argjson run "$RUN" --arg mirror "$MIRROR_NAME" --arg previous "${LAST:-}" --arg started "$STARTED" --arg finished "$finished" \
    --arg endpoint "${RCLONE_CONFIG_SOURCE_ENDPOINT:-}" --arg bucket "$SOURCE_BUCKET" --arg prefix "$SOURCE_PREFIX" --arg seconds "$(seconds_since "$BEGUN")" \
    --argjson objects "$(wc -l <"$WORK/state")" --argjson bytes "$(awk -F "$TAB" '{ n += $2 } END { printf "%.0f", n }' "$WORK/state")" \
    --argjson copied "$(count_of ACM)" --argjson copiedBytes "$(bytes_of ACM)" --argjson replaced "$(count_of C)" --argjson removed "$(count_of R)" --argjson repaired "$(count_of M)" \
    --argjson readBack "$READ_BACK" --argjson changedMeanwhile "$MEANWHILE" --rawfile differing "$WORK/differing" --slurpfile earlier <(cat "$WORK"/runs/*/record.json 2>/dev/null || true) '
    ($differing | split("\n") | map(select(. != ""))) as $names
    | { version: 1, $id, run: $run, $mirror, previous: (if $previous == "" then null else $previous end), source: { $endpoint, $bucket, $prefix },
        startedAt: $started, finishedAt: $finished, seconds: ($seconds | tonumber), $objects, $bytes,
        copied: { objects: $copied, bytes: $copiedBytes }, $replaced, $removed, $repaired,
        versions: ($replaced + $removed + ($earlier | map(.replaced + .removed) | add // 0)),
        check: { $readBack, $changedMeanwhile, differences: ($names | length), differing: $names[:100] } }' >"$WORK/record.json"
  if ! keep "$WORK/state.gz" "$RUNS/$ID/state.gz" || ! keep "$WORK/record.json" "$RUNS/$ID/record.json"; then
    die "$SUBJECT: its record could not be written: $CAUSE" "$CAUSE_FIX"
  fi
  mkdir -p "$WORK/runs/$ID"
  cp "$WORK/record.json" "$WORK/runs/$ID/record.json"
  if [[ -n ${LAST:-} ]]; then store vault deletefile "$RUNS/$LAST/state.gz" || warn "the state of run $LAST stays: $CAUSE"; fi
}

UNREADABLE=0 REFUSED=0
if ((DELAY_SECONDS > 0)); then nap "$DELAY_SECONDS"; fi
read_everything
make_plan || die "$SUBJECT: what has changed cannot be told: $CAUSE" "$CAUSE_FIX"
log "$(wc -l <"$WORK/source") objects at the source, $(wc -l <"$WORK/mirror") in the mirror: $(count_of A) new ($(megabytes "$(bytes_of A)")), $(count_of C) changed, $(count_of R) gone"
if (($(count_of M) > 0)); then warn "$(count_of M) objects of the mirror are not as it left them, and are copied again: $(pick M | head -n 5 | paste -sd ' ')"; fi
guard
begin_run
put_aside
copy_kind ACM
remove_gone
check_mirror
write_state
write_record
jq -c . "$WORK/record.json"
if [[ -s $WORK/differing ]]; then
  die "$SUBJECT: $(wc -l <"$WORK/differing") objects differ from the source: $(head -n 5 "$WORK/differing" | paste -sd ' ')" \
    "the next run copies them again, and keeps nothing of what is wrong: start one (npm run mirror -- <environment> $MIRROR_NAME now); where it comes again, look at the vault's disks and at who else writes below $MIRROR_PATH"
fi
if [[ -s $WORK/lost ]]; then
  die "$SUBJECT: the mirror is as the source is; $(wc -l <"$WORK/lost") older copies were damaged, and could not be kept: $(head -n 5 "$WORK/lost" | paste -sd ' ')" \
    "look at the vault's disks, and let a run read everything back (READ_BACK_RUNS=1); the vault's own versions of these objects are all that is left of that moment"
fi
expire_runs
push_success
