# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Small objects of our own beside a repository, in its bucket and under its path. The store is reached as pgBackRest
# reaches it: by the repo<n>-s3-* and repo<n>-storage-* options of its configuration and its two key variables. Keys
# here are relative to the repository's path; they and it hold letters, digits and . _ - / only. Needs
# configuration.sh and cause.sh.
#
# Each function returns 0, or 1 for its other regular answer, or 2 with CAUSE* set when the store gave neither.

# s3_get <repository> <key>: sets S3_BODY; 1 = there is no such object.
s3_get() {
  s3_request "$1" GET "/$2" ''
  case $S3_STATUS in
    200) return 0 ;;
    404) if [[ $S3_BODY != *NoSuchBucket* ]]; then return 1; fi ;;
  esac
  s3_explain "$1"
}

# s3_get_file <repository> <key> <file>: 1 = there is no such object.
s3_get_file() {
  s3_request "$1" GET "/$2" '' '' '' "$3"
  case $S3_STATUS in
    200) return 0 ;;
    404) if [[ $S3_BODY != *NoSuchBucket* ]]; then return 1; fi ;;
  esac
  s3_explain "$1"
}

# s3_list <repository> <prefix> [<key after which to begin>]: sets S3_KEYS to the keys in order, one a line.
s3_list() {
  local repo=$1 prefix=$2 after=${3:-} root page
  root=$(s3_root "$repo")
  S3_KEYS=''
  while :; do
    # Parameters in alphabetical order: older curls sign them as they come.
    s3_request "$repo" GET '' "list-type=2&prefix=$(s3_encode "$root$prefix")${after:+&start-after=$(s3_encode "$root$after")}"
    if [[ $S3_STATUS != 200 ]]; then s3_explain "$repo" || return 2; fi
    page=$(grep -o '<Key>[^<]*</Key>' <<<"$S3_BODY" | sed -E "s|^<Key>$root(.*)</Key>$|\1|" || true)
    if [[ -n $page ]]; then S3_KEYS+=$page$'\n'; fi
    after=$(tail -n 1 <<<"$page")
    if [[ -z $after || $S3_BODY != *'<IsTruncated>true</IsTruncated>'* ]]; then return 0; fi
  done
}

# s3_has_versions <repository> <prefix>: whether there are objects there, or the bucket keeps versions of ones that were
# deleted; 1 = neither.
s3_has_versions() {
  s3_request "$1" GET '' "max-keys=1&prefix=$(s3_encode "$(s3_root "$1")$2")&versions="
  if [[ $S3_STATUS != 200 ]]; then s3_explain "$1" || return 2; fi
  [[ $S3_BODY == *'<Version>'* || $S3_BODY == *'<DeleteMarker>'* ]]
}

# s3_put <repository> <key> <text>
s3_put() {
  s3_request "$1" PUT "/$2" '' "$3"
  if [[ $S3_STATUS != 20? ]]; then s3_explain "$1"; fi
}

# s3_put_file <repository> <key> <file>
s3_put_file() {
  s3_request "$1" PUT "/$2" '' '' '' "$3"
  if [[ $S3_STATUS != 20? ]]; then s3_explain "$1"; fi
}

# s3_put_new <repository> <key> <text>: 1 = there is one already; never overwrites it.
s3_put_new() {
  s3_request "$1" PUT "/$2" '' "$3" 'If-None-Match: *'
  case $S3_STATUS in
    20?) return 0 ;;
    # 409: another write of the same object is under way.
    409 | 412) return 1 ;;
    400 | 501)
      s3_explain "$1" || true
      CAUSE="the object store refuses a conditional write (If-None-Match, status $S3_STATUS): $CAUSE" CAUSE_CODE=conditional
      CAUSE_FIX="use a store that has conditional writes, as \`npm run vault\` checks: without them nothing decides which of two databases is the newer"
      return 2
      ;;
  esac
  s3_explain "$1"
}

# s3_delete <repository> <key>: also well when there is none.
s3_delete() {
  s3_request "$1" DELETE "/$2" ''
  if [[ $S3_STATUS != 20? && $S3_STATUS != 404 ]]; then s3_explain "$1"; fi
}

# explain_or_ask <text of pgBackRest>: as explain, but where the cause cannot be in it, the stores are asked: an answer to
# a HEAD has no body, and a process in the background is not waited for.
explain_or_ask() {
  explain "$1"
  if [[ $CAUSE_CODE == access || $1 == *'asynchronously after'* ]]; then ask_stores || true; fi
}

# ask_stores: sets CAUSE* to what the first store says that does not serve us. 1 = they all serve us.
ask_stores() {
  local repo
  for repo in $(s3_repositories); do
    s3_list "$repo" "leases/$STANZA/" || return 0
  done
  return 1
}

# s3_request <repository> <method> <path> <query> [<body> [<header> [<file>]]]: sets S3_STATUS (000 when there was no
# answer), S3_BODY and S3_ERROR. A file is sent in place of the body, or takes what is got. Keys travel over standard
# input, so that no process list shows them.
s3_request() {
  local repo=$1 bucket base answer
  bucket=$(configured "repo$repo-s3-bucket")
  if [[ $(configured "repo$repo-s3-uri-style") == path ]]; then
    base="https://$(s3_host "$repo")/$bucket"
  else
    base="https://$bucket.$(s3_host "$repo")"
  fi
  answer=$(mktemp)
  # To a file, which a second attempt begins anew.
  S3_STATUS=$(s3_options "$repo" "$2" "${5:-}" "${6:-}" "${7:-}" "$base$(s3_path "$repo" "$3")${4:+?$4}" |
    curl --config - --output "$answer" 2>"$answer.error") || true
  S3_BODY='' S3_ERROR=$(<"$answer.error")
  if [[ $2 == GET && -n ${7:-} && $S3_STATUS == 200 ]]; then mv "$answer" "$7"; else S3_BODY=$(<"$answer"); fi
  rm -f "$answer" "$answer.error"
  if [[ ! $S3_STATUS =~ ^[0-9]{3}$ ]]; then S3_STATUS=000; fi
}

# The options of one curl, as its configuration file has them.
s3_options() {
  local repo=$1 method=$2 body=$3 header=$4 file=$5 url=$6 key="PGBACKREST_REPO$1_S3_KEY" token="PGBACKREST_REPO$1_S3_TOKEN" value
  local seconds=${S3_SECONDS:-10} region
  region=$(configured "repo$repo-s3-region")
  printf '%s\n' silent show-error "connect-timeout = 5" "max-time = $seconds" "retry = 2" "retry-max-time = $seconds"
  # A listing of the bucket is asked for at its root, with the slash that signatures count.
  curl_option url "$url"
  curl_option request "$method"
  curl_option user "${!key:-}:$(s3_secret "$repo")"
  curl_option aws-sigv4 "aws:amz:${region:-us-east-1}:s3"
  curl_option write-out '%{http_code}'
  if [[ $method == PUT && -n $file ]]; then value=$(sha256sum <"$file"); else value=$(printf %s "$body" | sha256sum); fi
  curl_option header "x-amz-content-sha256: ${value%% *}"
  if [[ -n ${!token:-} ]]; then curl_option header "x-amz-security-token: ${!token}"; fi
  if [[ -n $header ]]; then curl_option header "$header"; fi
  if [[ $method == PUT ]]; then
    curl_option header 'content-type: application/json'
    # What begins with @ names a file.
    if [[ -n $file ]]; then curl_option data-binary "@$file"; else curl_option data-binary "$body"; fi
  fi
  for value in ca-file:cacert ca-path:capath; do
    if [[ -n $(configured "repo$repo-storage-${value%:*}") ]]; then
      curl_option "${value#*:}" "$(configured "repo$repo-storage-${value%:*}")"
    fi
  done
  if [[ $(configured "repo$repo-storage-verify-tls") == n ]]; then echo insecure; fi
  value=$(configured "repo$repo-storage-host")
  if [[ -n $value ]]; then curl_option connect-to "::$value:"; fi
}

curl_option() {
  local value=${2//\\/\\\\}
  printf '%s = "%s"\n' "$1" "${value//\"/\\\"}"
}

s3_secret() {
  local name="PGBACKREST_REPO$1_S3_KEY_SECRET"
  printf %s "${!name:-}"
}
# With its port, which the endpoint itself may name.
s3_host() {
  local host port
  host=$(configured "repo$1-s3-endpoint" | sed -E 's|^https?://||; s|/+$||') port=$(configured "repo$1-storage-port")
  if [[ $host =~ :[0-9]+$ ]]; then printf %s "$host"; else printf %s "$host:${port:-443}"; fi
}
# The repository's path as the beginning of keys: nothing, or with a slash at its end.
s3_root() { configured "repo$1-path" | sed -E 's|/+|/|g; s|^/||; s|([^/])$|\1/|'; }
s3_path() { if [[ -n $2 ]]; then printf '/%s%s' "$(s3_root "$1")" "${2#/}"; else printf /; fi; }
s3_encode() { printf %s "${1//\//%2F}"; }

# Always returns 2, with CAUSE* telling why.
s3_explain() {
  local status="status $S3_STATUS"
  if [[ $S3_STATUS == 403 ]]; then status='403 (Forbidden)'; fi
  explain "ERROR: '$(s3_host "$1")' answered $status ${S3_BODY//$'\n'/ } $S3_ERROR"
  return 2
}
