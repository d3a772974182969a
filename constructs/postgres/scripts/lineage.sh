# shellcheck shell=bash disable=SC2034,SC2016 # the results are for the script that sources this; programs are jq's
# Which timeline each life went on with. The highest .history file of an archive cannot tell: it may be a strayed
# clone's. So the life itself says, when its server has been promoted:
#   <repository path>/lineage/<stanza>/<lease>.json = { lease, timeline, at }
#   <repository path>/recoveries/<stanza>/<id>.json = { id, lease, timeline, to, at }: an ordered recovery was its origin
# Both are written before the first WAL of that timeline is pushed. They count once its .history file is in the archive:
# before that nothing of the new timeline can be there either, and the life left no trace. Needs s3.sh, repositories.sh.

lineage_key() { printf 'lineage/%s/%06d.json' "$STANZA" "$1"; }
recovery_key() { printf 'recoveries/%s/%s.json' "$STANZA" "$1"; }

# record_timeline <timeline>: for the lease of this volume; 1 when a repository did not take it.
record_timeline() {
  local repo origin record status=0
  if ((LEASE_NUMBER == 0)); then return; fi
  record=$(lineage_record "$1")
  origin=$(jq -c --argjson record "$record" 'select(.recovery) | { id: .recovery } + $record + { to: .target }' "$STATE_DIR/complete.json" 2>/dev/null) || origin=''
  for repo in $(s3_repositories); do
    if ! s3_put "$repo" "$(lineage_key "$LEASE_NUMBER")" "$record" ||
      { [[ -n $origin ]] && ! s3_put "$repo" "$(recovery_key "$(jq -r .id <<<"$origin")")" "$origin"; }; then
      log "timeline $1 of lease $LEASE_NUMBER could not be recorded in repo$repo: $CAUSE"
      status=1
    fi
  done
  return "$status"
}

lineage_record() {
  jq -nc --argjson lease "$LEASE_NUMBER" --argjson timeline "$1" --arg at "$(date -u +%FT%TZ)" '{ $lease, $timeline, $at }'
}

# read_lineage: sets LINEAGE_TIMELINE and LINEAGE_LEASE to those of the newest life that left a trace, empty and 0 when
# none did, and HISTORY to its ancestors. Needs INFO.
read_lineage() {
  local repo lease timeline records=''
  LINEAGE_TIMELINE='' LINEAGE_LEASE=0 HISTORY='[]'
  for repo in $(s3_repositories); do
    if s3_list "$repo" "lineage/$STANZA/"; then
      records+=$(sed -nE "s|^.*/([0-9]{6})\.json$|\1 $repo|p" <<<"$S3_KEYS")$'\n'
    else
      warn "the lineage in repo$repo could not be read: $CAUSE"
    fi
  done
  while read -r lease repo; do
    if [[ -z $lease ]] || ! s3_get "$repo" "$(lineage_key $((10#$lease)))"; then continue; fi
    timeline=$(jq -r '.timeline | numbers' <<<"$S3_BODY" 2>/dev/null) || timeline=''
    if [[ ! $timeline =~ ^[1-9][0-9]*$ ]]; then continue; fi
    if read_history "$timeline"; then
      LINEAGE_LEASE=$((10#$lease)) LINEAGE_TIMELINE=$timeline
      return
    fi
    log "lease $((10#$lease)) went on with timeline $timeline, of which nothing was archived: it does not count"
  done < <(sort -rn <<<"$records")
}

# read_history <timeline>: sets HISTORY to [{ timeline, end: LSN at which it was left }] of its ancestors, from the
# newest database of the stanza; 1 = no repository that could be read has this timeline's history file.
read_history() {
  local repo archive file
  HISTORY='[]'
  if (($1 == 1)); then return; fi
  for repo in $(readable_repositories); do
    archive=$(info --argjson repo "$repo" '
      ([.db[] | select(.["repo-key"] == $repo) | .id] | max) as $id
      | [.archive[]? | select(.database["repo-key"] == $repo and .database.id == $id) | .id][0] // empty')
    if [[ -z $archive ]]; then continue; fi
    file=$(timeout -k 5 "${INFO_TIMEOUT:-90}" pgbackrest --stanza="$STANZA" --repo="$repo" --log-level-console=off \
      "$(patience "${INFO_TIMEOUT:-90}")" repo-get "archive/$STANZA/$archive/$(printf %08X "$1").history" 2>/dev/null </dev/null) || continue
    HISTORY=$(jq -Rnc '[inputs | split("\t") | select(length >= 2) | { timeline: (.[0] | tonumber), end: .[1] }]' <<<"$file")
    return
  done
  return 1
}

# recovery_recorded <id>: a life that began with this recovery left its trace in the vault. Needs read_lineage.
recovery_recorded() {
  local repo lease
  for repo in $(s3_repositories); do
    if s3_get "$repo" "$(recovery_key "$1")"; then
      lease=$(jq -r '.lease | numbers' <<<"$S3_BODY" 2>/dev/null) || lease=''
      if [[ -n $lease ]] && ((lease <= LINEAGE_LEASE)); then return; fi
    fi
  done
  return 1
}
