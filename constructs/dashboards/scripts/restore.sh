#!/usr/bin/env bash
# Puts a set of dashboards back into a Grafana, a new and empty one or one that has some: folders first, with their uids,
# then the dashboards that people made. What is provisioned comes back by itself, and what is newer than the set stays.
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

# The id of a set, or the newest complete one; `list` shows them and ends.
: "${RESTORE_SET:=latest}"
# A JSON list of uids; empty: all that people made.
: "${RESTORE_UIDS:=[]}"
# true: also over dashboards that were changed after the set was made.
: "${RESTORE_OVERWRITE:=false}"

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }

# Sets ID; its manifest is in $WORK/manifest.
choose() {
  local status=0
  if [[ $RESTORE_SET == list ]]; then
    list_sets || die "$SUBJECT: sets cannot be listed: $CAUSE" "$CAUSE_FIX"
    jq -c '.[] | { id, complete, files: (.keys | length) }' <<<"$SETS" && exit 0
  fi
  choose_set "$RESTORE_SET" 'make one: run the export job' 'RESTORE_SET=list shows them'
  read_manifest "$ID" "$WORK/manifest" || status=$?
  if ((status == 2)); then die "$SUBJECT: the manifest of set $ID cannot be read: $CAUSE" "$CAUSE_FIX"; fi
  if ((status != 0)); then
    die "$SUBJECT: the manifest of set $ID is damaged" "choose another set, or bring that object back: a versioned bucket keeps what was overwritten"
  fi
}

# What is to be restored, in $WORK/chosen; its folders and theirs, and empty ones, in $WORK/folders, parents first.
choose_dashboards() {
  local missing
  missing=$(jq -r --argjson wanted "$RESTORE_UIDS" '$wanted - (.dashboards | map(.uid)) | join(", ")' "$WORK/manifest")
  if [[ -n $missing ]]; then die "$SUBJECT: set $ID has no dashboard $missing" "choose of: $(jq -r '.dashboards | map(.uid) | join(", ")' "$WORK/manifest")"; fi
  jq -c --argjson wanted "$RESTORE_UIDS" '.dashboards[] | select(.provisioned | not) | select($wanted == [] or (.uid | IN($wanted[])))' \
    "$WORK/manifest" >"$WORK/chosen"
  jq -c --slurpfile chosen "$WORK/chosen" --argjson wanted "$RESTORE_UIDS" '
    (.folders | map({ key: .uid, value: . }) | from_entries) as $known
    | def up: ., ($known[.].parentUid // empty | up);
      (.dashboards | map(.folderUid)) as $used | (.folders | map(.parentUid)) as $parents
    | ($chosen | map(.folderUid | select($known[.]))
        + if $wanted == [] then [$known[].uid | select((IN($used[]) or IN($parents[])) | not)] else [] end
        | [.[] | up] | unique) as $needed
    | .folders[] | select(.uid | IN($needed[]))' "$WORK/manifest" >"$WORK/folders"
}

# The folder of this Grafana in which what was in a folder of the set goes.
declare -A FOLDERS=()

restore_folder() {
  local uid title parent status=0
  uid=$(jq -r .uid <<<"$1") title=$(jq -r .title <<<"$1") parent=$(jq -r '.parentUid // ""' <<<"$1")
  if [[ -n $parent ]]; then parent=${FOLDERS[$parent]:-$parent}; fi
  FOLDERS[$uid]=$uid
  grafana GET "/api/folders/$(path_part "$uid")" || status=$?
  if ((status == 0)); then return; fi
  if ((status != 1)); then refuse "folder $title cannot be looked for"; fi
  jq -n --arg uid "$uid" --arg title "$title" --arg parent "$parent" '{ $uid, $title } + if $parent == "" then {} else { parentUid: $parent } end' >"$WORK/body"
  status=0
  grafana POST /api/folders "$WORK/body" || status=$?
  case $status in
    0) MADE_FOLDERS=$((MADE_FOLDERS + 1)) ;;
    3)
      # Somebody, or provisioning, has made one of that name.
      all_pages "/api/folders?parentUid=$(path_part "$parent")" "$WORK/beside" || refuse "folders beside $title cannot be listed"
      FOLDERS[$uid]=$(jq -r --arg title "$title" 'map(select(.title == $title)) | first | .uid // ""' "$WORK/beside")
      if [[ -z ${FOLDERS[$uid]} ]]; then refuse "folder $title cannot be made"; fi
      log "folder $title is there under another uid (${FOLDERS[$uid]}): its dashboards go there"
      ;;
    *) refuse "folder $title cannot be made" ;;
  esac
}

# 0 where it is not said.
seconds_of() { if [[ -n $1 ]]; then date -u -d "$1" +%s 2>/dev/null || echo 0; else echo 0; fi; }

# said <outcome> <title> [<why>]: one line of what became of it, counted at the end.
said() {
  printf '%s\n' "$1" >>"$WORK/outcomes"
  log "$1: $2${3:+ ($3)}"
}

restore_dashboard() {
  local uid title folder file=$WORK/dashboard there=$WORK/there status=0 overwrite=false
  uid=$(jq -r .uid <<<"$1") title=$(jq -r .title <<<"$1") folder=$(jq -r .folderUid <<<"$1")
  rm -f "$file"
  s3_get_file "$SET_STORE" "$(set_key "$ID")/$(jq -r .file <<<"$1")" "$file" || status=$?
  if ((status == 2)); then die "$SUBJECT: dashboard $title of set $ID cannot be read: $CAUSE" "$CAUSE_FIX"; fi
  if [[ ! -f $file || $(sha256sum <"$file" | cut -d ' ' -f 1) != $(jq -r .sha256 <<<"$1") ]]; then
    said failed "$title" 'its file in the vault is gone or damaged: restore it from another set' && return
  fi
  status=0
  grafana GET "/api/dashboards/uid/$(path_part "$uid")" || status=$?
  if ((status > 1)); then refuse "dashboard $title cannot be looked for"; fi
  if ((status == 0)); then
    cp "$ANSWER" "$there"
    if jq -e '.meta.provisioned == true' "$there" >/dev/null; then said kept "$title" 'it is provisioned' && return; fi
    if [[ $(wrote "$there") == "$(wrote "$file")" ]]; then said unchanged "$title" && return; fi
    if [[ $RESTORE_OVERWRITE != true ]] && (($(seconds_of "$(jq -r '.meta.updated // ""' "$there")") > $(seconds_of "$(jq -r .updated <<<"$1")"))); then
      said kept "$title" 'it was changed after the set was made: RESTORE_OVERWRITE=true puts the set in its place'
      return
    fi
    overwrite=true
  fi
  jq --arg folder "${FOLDERS[${folder:-none}]:-$folder}" --arg set "$ID" --argjson overwrite "$overwrite" \
    '{ dashboard: (.dashboard | .id = null | del(.version)), folderUid: $folder, message: "restored from set \($set)", $overwrite }' "$file" >"$WORK/body"
  status=0
  grafana POST /api/dashboards/db "$WORK/body" || status=$?
  if ((status == 2)) && [[ $STATUS == 000 || $STATUS == 401 || $STATUS == 403 ]]; then refuse "dashboard $title cannot be written"; fi
  if ((status != 0)); then said failed "$title" "${CAUSE:-not found}" && return; fi
  if [[ $(jq -r '.uid // ""' "$ANSWER") != "$uid" ]]; then said failed "$title" "it got another uid than $uid" && return; fi
  said restored "$title"
}
wrote() { jq -S '.dashboard | del(.id, .version)' "$1" | sha256sum; }

MADE_FOLDERS=0
: >"$WORK/outcomes"
choose
choose_dashboards
reach_grafana
while IFS= read -r entry <&3; do
  restore_folder "$entry"
done 3<"$WORK/folders"
while IFS= read -r entry <&3; do
  restore_dashboard "$entry"
done 3<"$WORK/chosen"
jq -Rnc --arg set "$ID" --argjson folders "$MADE_FOLDERS" '[inputs] as $all | { $set, $folders }
  + (["restored", "unchanged", "kept", "failed"] | map({ key: ., value: (. as $one | $all | map(select(. == $one)) | length) }) | from_entries)' "$WORK/outcomes"
if grep -q '^failed' "$WORK/outcomes"; then
  die "$SUBJECT: $(grep -c '^failed' "$WORK/outcomes") of set $ID could not be restored" "read the lines above: each says why; then run it again, what is there stays"
fi
