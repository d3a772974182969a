#!/usr/bin/env bash
# The sidecar: pgBackRest's TLS server, through which backup jobs read the data. It keeps serving with an old
# certificate until it gets SIGHUP, so this watches the mounted files.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=authorities.sh
source "$here/authorities.sh"

FILES=("$TLS_DIR/ca.crt" "$TLS_DIR/server.crt" "$TLS_DIR/server.key")
# The authority of the other side is another file, where cert-manager makes them.
checksum() { { cat "${FILES[@]}" "$TLS_DIR/peer-ca.crt" 2>/dev/null || true; } | sha256sum; }

server=''
# shellcheck disable=SC2317 # called by the trap
stop() {
  if [[ -n $server ]]; then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  exit 0
}
trap stop TERM INT

# The TLS job, or cert-manager, fills the Secret a moment after the first deploy; there is nothing to fail about until then.
PROGRESS_SECONDS=${PROGRESS_SECONDS:-60} wait_until 0 "the certificates in $TLS_DIR (the TLS job makes them, or cert-manager)" filled "${FILES[@]}"

loaded=$(checksum)
gather_authorities
pgbackrest --log-level-console="${LOG_LEVEL:-warn}" server &
server=$!
log "TLS server of $DATABASE_NAME started"
while kill -0 "$server" 2>/dev/null; do
  sleep "${TLS_POLL_SECONDS:-5}" &
  wait -n "$server" $! || true
  current=$(checksum)
  if [[ $current == "$loaded" ]]; then continue; fi
  # A certificate without its key would end the server: only files that have stopped changing are loaded.
  nap "${TLS_SETTLE_SECONDS:-1}"
  if [[ $(checksum) == "$current" ]] && filled "${FILES[@]}" && gather_authorities && kill -HUP "$server" 2>/dev/null; then
    loaded=$current
    log "certificates changed: the TLS server reloaded them"
  fi
done
status=0
wait "$server" || status=$?
die "$DATABASE_NAME: pgbackrest server ended with status $status" "read the lines above; its configuration is /etc/pgbackrest, its certificates are in $TLS_DIR"
