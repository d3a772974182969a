#!/usr/bin/env bash
# recoverable.sh <recover.json: asked of a database that runs, whether an ordered recovery could be carried out on it in
# place, before anything is stopped. Prints one line of JSON and ends with 0:
#   { "state": "pending", "label", "repo", "timeline", "bytes" }   the next start carries it out
#   { "state": "done", "here": true when it was done in place on this very volume }
#   { "state": "refused", "message": "ERROR … — FIX: …" }
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# It is a guest in the server's container, whose last words are not its own.
export TERMINATION_LOG=/dev/null
DEPLOY_DIR=$(mktemp -d)
export DEPLOY_DIR
for part in lib cause configuration s3 lease repositories lineage replication recover facts behind refusals decide; do
  # shellcheck disable=SC1090
  source "$here/$part.sh"
done
cleanup() { rm -rf "$DEPLOY_DIR"; }
cat >"$DEPLOY_DIR/recover.json"

# An empty transaction: PostgreSQL refuses a target after which the archive holds none, as that of an idle database
# might. It is pushed when the server stops.
mark_present() {
  PGCONNECT_TIMEOUT=5 psql -X -q -A -t -h "$SOCKET_DIR" -p "${PG_PORT:-5432}" -U "${SUPERUSER:-postgres}" -d postgres \
    -c 'select pg_current_xact_id()' >/dev/null || warn "no transaction could be written after the target; if there is none, the recovery ends with an error"
}

judge() {
  local action
  gather_volume_facts
  gather_lease_facts
  gather_role
  read_order
  gather_repository_facts
  action=$(decide)
  if [[ $RECOVER == invalid ]]; then refuse recover-invalid; fi
  case $action in
    recover-in-place)
      mark_present
      jq -c --arg timeline "$TIMELINE" '{ state: "pending", "label": .label, repo, $timeline, bytes }' <<<"$BACKUP"
      ;;
    refuse:*) refuse "${action#refuse:}" ;;
    *)
      if [[ $RECOVER == ordered ]]; then refuse unreachable; fi
      jq -c --slurpfile order "$DEPLOY_DIR/recover.json" '{ state: "done", here: (.recovery == $order[0].id and has("keptAs")) }' "$MARKER_FILE"
      ;;
  esac
}

status=0
(trap - EXIT && judge) 2>"$DEPLOY_DIR/said" || status=$?
cat "$DEPLOY_DIR/said" >&2
if ((status != 0)); then jq -Rc '{ state: "refused", message: . }' < <(tail -n 1 "$DEPLOY_DIR/said"); fi
