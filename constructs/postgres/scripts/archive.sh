#!/usr/bin/env bash
# archive_command: archive.sh pgbackrest … archive-push %p. Runs that while the lease of this volume holds, which is
# asked at most every ten seconds: a database that is superseded must not write into the archive of its successor. A
# vault that does not answer is no reason to refuse; pgBackRest then tells that itself. (pgBackRest wants to find its own
# name in archive_command, hence the arguments.)
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

file=${!#}
stamp=${TMPDIR:-/tmp}/lease-checked
# It runs once for every 16 MB: nothing else is loaded while the last answer is fresh.
if [[ $file != *.history ]] && read -r checked 2>/dev/null <"$stamp" && [[ $checked =~ ^[0-9]+$ ]] &&
  ((EPOCHSECONDS >= checked && EPOCHSECONDS - checked < ${LEASE_SECONDS:-10})); then
  exec "$@"
fi

here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=cause.sh
source "$here/cause.sh"
# shellcheck source=configuration.sh
source "$here/configuration.sh"
# shellcheck source=s3.sh
source "$here/s3.sh"
# shellcheck source=lease.sh
source "$here/lease.sh"
# shellcheck source=lineage.sh
source "$here/lineage.sh"
# shellcheck source=introduce.sh
source "$here/introduce.sh"
# shellcheck source=room.sh
source "$here/room.sh"
trap - EXIT ERR TERM INT

# push <archive_command…>: that, and in words what is wrong with it.
push() {
  local said status=0
  said=$("$@" 2>&1) || status=$?
  if [[ -n $said ]]; then printf '%s\n' "$said" >&2; fi
  if ((status == 0)); then return; fi
  S3_SECONDS=${S3_SECONDS:-5} explain_or_ask "$said"
  log "ERROR ${file##*/} of $DATABASE_NAME is not archived yet: $CAUSE — FIX: $CAUSE_FIX; it waits on the volume meanwhile"
  return "$status"
}

tell_of_waiting_wal
S3_SECONDS=${S3_SECONDS:-5} read_leases old
if [[ $LEASE == superseded ]]; then
  log "ERROR ${file##*/} of $DATABASE_NAME is not archived: this volume (lease $LEASE_NUMBER) is superseded, a newer life of the database holds $(lease_words "$LEASE_BY") — FIX: use that one, and take this one down; what is written here is in no archive"
  exit 1
fi
settle_lease
printf '%s\n' "$EPOCHSECONDS" >"$stamp"
if [[ $file != *.history ]]; then
  push "$@"
  introduce "$file" "$@"
  keep_reserve
  exit 0
fi

# The first file that a promoted server archives. Until all repositories know which timeline this life went on with,
# PostgreSQL asks again; what can be pushed is pushed meanwhile.
recorded=yes
record_timeline "$((16#$(basename "$file" .history)))" || recorded=no
push "$@"
[[ $recorded == yes ]]
