# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# The Kubernetes API by curl. Needs lib.sh and $WORK. The token changes within its life, and travels in a file.

# kube <method> <path> [<file of the body>]: 0 = done, ANSWER is a file with what it said; 1 = there is no such thing (404);
# 3 = it is there already, or was changed meanwhile (409); 2 = anything else, with CAUSE and CAUSE_FIX.
kube() {
  local method=$1 options=() type=application/json
  ANSWER=$WORK/answer CAUSE='' CAUSE_FIX=''
  : >"$ANSWER"
  printf 'Authorization: Bearer %s' "$(<"$ACCOUNT_DIR/token")" >"$WORK/authorization"
  if [[ $method == PATCH ]]; then type=application/merge-patch+json; fi
  if [[ -n ${3:-} ]]; then options+=(-H "Content-Type: $type" --data-binary "@$3"); fi
  # What was sent twice would be there already.
  if [[ $method == GET ]]; then options+=(--retry 3 --retry-connrefused --retry-max-time 60); fi
  STATUS=$(curl --silent --show-error --connect-timeout 5 --max-time "${API_SECONDS:-30}" --cacert "$ACCOUNT_DIR/ca.crt" -H "@$WORK/authorization" \
    -X "$method" "${options[@]}" -o "$ANSWER" -w '%{http_code}' "$API_URL$2" 2>"$WORK/answer.error") || true
  case ${STATUS:=000} in
    2??) return 0 ;;
    404)
      CAUSE="$method $2: there is no such thing: $(kube_message)"
      CAUSE_FIX="install the definitions of external-snapshotter and its controller, if it is the kind that is missing"
      return 1
      ;;
    409)
      CAUSE="$method $2: $(kube_message)"
      CAUSE_FIX="run the job again"
      return 3
      ;;
    401 | 403)
      CAUSE="the Kubernetes API denies $method $2 ($STATUS): $(kube_message)"
      CAUSE_FIX="deploy the schedule again: its service account lacks a right that its roles give it, or an admission policy is against it"
      ;;
    422)
      CAUSE="the Kubernetes API refuses $method $2: $(kube_message)"
      CAUSE_FIX="correct what it names"
      ;;
    000)
      CAUSE="no connection to $API_URL: $(tail -n 1 "$WORK/answer.error" | cut -c 1-200)"
      CAUSE_FIX="look at the API server, and at the network policies of this pod"
      ;;
    *)
      CAUSE="the Kubernetes API answered $method $2 with status $STATUS: $(kube_message)"
      CAUSE_FIX="look at the API server; run the job again"
      ;;
  esac
  return 2
}

# Its own words, or the beginning of whatever it is.
kube_message() { jq -er '.message | strings' "$ANSWER" 2>/dev/null || LC_ALL=C tr -cd '[:print:]' <"$ANSWER" | cut -c 1-200; }

# kube_all <path with a query> <file>: the items of every page, as a JSON list.
kube_all() {
  local token='' separator='?'
  if [[ $1 == *\?* ]]; then separator='&'; fi
  : >"$2.pages"
  while :; do
    kube GET "$1${separator}limit=500${token:+&continue=$token}" || return
    jq -c '.items[]' "$ANSWER" >>"$2.pages"
    token=$(jq -r '.metadata.continue // "" | @uri' "$ANSWER")
    if [[ -z $token ]]; then break; fi
  done
  jq -s . "$2.pages" >"$2"
}
