# shellcheck shell=bash disable=SC2016 # the program in single quotes is jq's
# Where the archive ended when a restore began: the name of the newest WAL segment on the timeline that is restored. A
# segment that is missing before it is a hole, not the end. Sourced by wal-get.sh, once for each recovery, when it is
# told that a segment does not exist.

ARCHIVE_END_FILE=${STATE_DIR:-/var/lib/postgresql/recovery}/archive-end

# remember_archive_end <timeline, or empty for the newest>. Needs INFO, of which it believes the repositories read.
remember_archive_end() {
  local prefix='' newest
  if [[ $1 =~ ^[1-9][0-9]*$ ]]; then prefix=$(printf %08X "$1"); fi
  # The backup's own, whichever that is: a higher one would be somebody else's.
  if [[ $1 == current ]]; then prefix=none; fi
  newest=$(info --arg prefix "$prefix" '
    . as $stanza
    | [.archive[]? | . as $a | select(.max != null and (.max | startswith($prefix)))
        | select(.database.id == ([$stanza.db[] | select(.["repo-key"] == $a.database["repo-key"]) | .id] | max)) | .max]
    | max // ""')
  write_durably "$ARCHIVE_END_FILE" "$newest"
}

archive_end() { cat "$ARCHIVE_END_FILE" 2>/dev/null || true; }

# The position counts, whatever the timeline: those before the newest one are its ancestors. Anything that is no
# segment, such as a history file, may be missing.
lies_before_archive_end() {
  local end
  end=$(archive_end)
  [[ $1 =~ ^[0-9A-F]{24}$ && $end =~ ^[0-9A-F]{24}$ && ! ${1:8} > ${end:8} && ! ${1:0:8} > ${end:0:8} ]]
}
