#!/usr/bin/env bash
# The routing sidecar of a database with replicas: says by a label of its own pod whether its server is the primary or a
# replica, which is what the Services select. A pod that somebody labelled superseded stays so.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"

: "${ACCOUNT_DIR:=/var/run/secrets/kubernetes.io/serviceaccount}"
: "${API_URL:=https://${KUBERNETES_SERVICE_HOST:-kubernetes.default.svc}:${KUBERNETES_SERVICE_PORT:-443}}"
: "${NAMESPACE:=$(cat "$ACCOUNT_DIR/namespace" 2>/dev/null || true)}"
: "${ROUTED:=/tmp/routed}"
for name in POD_NAME NAMESPACE; do
  if [[ -z ${!name:-} ]]; then die "route.sh of $DATABASE_NAME: $name is not set" "set it in the container's environment"; fi
done
LABEL=cdktf-disaster-recovery/role

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }

role() {
  PGCONNECT_TIMEOUT=5 "$PG_BIN/psql" -X -q -A -t -h "$SOCKET_DIR" -p "${PG_PORT:-5432}" -U "${SUPERUSER:-postgres}" -d postgres \
    -c "select case when pg_is_in_recovery() then 'replica' else 'primary' end" 2>/dev/null || true
}

# api <method> [<body file>]: the answer in $WORK/answer; prints the status, 000 when there was none. The token changes
# within its life, and travels in a file.
api() {
  local options=()
  printf 'Authorization: Bearer %s' "$(<"$ACCOUNT_DIR/token")" >"$WORK/authorization"
  if [[ -n ${2:-} ]]; then options=(-H 'Content-Type: application/merge-patch+json' --data-binary "@$2"); fi
  curl --silent --show-error --max-time 10 --cacert "$ACCOUNT_DIR/ca.crt" -H "@$WORK/authorization" -X "$1" "${options[@]}" \
    -o "$WORK/answer" -w '%{http_code}' "$API_URL/api/v1/namespaces/$NAMESPACE/pods/$POD_NAME" 2>"$WORK/curl" || true
}

# say <role>: 1 when it could not be said now.
say() {
  local status
  status=$(api GET)
  if [[ $status == 200 && $(jq -r --arg key "$LABEL" '.metadata.labels[$key] // ""' "$WORK/answer") == superseded ]]; then
    warn "$POD_NAME is labelled superseded: no client is led to it"
    return
  fi
  jq -n --arg key "$LABEL" --arg role "$1" '{ metadata: { labels: { ($key): $role } } }' >"$WORK/patch"
  if [[ $status == 200 ]]; then status=$(api PATCH "$WORK/patch"); fi
  case $status in
    200) log "$POD_NAME is labelled $1" ;;
    401 | 403)
      log "ERROR the Kubernetes API denies labelling pod $NAMESPACE/$POD_NAME ($status) — FIX: give its service account a Role with get and patch on this pod"
      return 1
      ;;
    *)
      log "pod $NAMESPACE/$POD_NAME could not be labelled $1: $API_URL answered $status ($(head -c 200 "$WORK/curl"))"
      return 1
      ;;
  esac
}

rm -f "$ROUTED"
said=''
while :; do
  now=$(role)
  # A server that does not answer is left out by its readiness.
  if [[ -n $now && $now != "$said" ]] && say "$now"; then
    said=$now
    : >"$ROUTED"
  fi
  nap "${ROUTE_POLL_SECONDS:-2}"
done
