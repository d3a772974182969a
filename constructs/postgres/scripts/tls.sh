#!/usr/bin/env bash
# Makes the pair of certificates by which backup jobs and the TLS server know each other, and writes them into one
# Secret: when they are missing, unreadable, do not name what they must, or are in the last third of their life.
# Each time a new CA signs both and its key is thrown away. The old CA stays in the bundle, so that a server and a
# job that saw the Secret at different moments still accept each other's old certificate.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=certificates.sh
source "$here/certificates.sh"

: "${ACCOUNT_DIR:=/var/run/secrets/kubernetes.io/serviceaccount}"
: "${API_URL:=https://${KUBERNETES_SERVICE_HOST:-kubernetes.default.svc}:${KUBERNETES_SERVICE_PORT:-443}}"
: "${NAMESPACE:=$(cat "$ACCOUNT_DIR/namespace" 2>/dev/null || true)}"
: "${LIFETIME_DAYS:=90}"
for name in SECRET_NAME NAMESPACE SERVER_NAMES CLIENT_CN; do
  if [[ -z ${!name:-} ]]; then die "tls.sh of $DATABASE_NAME: $name is not set" "set it in the job's environment"; fi
done

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }

# api <method> <body file or empty>: the answer in $WORK/answer; prints the status, 000 when there was none.
# Token and keys travel in files, so that no process list shows them.
api() {
  local options=()
  printf 'Authorization: Bearer %s' "$(<"$ACCOUNT_DIR/token")" >"$WORK/authorization"
  if [[ -n $2 ]]; then options=(-H 'Content-Type: application/merge-patch+json' --data-binary "@$2"); fi
  curl --silent --show-error --max-time 20 --cacert "$ACCOUNT_DIR/ca.crt" -H "@$WORK/authorization" -X "$1" \
    "${options[@]}" -o "$WORK/answer" -w '%{http_code}' \
    "$API_URL/api/v1/namespaces/$NAMESPACE/secrets/$SECRET_NAME" 2>"$WORK/curl" || true
}

read_secret() {
  local file
  API_STATUS=$(api GET '')
  case $API_STATUS in
    200) ;;
    404) die "Secret $NAMESPACE/$SECRET_NAME does not exist" "deploy it (empty) together with this job" ;;
    401 | 403) die "the Kubernetes API denies reading Secret $NAMESPACE/$SECRET_NAME ($API_STATUS)" \
      "give the job's service account a Role with get and patch on this Secret" ;;
    *) return 1 ;;
  esac
  VERSION=$(jq -r '.metadata.resourceVersion' "$WORK/answer")
  rm -rf "$WORK/old" && mkdir "$WORK/old"
  for file in "${TLS_FILES[@]}"; do
    jq -r --arg file "$file" '.data[$file] // ""' "$WORK/answer" | base64 -d >"$WORK/old/$file" 2>/dev/null || true
  done
}

write_secret() {
  local file arguments=()
  for file in "${TLS_FILES[@]}"; do
    base64 -w 0 <"$WORK/new/$file" >"$WORK/new/$file.b64"
    arguments+=(--rawfile "${file//./_}" "$WORK/new/$file.b64")
  done
  jq -n --arg version "$VERSION" "${arguments[@]}" '{ metadata: { resourceVersion: $version }, data: {
    "ca.crt": $ca_crt, "server.crt": $server_crt, "server.key": $server_key,
    "client.crt": $client_crt, "client.key": $client_key } }' >"$WORK/patch"
  API_STATUS=$(api PATCH "$WORK/patch")
  case $API_STATUS in
    200 | 201) return 0 ;;
    401 | 403) die "the Kubernetes API denies writing Secret $NAMESPACE/$SECRET_NAME ($API_STATUS)" \
      "give the job's service account a Role with get and patch on this Secret" ;;
    422) die "the Kubernetes API rejects the change of Secret $NAMESPACE/$SECRET_NAME: $(jq -r '.message' "$WORK/answer" | cut -c 1-200)" \
      "make the Secret mutable and of type Opaque" ;;
    409) log 'the Secret changed meanwhile: reading it again' && return 1 ;;
    *) return 1 ;;
  esac
}

# One attempt: 0 when the Secret is as it must be.
attempt() {
  read_secret || return 1
  why=$(renewal_reason "$WORK/old" "$SERVER_NAMES" "$CLIENT_CN" "$LIFETIME_DAYS")
  if [[ -z $why && ${FORCE:-} != true ]]; then
    log "the certificates in Secret $SECRET_NAME are valid until $(expiry "$WORK/old/server.crt"): nothing to do"
    return 0
  fi
  log "making new certificates: ${why:-asked for by FORCE}"
  make_certificates "$WORK/new" "$WORK/old" "$SERVER_NAMES" "$CLIENT_CN" "$LIFETIME_DAYS"
  why=$(renewal_reason "$WORK/new" "$SERVER_NAMES" "$CLIENT_CN" "$LIFETIME_DAYS")
  if [[ -n $why ]]; then die "openssl made certificates that do not fit: $why" "correct SERVER_NAMES ($SERVER_NAMES) and CLIENT_CN ($CLIENT_CN)"; fi
  write_secret || return 1
  log "wrote certificates for $SERVER_NAMES into Secret $SECRET_NAME, valid until $(expiry "$WORK/new/server.crt")"
}

wait_until "${API_SECONDS:-120}" "the Kubernetes API at $API_URL" attempt ||
  die "Secret $NAMESPACE/$SECRET_NAME could not be brought up to date: $API_URL answered $API_STATUS ($(head -c 200 "$WORK/curl" 2>/dev/null))" \
    "look at the API server and the network policy of this job, then run it again"
