#!/usr/bin/env bash
# restore_command: wal-get.sh %f "%p" [repository,…]. PostgreSQL takes every ordinary failure of this command for "the
# archive ends here" and promotes. A repository that cannot be read in the middle of a replay would so cut off
# committed rows in silence. Only pgBackRest's own "not found", said of every repository, may end the recovery;
# anything else is retried, then reported as 255, which stops the server instead of promoting it.
# An archive with a hole says "not found", too: it ends where the restore saw it end (archive-end.sh), or later.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail

# It runs once for every 16 MB of a recovery, and pgBackRest's start is most of what that takes. What pgBackRest fetched
# ahead lies complete in its spool (each file is renamed into place) and is taken from there; the last ones are left to
# pgBackRest, whose own rule fills the spool again behind a call that leaves it less than half full.
ahead=${SPOOL_DIR:-/var/lib/postgresql/spool}/archive/${STANZA:-main}/in
shopt -s nullglob
ready=("$ahead"/????????????????????????)
shopt -u nullglob
if ((${#ready[@]} > 2)) && [[ -f $ahead/$1 ]] && mv -f "$ahead/$1" "$2" 2>/dev/null; then exit 0; fi

here=${BASH_SOURCE[0]%/*}
# A standby promotes nothing by itself, so that for it "not there" ends nothing: it asks its primary, and then again.
standby=no
if [[ -e standby.signal && ! -e ${STATE_DIR:-/var/lib/postgresql/recovery}/promoting ]]; then standby=yes; fi
# Whatever goes wrong in here must not look like the end of the archive, either.
ended=no
trap_exit() { trap '[[ $? == 0 || $ended == yes ]] || exit 255' EXIT; }
trap_exit
end_recovery() {
  ended=yes
  exit 1
}

# Stops the server instead of promoting it; what it was is the container's last word, whatever PostgreSQL says after it.
stop_recovery() {
  if [[ $standby == yes ]]; then
    printf '%s wal-get.sh: WARNING %s\n' "$(date -u +%FT%TZ)" "$1" >&2
    end_recovery
  fi
  { printf 'ERROR %s\n' "$1" >"${TERMINATION_LOG:-/dev/termination-log}"; } 2>/dev/null || true
  printf '%s wal-get.sh: ERROR %s\n' "$(date -u +%FT%TZ)" "$1" >&2
  exit 255
}

# '' for all of them; several are asked one by one.
IFS=, read -ra repositories <<<"${3:-}"
if ((${#repositories[@]} == 0)); then repositories=(''); fi
# Nothing else is loaded before something is wrong.
# A store that answers nothing, or 503, is asked for up to ten times the io-timeout. The first attempt is short, so that
# the log soon tells what the recovery waits for; the others are patient.
fetch() {
  local repository missing=yes
  said=''
  for repository in "${repositories[@]}"; do fetch_from "$1" "$2" "$3" "$repository"; done
  if [[ $missing == yes ]]; then end_of_archive "$1"; fi
}
# No repository has the segment: the end of the recovery, or a hole in it.
end_of_archive() {
  local status=0 goes_on
  # shellcheck source=archive-end.sh
  source "$here/archive-end.sh"
  if [[ $standby == yes ]] || ! lies_before_archive_end "$1"; then end_recovery; fi
  goes_on="WAL $1 of ${DATABASE_NAME:-this database} is missing, and the archive goes on until $(archive_end)"
  load_tools
  was_on_its_way "$1" || status=$?
  case $status in
    0)
      warn "$goes_on: it was on its way when the disaster came, for what follows was pushed beside it and nobody deleted it. The recovery ends before it"
      end_recovery
      ;;
    1) stop_recovery "$goes_on: a recovery that ended here would lose what was committed after it — FIX: bring it back (a versioned bucket still has what was deleted: npm run undelete), or give up what is behind it by an ordered recovery to a time before" ;;
    *) stop_recovery "$goes_on; whether it was deleted could not be found out: $CAUSE — FIX: $CAUSE_FIX; the server tries again at its next start" ;;
  esac
}
load_tools() {
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
  trap - ERR TERM INT
  trap_exit
}
# Its variable missing is fetch's.
fetch_from() {
  local answer result=0 options=()
  if [[ -n $4 ]]; then options=("--repo=$4"); fi
  answer=$(pgbackrest --stanza="${STANZA:-main}" --pg1-path="${PGDATA:-/var/lib/postgresql/pgdata}" --log-level-console=off \
    --log-level-stderr=warn --io-timeout="$3" "${options[@]}" archive-get "$1" "$2" 2>&1) || result=$?
  if ((result == 0)); then exit 0; fi
  if ((result == 1)) && [[ ! $answer =~ repo[0-9]+:\ \[ ]]; then return; fi
  missing=no status=$result
  said+=$answer$'\n'
}
# Where a timeline goes on that the vault does not record, somebody else does: a clone that strayed.
if [[ $standby == yes && $1 == *.history ]]; then
  load_tools
  # shellcheck source=lineage.sh
  source "$here/lineage.sh"
  if ! newest_recorded || ((RECORDED_TIMELINE > 0 && 16#${1%.history} > RECORDED_TIMELINE)); then end_recovery; fi
fi
fetch "$1" "$2" 3

load_tools
if [[ $standby == yes ]]; then
  explain "$said"
  stop_recovery "WAL $1 of ${DATABASE_NAME:-this database} cannot be fetched: $CAUSE"
fi
deadline=$((SECONDS + ${RESTORE_RETRY_SECONDS:-120}))
while :; do
  explain_or_ask "$said"
  log "WAL $1 of $DATABASE_NAME cannot be fetched (status $status): $CAUSE"
  if ((SECONDS >= deadline)); then break; fi
  sleep "${RESTORE_RETRY_PAUSE:-5}"
  fetch "$1" "$2" 10
done
printf '%s\n' "$said" >&2
stop_recovery "the repository of $DATABASE_NAME cannot be read, and the recovery must not end here: $CAUSE — FIX: $CAUSE_FIX; the server tries again at its next start"
