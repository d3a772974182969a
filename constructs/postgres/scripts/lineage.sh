# shellcheck shell=bash disable=SC2034,SC2016 # the results are for the script that sources this; programs are jq's
# Which timeline each life went on with. The highest .history file of an archive cannot tell: it may be a strayed
# clone's. So the life itself says, when its server has been promoted:
#   <repository path>/lineage/<stanza>/<lease>.json = { lease, timeline, at, systemId? }
#   <repository path>/recoveries/<stanza>/<id>.json = { id, lease, timeline, to, at }: an ordered recovery was its origin
# Both are written before the first WAL of that timeline is pushed. They count once its .history file is in the archive:
# before that nothing of the new timeline can be there either, and the life left no trace. Likewise a life that began with
# a major upgrade, which has a system id of its own, counts once there is a backup of it: nothing else leads there. Needs
# s3.sh, repositories.sh.

lineage_key() { printf 'lineage/%s/%06d.json' "$STANZA" "$1"; }
recovery_key() { printf 'recoveries/%s/%s.json' "$STANZA" "$1"; }

# record_timeline <timeline> [system id]: for the lease of this volume; 1 when a repository did not take it.
record_timeline() {
  local repo origin record status=0
  if ((LEASE_NUMBER == 0)); then return; fi
  record=$(lineage_record "$@")
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

# Without a system id that of the volume's complete data counts; there is none yet where a database is initialised.
lineage_record() {
  local system=${2:-}
  if [[ -z $system ]]; then system=$(jq -r '.systemId // empty' "$STATE_DIR/complete.json" 2>/dev/null) || system=''; fi
  jq -nc --argjson lease "$LEASE_NUMBER" --argjson timeline "$1" --arg at "$(date -u +%FT%TZ)" --arg systemId "$system" \
    '{ $lease, $timeline, $at } + if $systemId == "" then {} else { $systemId } end'
}

# read_lineage: sets LINEAGE_TIMELINE, LINEAGE_LEASE and LINEAGE_SYSTEM (the system id) to those of the newest life that
# left a trace, empty and 0 when none did, and HISTORY to its ancestors. What could not be read is never taken for what is not there: an earlier life's
# timeline would lead past everything committed since. LINEAGE_UNREAD then tells why, and LINEAGE_FIX what to do. Needs
# INFO.
read_lineage() {
  local repo lease timeline system status records='' listed=no unread=0
  LINEAGE_TIMELINE='' LINEAGE_LEASE=0 LINEAGE_SYSTEM='' HISTORY='[]' LINEAGE_UNREAD='' LINEAGE_FIX=''
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
    system=$(jq -r '.systemId // empty' <<<"$S3_BODY")
    if [[ -z $system ]]; then system=$(backed_up_system); fi
    if [[ -n $system && -n $(backed_up_system) ]] && ! has_backup "$system"; then
      log "lease $lease went on with system id $system, of which no backup was made: it does not count"
      if [[ -n $(unreadable_repositories) ]]; then unread=$lease && lineage_unread "lease $lease may have a backup in a repository that could not be read"; fi
      continue
    fi
    read_history "$timeline" "$system" || status=$?
    case $status in
      0)
        LINEAGE_LEASE=$lease LINEAGE_TIMELINE=$timeline LINEAGE_SYSTEM=$system LINEAGE_UNREAD=''
        return
        ;;
      1) log "lease $lease went on with timeline $timeline, of which nothing was archived: it does not count" ;;
      *) unread=$lease ;;
    esac
  done < <(sort -rn <<<"$records")
}

# newest_recorded: sets RECORDED_TIMELINE to the highest that any life went on with, 0 when none is recorded (before there
# were leases); 1 when no repository could be asked.
newest_recorded() {
  local repo key asked=no timeline
  RECORDED_TIMELINE=0
  for repo in $(s3_repositories); do
    s3_list "$repo" "lineage/$STANZA/" || continue
    key=$(grep . <<<"$S3_KEYS" | tail -n 1) || true
    if [[ -n $key ]]; then s3_get "$repo" "$key" || continue; fi
    asked=yes
    if [[ -z $key ]]; then continue; fi
    timeline=$(jq -r '.timeline | numbers' <<<"$S3_BODY" 2>/dev/null) || timeline=0
    if ((timeline > RECORDED_TIMELINE)); then RECORDED_TIMELINE=$timeline; fi
  done
  [[ $asked == yes ]]
}

lineage_unread() { LINEAGE_UNREAD=$1 LINEAGE_FIX=$CAUSE_FIX; }

# The system id of the newest database of the stanza that has a backup; records without one are of such.
backed_up_system() {
  info '. as $stanza | [.backup[]?.database] | max_by(.id) // empty | . as $of
    | [$stanza.db[] | select(.id == $of.id and .["repo-key"] == $of["repo-key"]) | .["system-id"]][0] // empty'
}
has_backup() {
  info --exit-status --arg system "$1" '. as $stanza | any(.backup[]?.database; . as $of
    | any($stanza.db[]; .id == $of.id and .["repo-key"] == $of["repo-key"] and .["system-id"] == $system))' >/dev/null
}

# read_history <timeline> [system id]: sets HISTORY to [{ timeline, end: LSN at which it was left }] of its ancestors, from
# that database of the stanza, or its newest; 1 = no repository that could be read has this timeline's history file; 2 = one of them
# could not be asked, and LINEAGE_UNREAD tells why.
read_history() {
  local repo archive file errors got status=1
  HISTORY='[]'
  if (($1 == 1)); then return; fi
  errors=$(mktemp)
  for repo in $(readable_repositories); do
    archive=$(info --argjson repo "$repo" --arg system "${2:-}" '
      ([.db[] | select(.["repo-key"] == $repo and ($system == "" or .["system-id"] == $system)) | .id] | max) as $id
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
