#!/usr/bin/env bash
# backup.sh full|diff|incr: one backup into each repository in turn; expiry runs inside it, under the same lock.
# shellcheck source-path=SCRIPTDIR
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

TYPE=${1:-}
case $TYPE in
  full | diff | incr) ;;
  *) die "backup.sh of $DATABASE_NAME was called with '$TYPE'" "call it as backup.sh full, backup.sh diff or backup.sh incr" ;;
esac

# The rest of this database's own moment within the spread, where the schedule could not be shifted by it.
if ((${DELAY_SECONDS:-0} > 0)); then
  log "waiting ${DELAY_SECONDS} s, so that not all databases begin together"
  sleep "$DELAY_SECONDS"
fi

into() { back_up "$TYPE" "$1"; }
reach_database
TARGETS=$(repositories)
each_repository into
