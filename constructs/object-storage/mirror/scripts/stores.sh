# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# rclone, and its words turned into cause and fix. Needs lib.sh.

# store_of <remote>: what people call it.
store_of() {
  local endpoint=RCLONE_CONFIG_${1^^}_ENDPOINT bucket=$SOURCE_BUCKET
  case $1 in
    vault) bucket=$VAULT_BUCKET ;;
    target) bucket=${TARGET_BUCKET:-$SOURCE_BUCKET} ;;
  esac
  printf 'the %s (%s, bucket %s)' "$1" "${!endpoint:-}" "$bucket"
}

# explain_store <remote> <what rclone said>: sets CAUSE, CAUSE_FIX and CAUSE_CODE.
explain_store() {
  local where text=$2
  where=$(store_of "$1")
  case $text in
    *"corrupted on transfer"* | *BadDigest*)
      because damaged "what was read is not what its checksum says: $(said_by 'corrupted on transfer|BadDigest')" \
        "the object is damaged where it is read: take it from another time, or bring back a version of it (a versioned bucket keeps them)" ;;
    *InvalidAccessKeyId* | *InvalidToken* | *ExpiredToken*)
      because key "$where does not know the access key" \
        "put a key that exists into the Secret of the mirror; if a later incarnation replaced this cluster, its keys were revoked on purpose: take it down" ;;
    *SignatureDoesNotMatch*)
      because key "$where refuses the secret key" "put the secret of this access key into the Secret of the mirror, and compare the region" ;;
    *RequestTimeTooSkewed*)
      because clock "the clocks of this node and of $where differ too much (it is $(date -u +%FT%TZ) here)" "set the clock that is wrong (NTP)" ;;
    *InvalidObjectState*)
      because archived "$where has objects in a class that has to be thawed before it is read: $(said_by 'InvalidObjectState')" \
        "thaw them there first; choose a class that is read at once (GLACIER_IR)" ;;
    *NoSuchBucket* | *"directory not found"*)
      because bucket "there is no such bucket: $where" "make it (npm run vault -- <environment> does), or correct its name and endpoint" ;;
    *AccessDenied* | *"status code: 403"* | *Forbidden*)
      because access "access is denied (403) by $where: $(said_by 'AccessDenied|403|Forbidden')" \
        "let the mirror's key list and read the source, and list, read, write and delete below $MIRROR_PATH in the vault; a restore writes to its target" ;;
    *"no space left"* | *QuotaExceeded* | *StorageFull* | *"status code: 507"*)
      because full "there is no room at $where" "give it more room; nothing that is there was lost" ;;
    *x509* | *"certificate"*)
      because certificate "the certificate of $where is not accepted: $(said_by 'x509|certificate')" \
        "give caPem of the bucket, or of the vault, the authority that signed it; if it has expired, renew it" ;;
    *"no such host"* | *"server misbehaving"* | *"name resolution"*)
      because name "the name of $where does not resolve" "correct its endpoint, or repair DNS" ;;
    *"connection refused"* | *"timeout"* | *"no route to host"* | *"network is unreachable"* | *"connection reset"* | *"deadline exceeded"* | *EOF*)
      because unreachable "no connection to $where: $(said_by 'refused|timeout|route|unreachable|reset|deadline|EOF')" \
        "start it, or open the network policy to it" ;;
    *) because unknown "$where: $(said_by .)" "read the lines above" ;;
  esac
}
because() { CAUSE_CODE=$1 CAUSE=$2 CAUSE_FIX=$3; }
# The first line of the text of explain_store that has it, without time and ids.
said_by() {
  grep -m 1 -E "$1" <<<"$text" | sed -E 's|^[0-9/]+ [0-9:]+ ||; s/(caused by|ERROR) *: //; s/,? request id:.*//; s/[?&]prefix=[^"]*//; s/ +/ /g' | cut -c 1-200 || true
}

# store <remote> <argument of rclone…>: 0; or 2 with CAUSE*. Its output is the caller's, its messages go to the log.
store() {
  local about=$1 status=0 rclone log tee
  shift
  exec {log}> >(tee "$WORK/rclone.log" >&2)
  tee=$!
  # In the background: a trap runs only when what is waited for can be interrupted.
  rclone "$@" 2>&"$log" &
  rclone=$!
  exec {log}>&-
  trap 'kill "$rclone" 2>/dev/null || true; exit 143' TERM INT
  wait "$rclone" || status=$?
  wait "$tee" || true
  trap 'exit 143' TERM INT
  if ((status == 0)); then return 0; fi
  if [[ $about == both ]]; then about=$(at_fault); fi
  explain_store "$about" "$(grep -aE 'ERROR|Failed|Fatal|status code|caused by' "$WORK/rclone.log" | tail -n 40 || true)"
  return 2
}

# Which of two places is in the way: the vault was written to a moment ago, so it is the source, unless that can be read.
at_fault() {
  local first
  first=$(head -n 1 "$WORK/source" 2>/dev/null | cut -f 1)
  if [[ -n $first ]] && ! rclone cat --count 1 --retries 1 --low-level-retries 2 "$SOURCE$first" >/dev/null 2>>"$WORK/rclone.log"; then
    echo source
  else
    echo vault
  fi
}

# list_tree <remote> <path> <file>: a line for each object: its name below the path, bytes, when it was written (to the
# second, by the store's clock); sorted by name. rclone spells control characters in names as symbols of one line.
list_tree() {
  store "$1" lsf --recursive --files-only --use-server-modtime --format pst --separator "$TAB" "$2" >"$3.unsorted" || return 2
  sort -t "$TAB" -k 1,1 "$3.unsorted" >"$3"
  rm "$3.unsorted"
}

# fetch <path in the vault> <file>: 1 = there is no such object.
fetch() {
  rm -f "$2"
  # It takes what is not there for an empty folder.
  store vault copyto "$1" "$2" || return 2
  [[ -f $2 ]]
}

# keep <file> <path in the vault>
keep() { store vault copyto --ignore-times "$1" "$2"; }
