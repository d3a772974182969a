#!/usr/bin/env bash
# The job of every deploy: creates the stanza, proves that archiving works, and makes a full backup where none of the
# server's current timeline exists: after the first start, and after each restore.
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
# shellcheck source=repositories.sh
source "$here/repositories.sh"
# shellcheck source=authorities.sh
source "$here/authorities.sh"
# shellcheck source=job.sh
source "$here/job.sh"

# `check` has just made the server archive a segment, whose name begins with the timeline the server is on. Only where
# one of several repositories kept it from succeeding, the newest segment in this one must do (a strayed copy of the
# database may have left a higher timeline there, which costs a needless full backup).
checked_timeline() { sed -nE 's/^.*INFO: WAL segment ([0-9A-F]{8})[0-9A-F]{16} successfully archived.*$/\1/p' "$OUTPUT" | tail -n 1; }

# What is known of one repository: its timeline and the newest backup on it, of the stanza's present database (timelines
# begin again with a major upgrade).
known() {
  info --argjson repo "$1" --arg timeline "$TIMELINE" '
    ([.db[] | select(.["repo-key"] == $repo) | .id] | max) as $id
    | (if $timeline != "" then $timeline else
        [.archive[] | select(.database["repo-key"] == $repo and .database.id == $id) | .max // ""][0] // "" | .[0:8] end) as $now
    | [.backup[] | select(.database["repo-key"] == $repo and .database.id == $id and .archive.stop[0:8] == $now
        and (.error | not))] | max_by(.timestamp.stop).label // empty
    | { repo: $repo, "label": ., timeline: $now, skipped: true } | tojson'
}

into() {
  local existing
  if ! known "$1" >"$KNOWN" 2>/dev/null; then
    because unknown "repo$1 could not be read" "look at the lines above"
    return 1
  fi
  existing=$(<"$KNOWN")
  if [[ -z $existing ]]; then
    back_up full "$1"
  else
    log "repo$1 has a backup of this timeline: no other is needed"
    printf '%s\n' "$existing"
  fi
}

reach_database
TIMELINE=$(checked_timeline)
TARGETS=$(repositories)
KNOWN=$(mktemp)
cleanup() { rm -f "$OUTPUT" "$SERVERS" "$KNOWN"; }
read_info "${INFO_TIMEOUT:-90}"
each_repository into
