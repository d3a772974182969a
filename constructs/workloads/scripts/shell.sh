# shellcheck shell=bash
# Sourced by the scripts of every pod, by its lib.sh, which sets SUBJECT: one way to log, one way to fail, one way to wait.
set -Eeuo pipefail
umask 077

: "${TERMINATION_LOG:=/dev/termination-log}"

# Fractional seconds since the epoch, for durations.
now() { printf '%s' "$EPOCHREALTIME"; }
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
megabytes() { awk -v n="${1:-0}" 'BEGIN { printf (n < 10485760 ? "%.1f MB" : "%.0f MB"), n / 1048576 }'; }

log() { printf '%s %s: %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${0##*/}" "$*" >&2; }
warn() { log "WARNING $*"; }

# A script that died says so by this status, so that the EXIT trap adds no second error below its last line.
readonly DIED=78

# die <what and why> <what to do>
die() {
  local line
  line="ERROR $(tr '\n\t' '  ' <<<"$1" | tr -s ' ' | sed 's/ $//') — FIX: $2"
  { printf '%s\n' "$line" >"$TERMINATION_LOG"; } 2>/dev/null || true
  printf '%s\n' "$line" >&2
  exit "$DIED"
}

# A script that needs to tidy up defines cleanup(); a command that fails unforeseen still ends in one ERROR line.
FAILED_AT=''
trap 'FAILED_AT="${BASH_SOURCE[0]##*/}:$LINENO"' ERR
finish() {
  local status=$?
  trap - EXIT ERR
  if declare -F cleanup >/dev/null; then cleanup || true; fi
  if ((status != 0 && status != DIED && status < 128)); then
    (die "${0##*/} for $SUBJECT stopped at ${FAILED_AT:-an unknown line} with status $status" \
      "read the lines above; if they do not explain it, run the container again with bash -x") || true
  fi
  exit "$status"
}
trap finish EXIT

# The first process of a container ignores SIGTERM unless it says otherwise, and would be waited for until it is
# killed. A trap runs only when the foreground command has ended, so waiting is done in the background.
trap 'exit 143' TERM INT
nap() {
  sleep "$1" &
  wait $! || true
}

# wait_until <seconds> <what> <command…>: tries once a second, says every 15 s what it waits for; status 1 when
# the time is over. 0 seconds means without end.
wait_until() {
  local limit=$1 what=$2 started=$SECONDS said=$SECONDS
  shift 2
  until "$@"; do
    if ((limit > 0 && SECONDS - started >= limit)); then return 1; fi
    if ((SECONDS - said >= ${PROGRESS_SECONDS:-15})); then
      log "waiting for $what ($((SECONDS - started)) s)"
      said=$SECONDS
    fi
    nap "${POLL_SECONDS:-1}"
  done
}

# All of these files exist and are not empty (a Secret may be mounted before it is filled).
filled() {
  local file
  for file in "$@"; do [[ -s $file ]] || return 1; done
}

# write_durably <file> <text>: replaces it at once, and makes that survive a power cut.
write_durably() {
  printf '%s\n' "$2" >"$1.new"
  sync "$1.new"
  mv -f "$1.new" "$1"
  sync "$(dirname "$1")"
}
