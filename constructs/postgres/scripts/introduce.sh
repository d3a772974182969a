# shellcheck shell=bash
# A repository that was added later, or emptied, knows nothing of what happened before it: on which timeline the database
# is, and which ordered recoveries were done. Alone, after the others were dropped, it would follow the highest timeline,
# and repeat an order that still stands. So the archiver tells each repository once in each life of the data, as soon as
# it takes WAL. Sourced by archive.sh; needs s3.sh, lease.sh and lineage.sh.

INTRODUCED_FILE=$STATE_DIR/introduced

# introduce <segment> <archive_command…>: never ends the script; what fails is tried again ten seconds later.
introduce() {
  local segment=${1##*/} repo status
  shift
  # Only a whole segment shows the timeline that the server is on.
  if ((LEASE_NUMBER == 0)) || [[ ! $segment =~ ^[0-9A-F]{24}$ ]]; then return 0; fi
  for repo in $(s3_repositories); do
    if grep -qxF "$(introduction "$repo")" "$INTRODUCED_FILE" 2>/dev/null; then continue; fi
    status=0
    s3_get "$repo" "$(lineage_key "$LEASE_NUMBER")" || status=$?
    if ((status == 1)); then
      status=0
      hand_over "$repo" "$((16#${segment:0:8}))" "$@" || status=2
    fi
    if ((status == 0)); then
      introduction "$repo" >>"$INTRODUCED_FILE"
    else
      warn "repo$repo does not know yet what happened before it: $CAUSE"
    fi
  done
}

# A repository by its place: its number may have been another's.
introduction() { printf '%s %s %s %s\n' "$LEASE_NUMBER" "$(s3_host "$1")" "$(configured "repo$1-s3-bucket")" "$(s3_root "$1")"; }

# hand_over <repository> <timeline> <archive_command…>: the lineage last, since that is what tells that all is there.
hand_over() {
  local repo=$1 timeline=$2 history
  shift 2
  history=$(dirname "${!#}")/$(printf %08X "$timeline").history
  if [[ -e $history ]]; then
    # Into all of them, since pgBackRest knows no other way; a history file may be pushed twice.
    if ! history=$("${@:1:$#-1}" --no-archive-async "$history" 2>&1); then explain "$history" && return 1; fi
  fi
  hand_over_recoveries "$repo" || return 1
  s3_put_new "$repo" "$(lineage_key "$LEASE_NUMBER")" "$(lineage_record "$timeline")" || [[ $? == 1 ]] || return 1
  log "repo$repo knows now that lease $LEASE_NUMBER is on timeline $timeline"
}

hand_over_recoveries() {
  local from key
  for from in $(s3_repositories); do
    if [[ $from == "$1" ]]; then continue; fi
    s3_list "$from" "recoveries/$STANZA/" || return 1
    for key in $S3_KEYS; do
      s3_get "$from" "$key" || return 1
      s3_put_new "$1" "$key" "$S3_BODY" || [[ $? == 1 ]] || return 1
    done
  done
}
