# shellcheck shell=bash disable=SC2016,SC2034 # the programs in single quotes are jq's; results are for who sources this
# Where the archive ended when a restore began: the newest WAL segment of each repository on the timeline that is
# restored. A segment that is missing before it is a hole, not the end, unless it was on its way when the disaster came:
# pgBackRest pushes several at once, so that a later one may have arrived without it. Sourced by wal-get.sh, once for
# each recovery, when it is told that a segment does not exist.

ARCHIVE_END_FILE=${STATE_DIR:-/var/lib/postgresql/recovery}/archive-end

# remember_archive_end <timeline, or empty for the newest> <system id>: one line per repository, "<segment> <repository>
# <archive id>". Needs INFO, of which it believes the repositories read.
remember_archive_end() {
  local prefix='' newest
  if [[ $1 =~ ^[1-9][0-9]*$ ]]; then prefix=$(printf %08X "$1"); fi
  # The backup's own, whichever that is: a higher one would be somebody else's.
  if [[ $1 == current ]]; then prefix=none; fi
  newest=$(info --arg prefix "$prefix" --arg system "$2" '
    . as $stanza
    | .archive[]? | . as $a | select(.max != null and (.max | startswith($prefix)))
    | select(any($stanza.db[]; .id == $a.database.id and .["repo-key"] == $a.database["repo-key"] and .["system-id"] == $system))
    | "\(.max) \(.database["repo-key"]) \(.id)"')
  write_durably "$ARCHIVE_END_FILE" "$newest"
}

archive_ends() { cat "$ARCHIVE_END_FILE" 2>/dev/null || true; }
archive_end() { archive_ends | cut -d ' ' -f 1 | sort | tail -n 1; }

# The position counts, whatever the timeline: those before the newest one are its ancestors. Anything that is no
# segment, such as a history file, may be missing.
lies_before_archive_end() {
  local end
  end=$(archive_end)
  [[ $1 =~ ^[0-9A-F]{24}$ && $end =~ ^[0-9A-F]{24}$ && ! ${1:8} > ${end:8} && ! ${1:0:8} > ${end:0:8} ]]
}

# was_on_its_way <segment>: every repository that goes on after it got what it has of that within a short time before
# its last, as when pushes ran beside this one; and none keeps a version of it, which would show that somebody deleted
# it. 1 = it is a hole. 2 = that could not be found out, with CAUSE* telling why. Needs s3.sh, repositories.sh.
was_on_its_way() {
  local newest repo id status
  while read -r newest repo id; do
    if [[ -z $newest || ! ${newest:8} > ${1:8} ]]; then continue; fi
    # On another timeline, a whole life of the database followed.
    if [[ ${newest:0:8} != "${1:0:8}" ]]; then return 1; fi
    status=0
    pushed_after "$1" "$newest" "$repo" "$id" || status=$?
    if ((status != 0)); then return "$status"; fi
    if ((PUSHED_SECONDS > ${IN_FLIGHT_SECONDS:-120})); then return 1; fi
    # pgBackRest calls the file by its checksum as well.
    if [[ -n $(s3_repositories) ]]; then
      s3_has_versions "$repo" "archive/$STANZA/$id/${1:0:16}/$1-" || status=$?
      if ((status == 0)); then return 1; fi
      # A store that lists versions to nobody, or not to this key, can tell nothing; one that gave no answer must.
      if ((status == 2)) && [[ $S3_STATUS != 501 && ! $S3_STATUS =~ ^4 || $CAUSE_CODE == key || $CAUSE_CODE == clock ]]; then return 2; fi
    fi
  done < <(archive_ends)
}

# pushed_after <segment> <newest> <repository> <archive id>: sets PUSHED_SECONDS, over which those after it were pushed;
# 1 = too many to have been pushed beside it.
pushed_after() {
  local folder listing times=''
  # 256 segments of 16 MB to a folder.
  if ((16#${2:8:8} - 16#${1:8:8} > 1)); then return 1; fi
  for folder in $(printf '%s\n' "${1:0:16}" "${2:0:16}" | sort -u); do
    listing=$(timeout -k 5 "${INFO_TIMEOUT:-90}" pgbackrest repo-ls --repo="$3" --output=json --log-level-console=off \
      --log-level-stderr=warn "$(patience "${INFO_TIMEOUT:-90}")" "archive/$STANZA/$4/$folder" 2>&1 </dev/null) || {
      explain "$listing"
      return 2
    }
    times+=$(jq -r --arg after "$1" 'to_entries[] | select((.key | test("^[0-9A-F]{24}-")) and .key[0:24] > $after) | .value.time' <<<"$listing")$'\n'
  done
  if [[ -z ${times//$'\n'/} ]]; then
    because gone "nothing of what followed it is in repo$3 any more" 'find out who deletes from the archive; npm run undelete brings back what a versioned bucket keeps'
    return 2
  fi
  PUSHED_SECONDS=$(sort -n <<<"$times" | awk 'NF { if (!n++) first = $1; last = $1 } END { print last - first }')
}
