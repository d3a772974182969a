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
# none did, and HISTORY to its ancestors. What could not be read is never taken for what is not there: an earlier life's
# timeline would lead past everything committed since. LINEAGE_UNREAD then tells why, and LINEAGE_FIX what to do. Needs
# INFO.
read_lineage() {
  local repo lease timeline status records='' listed=no unread=0
  LINEAGE_TIMELINE='' LINEAGE_LEASE=0 HISTORY='[]' LINEAGE_UNREAD='' LINEAGE_FIX=''
  for repo in $(s3_repositories); do
    if s3_list "$repo" "lineage/$STANZA/"; then
      listed=yes
      records+=$(sed -nE "s|^.*/([0-9]{6})\.json$|\1 $repo|p" <<<"$S3_KEYS")$'\n'
    else
      lineage_unread "repo$repo: $CAUSE"
      warn "the lineage in $LINEAGE_UNREAD"
    fi
  done
  # Each repository knows all of it.
  if [[ $listed == yes ]]; then LINEAGE_UNREAD=''; fi
  while read -r lease repo; do
    if [[ -z $lease ]]; then continue; fi
    lease=$((10#$lease))
    if ((lease < unread)); then return; fi
    status=0
    s3_get "$repo" "$(lineage_key "$lease")" || status=$?
    if ((status == 2)); then unread=$lease && lineage_unread "repo$repo: $CAUSE"; fi
    if ((status != 0)); then continue; fi
    timeline=$(jq -r '.timeline | numbers' <<<"$S3_BODY" 2>/dev/null) || timeline=''
    if [[ ! $timeline =~ ^[1-9][0-9]*$ ]]; then continue; fi
    read_history "$timeline" || status=$?
    case $status in
      0)
        LINEAGE_LEASE=$lease LINEAGE_TIMELINE=$timeline LINEAGE_UNREAD=''
        return
        ;;
      1) log "lease $lease went on with timeline $timeline, of which nothing was archived: it does not count" ;;
      *) unread=$lease ;;
    esac
  done < <(sort -rn <<<"$records")
}

lineage_unread() { LINEAGE_UNREAD=$1 LINEAGE_FIX=$CAUSE_FIX; }

# read_history <timeline>: sets HISTORY to [{ timeline, end: LSN at which it was left }] of its ancestors, from the
# newest database of the stanza; 1 = no repository that could be read has this timeline's history file; 2 = one of them
# could not be asked, and LINEAGE_UNREAD tells why.
read_history() {
  local repo archive file errors got status=1
  HISTORY='[]'
  if (($1 == 1)); then return; fi
  errors=$(mktemp)
  for repo in $(readable_repositories); do
    archive=$(info --argjson repo "$repo" '
      ([.db[] | select(.["repo-key"] == $repo) | .id] | max) as $id
      | [.archive[]? | select(.database["repo-key"] == $repo and .database.id == $id) | .id][0] // empty')
    if [[ -z $archive ]]; then continue; fi
    got=0
    file=$(timeout -k 5 "${INFO_TIMEOUT:-90}" pgbackrest --stanza="$STANZA" --repo="$repo" --log-level-console=off \
      --log-level-stderr=warn "$(patience "${INFO_TIMEOUT:-90}")" --ignore-missing \
      repo-get "archive/$STANZA/$archive/$(printf %08X "$1").history" 2>"$errors" </dev/null) || got=$?
    # With --ignore-missing, 1 says that there is no such file.
    if ((got > 1)); then
      explain "$(<"$errors")"
      lineage_unread "repo$repo: $CAUSE"
      status=2
    elif ((got == 0)); then
      HISTORY=$(jq -Rnc '[inputs | split("\t") | select(length >= 2) | { timeline: (.[0] | tonumber), end: .[1] }]' <<<"$file")
      status=0
      break
    fi
  done
  rm -f "$errors"
  return "$status"
}

# recovery_recorded <id>: a life that began with this recovery left its trace in the vault; sets LINEAGE_UNREAD when no
# repository could be asked. Needs read_lineage.
recovery_recorded() {
  local repo lease status asked=no
  for repo in $(s3_repositories); do
    status=0
    s3_get "$repo" "$(recovery_key "$1")" || status=$?
    if ((status == 2)); then lineage_unread "repo$repo: $CAUSE" && continue; fi
    asked=yes
    if ((status == 1)); then continue; fi
    lease=$(jq -r '.lease | numbers' <<<"$S3_BODY" 2>/dev/null) || lease=''
    if [[ -n $lease ]] && ((lease <= LINEAGE_LEASE)); then LINEAGE_UNREAD='' && return; fi
  done
  if [[ $asked == yes ]]; then LINEAGE_UNREAD=''; fi
  return 1
}
