# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Grafana's HTTP API. The token is a file, and travels to curl over standard input. Needs lib.sh and $WORK.

# grafana <method> <path> [<file of the body>]: 0 = done, ANSWER is a file with JSON; 1 = there is no such thing (404);
# 3 = refused because of what is there (409, 412), with CAUSE; 2 = anything else, with CAUSE and CAUSE_FIX.
grafana() {
  ANSWER=$WORK/answer CAUSE='' CAUSE_FIX=''
  : >"$ANSWER"
  STATUS=$(grafana_options "$@" | curl --config - --output "$ANSWER" 2>"$WORK/answer.error") || true
  case ${STATUS:=000} in
    2??)
      if jq -e 'type == "object" or type == "array"' "$ANSWER" >/dev/null 2>&1; then return 0; fi
      CAUSE="$1 $2 was answered with something else than JSON: $(excerpt)"
      CAUSE_FIX="correct the URL ($GRAFANA_URL), with its sub path if Grafana has one: a proxy or a login page has answered"
      ;;
    404) return 1 ;;
    409 | 412)
      CAUSE="$1 $2 was refused: $(message)"
      return 3
      ;;
    401)
      CAUSE="Grafana does not accept the token (401)"
      CAUSE_FIX="make a new token of the service account, and put it into the Secret"
      ;;
    403)
      CAUSE="the token may not do $1 $2 (403): $(message)"
      CAUSE_FIX="give the service account the role Viewer to export (Admin where folders are closed to viewers), Editor to restore"
      ;;
    000)
      CAUSE="no connection to $GRAFANA_URL: $(tail -n 1 "$WORK/answer.error" | cut -c 1-200)"
      CAUSE_FIX="look at Grafana's pod and at the network policy, or correct the URL"
      ;;
    *)
      CAUSE="$1 $2 was answered with status $STATUS: $(message)"
      CAUSE_FIX="look at Grafana's log"
      ;;
  esac
  return 2
}

# Its own words, or the beginning of whatever it is.
message() { jq -er '.message | strings' "$ANSWER" 2>/dev/null || excerpt; }
excerpt() { LC_ALL=C tr -cd '[:print:]' <"$ANSWER" | cut -c 1-160; }

grafana_options() {
  printf '%s\n' silent show-error "connect-timeout = 5" "max-time = ${GRAFANA_SECONDS:-60}" "retry = 2" "retry-max-time = 60"
  printf 'url = "%s"\n' "${GRAFANA_URL%/}$2"
  printf 'request = "%s"\n' "$1"
  printf 'header = "authorization: Bearer %s"\n' "$(tr -cd 'A-Za-z0-9_.=-' <"$GRAFANA_TOKEN_FILE")"
  printf 'header = "accept: application/json"\n'
  printf 'write-out = "%%{http_code}"\n'
  if [[ -n ${3:-} ]]; then printf 'header = "content-type: application/json"\ndata-binary = "@%s"\n' "$3"; fi
  if [[ -n $GRAFANA_CA_FILE ]]; then printf 'cacert = "%s"\n' "$GRAFANA_CA_FILE"; fi
}

# Waits until Grafana answers, and tries the token.
reach_grafana() {
  wait_until "${WAIT_SECONDS:-120}" "the token in $GRAFANA_TOKEN_FILE" filled "$GRAFANA_TOKEN_FILE" ||
    die "$SUBJECT: no token in $GRAFANA_TOKEN_FILE" "mount the service account's token there"
  wait_until "${WAIT_SECONDS:-120}" "$GRAFANA_URL" answers || true
  grafana GET '/api/search?type=dash-db&limit=1' || refuse "Grafana cannot be asked"
}
# Anything: whether it is the right thing is told by the first question.
answers() {
  grafana GET '/api/health' || true
  [[ $STATUS != 000 && $STATUS != 5?? ]]
}

# refuse <what>: dies of the last answer.
refuse() {
  die "$SUBJECT: $1: ${CAUSE:-there is no such thing (404)}" \
    "${CAUSE_FIX:-correct the URL ($GRAFANA_URL), with its sub path if Grafana has one}"
}

# Something of Grafana's as a part of a path.
path_part() { jq -rn --arg part "$1" '$part | @uri'; }

# all_pages <path with a query> <file>: a JSON list of what every page has.
all_pages() {
  local page=1 count size=${PAGE_SIZE:-1000}
  : >"$2.pages"
  while :; do
    grafana GET "$1&limit=$size&page=$page" || return
    if ! jq -e 'type == "array" and all(.[]; (.uid | type == "string" and . != "") and (.title | type == "string"))' "$ANSWER" >/dev/null; then
      CAUSE="GET $1 was answered with something else than a list of things with uid and title: $(excerpt)"
      CAUSE_FIX="look at the version of Grafana: 10 and newer are known"
      return 2
    fi
    cat "$ANSWER" >>"$2.pages"
    count=$(jq length "$ANSWER")
    if ((count < size)); then break; fi
    page=$((page + 1))
  done
  # What moved to another page meanwhile is there twice.
  jq -s 'add | unique_by(.uid)' "$2.pages" >"$2"
}

# all_folders <file>: a JSON list of { uid, title, parentUid? }, parents before what is in them.
all_folders() {
  local waiting=('') parent
  jq -n '[]' >"$1"
  while ((${#waiting[@]} > 0)); do
    parent=${waiting[0]} waiting=("${waiting[@]:1}")
    all_pages "/api/folders?parentUid=$(path_part "$parent")" "$1.level" || return
    # One that knows no folders in folders answers with all of them, whatever it is asked for.
    jq --arg parent "$parent" --slurpfile known "$1" '
      map(select(.uid | IN($known[0][].uid) | not) | { uid, title } + if $parent | IN("", "sharedwithme") then {} else { parentUid: $parent } end)' \
      "$1.level" >"$1.new"
    # What is shared with one who may not see its folder is listed in one that does not exist.
    jq -s 'add | map(select(.uid != "sharedwithme"))' "$1" "$1.new" >"$1.next" && mv "$1.next" "$1"
    while IFS= read -r parent; do waiting+=("$parent"); done < <(jq -r '.[].uid' "$1.new")
  done
}
