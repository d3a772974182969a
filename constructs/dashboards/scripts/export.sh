#!/usr/bin/env bash
# Exports every dashboard and folder of a Grafana into the vault, as a set that is read back before it counts; then those
# that are too old go. A Grafana that has lost most of what people made ends no good set: none is made, none goes.
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
# shellcheck source=sets.sh
source "$here/sets.sh"
# shellcheck source=grafana.sh
source "$here/grafana.sh"

: "${KEEP_SECONDS:=2592000}"
: "${KEEP_AT_LEAST:=3}"
# The job is ended before that.
: "${STALE_SECONDS:=172800}"
# Of the dashboards that people made, the share that may be gone since the last set.
: "${MAXIMUM_LOSS:=0.5}"
# true: for a run after most of them were deleted on purpose.
: "${ACCEPT_LOSS:=false}"

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }

in_vault() { die "$SUBJECT: $1: ${CAUSE:-it is there already}" "${CAUSE_FIX:-run the job again}"; }

# Sets LAST to the id of the newest complete set whose manifest can be read, which is then in $WORK/last; or to nothing.
read_last() {
  local status
  LAST=''
  list_sets || in_vault 'earlier sets cannot be listed'
  while read -r LAST; do
    status=0
    read_manifest "$LAST" "$WORK/last" || status=$?
    case $status in
      0) return ;;
      2) in_vault "the set $LAST cannot be read" ;;
    esac
    warn "the manifest of set $LAST is damaged"
  done < <(jq -r 'map(select(.complete)) | reverse | .[].id' <<<"$SETS")
  LAST=''
  jq -n null >"$WORK/last"
}

# fetch <uid> <title>: its file and its entry, or an entry of what could not be read.
fetch() {
  local uid=$1 title=$2 file=$WORK/set/$((COUNT + 1)).json status=0
  grafana GET "/api/dashboards/uid/$(path_part "$uid")" || status=$?
  if ((status == 1)); then
    log "dashboard $title was deleted meanwhile"
    return
  fi
  # Without a connection, or a token, nothing of what follows can be read.
  if ((status != 0)) && [[ $STATUS == 000 || $STATUS == 401 ]]; then refuse "dashboard $title could not be read"; fi
  if ((status == 0)) && ! jq -e --arg uid "$uid" '.dashboard.uid == $uid and (.meta | type == "object")' "$ANSWER" >/dev/null; then
    status=2 CAUSE="it was answered without dashboard and meta: $(excerpt)"
  fi
  if ((status != 0)); then
    warn "dashboard $title cannot be read: $CAUSE"
    jq -nc --arg uid "$uid" --arg title "$title" --arg cause "$CAUSE" '{ $uid, $title, $cause }' >>"$WORK/unread"
    return
  fi
  COUNT=$((COUNT + 1))
  cp "$ANSWER" "$file"
  jq -c --arg file "${file##*/}" --arg sha256 "$(sum "$file")" --arg content "$(content "$file")" --argjson bytes "$(stat -c %s "$file")" \
    '{ uid: .dashboard.uid, title: (.dashboard.title // ""), folderUid: (.meta.folderUid // ""), provisioned: (.meta.provisioned // false),
       version: (.dashboard.version // 0), updated: (.meta.updated // ""), updatedBy: (.meta.updatedBy // ""),
       library: ([.dashboard.panels[]? | .. | objects | .libraryPanel? // empty] | length),
       $file, $bytes, $sha256, $content }' "$file" >>"$WORK/entries"
}

sum() { sha256sum <"$1" | cut -d ' ' -f 1; }
# Of what people wrote: Grafana counts versions and ids by itself.
content() { jq -S '.dashboard | del(.id, .version)' "$1" | sha256sum | cut -d ' ' -f 1; }

# Nothing is written yet.
refuse_loss() {
  local lost made
  if [[ $ACCEPT_LOSS == true ]]; then return; fi
  made=$(jq '[.dashboards // [] | .[] | select(.provisioned | not)] | length' "$WORK/last")
  lost=$(jq --slurpfile now "$WORK/listed" '[.dashboards // [] | .[] | select((.provisioned | not) and (.uid | IN($now[0][].uid) | not))] | length' "$WORK/last")
  if jq -en --argjson lost "$lost" --argjson made "$made" --argjson most "$MAXIMUM_LOSS" '$lost > $most * $made' >/dev/null; then
    die "$SUBJECT: $lost of the $made that people had made by set $LAST are gone. No set is made, and none is removed" \
      "if Grafana has lost them, bring them back: run its restore job; if they were deleted on purpose, or the token may no longer see them, put that right, or run this once with ACCEPT_LOSS=true"
  fi
}

# keep <name> <file>: into the vault and back.
keep() {
  local key status=0
  key=$(set_key "$ID")/$1
  s3_put_file "$SET_STORE" "$key" "$2" || in_vault "$1 could not be written"
  rm -f "$WORK/back"
  s3_get_file "$SET_STORE" "$key" "$WORK/back" || status=$?
  if ((status == 2)); then in_vault "$1 cannot be read back"; fi
  cmp -s "$2" "$WORK/back" || die "$SUBJECT: the vault gives back something else than the $1 that was written" "look at the store; this set does not count"
}

if ((${DELAY_SECONDS:-0} > 0)); then nap "$DELAY_SECONDS"; fi
began=$(now) STARTED_AT=$(date -u +%FT%TZ) COUNT=0
mkdir "$WORK/set"
: >"$WORK/entries" && : >"$WORK/unread"
reach_grafana
read_last
all_folders "$WORK/folders" || refuse 'folders cannot be listed'
all_pages '/api/search?type=dash-db' "$WORK/listed" || refuse 'dashboards cannot be listed'
refuse_loss
while IFS=$'\x1f' read -r uid title; do
  fetch "$uid" "$title"
done < <(jq -r '.[] | [.uid, .title | gsub("[\n\r]"; " ")] | join("\u001f")' "$WORK/listed")
begin_set
while read -r file; do
  keep "$file" "$WORK/set/$file"
done < <(jq -r .file "$WORK/entries")
jq -n --arg id "$ID" --arg grafana "$GRAFANA_NAME" --arg url "$GRAFANA_URL" --arg startedAt "$STARTED_AT" --arg finishedAt "$(date -u +%FT%TZ)" \
  --slurpfile dashboards "$WORK/entries" --slurpfile unread "$WORK/unread" --slurpfile folders "$WORK/folders" \
  '{ $id, $grafana, $url, $startedAt, $finishedAt, folders: $folders[0], $dashboards, $unread }' >"$WORK/manifest"
keep manifest.json "$WORK/manifest"
CHANGES=$(jq -nc --slurpfile before "$WORK/last" --slurpfile now "$WORK/manifest" '{ before: $before[0], now: $now[0] }' | jq -c -f "$here/changes.jq")
jq -r 'to_entries[] | select(.value != []) | "\(.key): \(.value | join(", "))"' <<<"$CHANGES" | while IFS= read -r line; do log "$line"; done
jq -c --arg last "$LAST" --argjson changes "$CHANGES" '{ id, last: (if $last == "" then null else $last end), folders: (.folders | length),
  dashboards: (.dashboards | length), provisioned: ([.dashboards[] | select(.provisioned)] | length), unread: (.unread | length) } + $changes' "$WORK/manifest"
log "set $ID: $COUNT dashboards and $(jq length "$WORK/folders") folders of $GRAFANA_NAME, read back, in $(seconds_since "$began") s"
if jq -es 'any(.library > 0 and (.provisioned | not))' "$WORK/entries" >/dev/null; then
  warn "some dashboards have library panels, which are in no set: $(jq -rs 'map(select(.library > 0 and (.provisioned | not)).title) | join(", ")' "$WORK/entries")"
fi
if [[ -s $WORK/unread ]]; then
  # Older sets may be all there is of them.
  die "$SUBJECT: set $ID lacks $(jq -rs 'map(.title) | join(", ")' "$WORK/unread"), which cannot be read: $(jq -rs '.[0].cause' "$WORK/unread"). No old set is removed" \
    "open them in Grafana: one saved in a newer format is read by no older API (save it as a classic dashboard), one that is damaged has versions to go back to"
fi
expire_sets "$KEEP_SECONDS" "$KEEP_AT_LEAST" "$STALE_SECONDS"
