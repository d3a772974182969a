#!/usr/bin/env bash
# promote.sh: asked of a standby. Takes the next lease, by which this pod is the primary and every other volume of the
# database is superseded or follows, and then promotes the server. May be repeated: an attempt that was killed goes on.
# Prints one line of JSON: { pod, lease, timeline }. It does not look after the old primary: whoever calls it has stopped
# that, or knows that it is gone.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # the programs in single quotes are jq's
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# It is a guest in the server's container, whose last words are not its own.
export TERMINATION_LOG=/dev/null
for part in lib cause configuration s3 lease repositories lineage replication recover facts; do
  # shellcheck disable=SC1090
  source "$here/$part.sh"
done

sql() {
  PGCONNECT_TIMEOUT=5 psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$SOCKET_DIR" -p "${PG_PORT:-5432}" -U "${SUPERUSER:-postgres}" \
    -d postgres -c "$1"
}
timeline() { sql "select ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"; }
tell() { jq -nc --arg pod "$POD_NAME" --argjson lease "$LEASE_NUMBER" --argjson timeline "$(timeline)" '{ $pod, $lease, $timeline }'; }

# WAL that the old primary sent here and did not archive any more is in no archive, and a standby archives nothing: from
# a backup before it nobody would get past that hole. The archiver finds it as soon as there is a primary; what the
# archive has already it takes for the same.
queue_unarchived() {
  local end file segment
  read_info "${INFO_TIMEOUT:-25}"
  end=$(info '[.repo[]? as $repo | [.archive[]? | select(.database["repo-key"] == $repo.key) | .max // ""] | max // ""] | min // ""')
  for file in "$PGDATA"/pg_wal/archive_status/????????????????????????.done; do
    segment=${file##*/} segment=${segment%.done}
    if [[ -e $file && -z $end || -e $file && ${segment:8} > ${end:8} ]]; then
      log "$segment is archived from here"
      mv -f "$file" "${file%.done}.ready"
    fi
  done
}

if ! replicated; then die "$DATABASE_NAME has no replicas" "declare replicas, and deploy"; fi
read_leases old
if [[ $LEASE == unknown ]]; then
  die "$DATABASE_NAME: no lease could be read, and without one the old primary could go on writing (${LEASE_UNREAD%$'\n'})" "$LEASE_FIX"
fi
if [[ -z $(s3_repositories) ]]; then
  die "$DATABASE_NAME: its repository is not of type s3: nothing could tell the old primary that it is superseded" "use an S3 repository"
fi
if [[ $(sql 'select pg_is_in_recovery()') == f ]]; then
  if [[ $LEASE != own ]]; then die "$POD_NAME is a primary that is superseded: $(lease_words "$LEASE_BY")" "use that one"; fi
  log "$POD_NAME is the primary already"
  tell
  exit
fi
# From here on it must know for certain what is in the archive, too.
: >"$STATE_DIR/promoting"
cleanup() { rm -f "$STATE_DIR/promoting"; }
queue_unarchived
# What an attempt before this one took is kept; what another took since is not.
take_lease promoted 0
write_durably "$MARKER_FILE" "$(jq -c --argjson lease "$LEASE_NUMBER" --arg at "$(date -u +%FT%TZ)" \
  'del(.recovery, .keptAs) + { how: "promoted", role: "primary", $lease, $at }' "$MARKER_FILE")"
if [[ $(sql "select pg_promote(true, ${PROMOTE_SECONDS:-120})") != t ]]; then
  die "$POD_NAME holds lease $LEASE_NUMBER, and was not promoted within ${PROMOTE_SECONDS:-120} s" \
    "look at the postgres container's log, and promote it again; a new pod promotes itself"
fi
log "$POD_NAME is the primary"
tell
