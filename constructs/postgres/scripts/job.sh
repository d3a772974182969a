# shellcheck shell=bash disable=SC2016 # the programs in single quotes are jq's
# What the backup jobs share. They have no PGDATA: pgBackRest reaches it through the sidecar's TLS server. Needs
# repositories.sh, s3.sh and authorities.sh.

: "${WAIT_SECONDS:=600}"
: "${LOCK_WAIT_SECONDS:=3600}"
OUTPUT=$(mktemp)
SERVERS=$(mktemp)
cleanup() { rm -f "$OUTPUT" "$SERVERS"; }

# run <arguments…>: pgBackRest with everything it says on stderr and in $OUTPUT.
run() {
  local status=0
  pgbackrest --stanza="$STANZA" --log-level-console=info "$@" </dev/null 2>&1 | tee "$OUTPUT" >&2 || status=$?
  return "$status"
}
# The cause is in the warnings; the closing error line misleads.
explain_run() { explain_or_ask "$(grep -v ' INFO: ' "$OUTPUT")"; }

# Some causes no waiting cures; some pass soon or never: a key that was just made, a clock that is being set.
hopeless() {
  case $CAUSE_CODE in
    mismatch | key | bucket | passphrase | config | stopped) return 0 ;;
    *) return 1 ;;
  esac
}
passing() { [[ $CAUSE_CODE == access || $CAUSE_CODE == clock ]]; }

# let_finish <repository>: pgBackRest gives its lock at the server back before it writes the manifest of a backup, and a
# job that begins in between takes all of it for leftovers and removes its files, while it stays listed as a good one.
# One that was killed looks the same, so this ends.
let_finish() {
  local deadline=$((SECONDS + ${FINISH_SECONDS:-30})) told=''
  while ((SECONDS < deadline)) && unfinished "$1"; do
    if [[ -z $told ]]; then log "repo$1 has a backup without a manifest, which is being finished or was killed: waiting for it, ${FINISH_SECONDS:-30} s at most"; fi
    told=true
    nap 1
  done
}
# unfinished <repository>: its newest backup has no manifest yet.
unfinished() {
  local newest files
  newest=$(list_repository "$1" "backup/$STANZA" '^[0-9]{8}-[0-9]{6}F' | tail -n 1)
  if [[ -z $newest ]]; then return 1; fi
  files=$(list_repository "$1" "backup/$STANZA/$newest" '^backup[.]manifest')
  [[ $files == *backup.manifest.copy* ]] && ! grep -qx 'backup.manifest' <<<"$files"
}
# What cannot be listed is told by what comes next.
list_repository() {
  pgbackrest --log-level-console=off --log-level-stderr=off --repo="$1" --filter="$3" repo-ls "$2" </dev/null 2>/dev/null || true
}

# insist <seconds> <what> <arguments…>: runs until it succeeds, the cause is hopeless or the time is over. Sets CAUSE*.
insist() {
  local deadline=$((SECONDS + $1)) lock_deadline=$((SECONDS + LOCK_WAIT_SECONDS)) what=$2
  local passing_deadline=$((SECONDS + ${PASSING_SECONDS:-60}))
  shift 2
  while :; do
    gather_authorities
    leave_out_silent
    if [[ -n ${WRITES:-} ]]; then let_finish "$WRITES"; fi
    if run "$@"; then return 0; fi
    explain_run
    if hopeless; then return 1; fi
    if [[ $CAUSE_CODE == locked ]]; then
      if ((SECONDS >= lock_deadline)); then return 1; fi
    elif ((SECONDS >= deadline)) || { passing && ((SECONDS >= passing_deadline)); }; then
      return 1
    fi
    log "$what of $DATABASE_NAME: $CAUSE; trying again"
    nap "${RETRY_SECONDS:-15}"
  done
}

# ping_server <port> <host…>: one of them answers.
ping_server() {
  local port=$1 host
  shift
  for host in "$@"; do
    if ping_host "$port" "$host"; then return 0; fi
  done
  return 1
}
# Of a database with replicas pgBackRest asks every server which of them is the primary, and waits a minute for each that
# does not answer, in each of its commands. So those are left out that do not answer now; another attempt asks again.
leave_out_silent() {
  local number host port answer=() silent=()
  while read -r number host; do
    port=$(configured "pg$number-host-port")
    if ping_host "${port:-8432}" "$host"; then answer+=("$number"); else silent+=("$host"); fi
  done < <(if (($(grep -c '^pg[0-9]*-host=' <<<"$CONFIGURATION") > 1)); then sed -nE 's/^pg([0-9]+)-host=(.*)$/\1 \2/p' <<<"$CONFIGURATION"; fi)
  export PGBACKREST_CONFIG=$CONFIG_FILE
  if ((${#silent[@]} == 0 || ${#answer[@]} == 0)); then return; fi
  awk -v numbers="${answer[*]}" 'BEGIN { split(numbers, kept, " "); for (i in kept) place[kept[i]] = i }
    match($0, /^pg[0-9]+-/) {
      number = substr($0, 3, RLENGTH - 3)
      if (number in place) print "pg" place[number] substr($0, RLENGTH)
      next
    }
    { print }' "$CONFIG_FILE" >"$SERVERS"
  export PGBACKREST_CONFIG=$SERVERS
  warn "${silent[*]} of $DATABASE_NAME did not answer, and is left out"
}
ping_host() {
  pgbackrest --log-level-console=off --log-level-stderr=error --io-timeout=2 --tls-server-port="$1" server-ping "$2" </dev/null 2>"$OUTPUT"
}

# The database's TLS server answers, the stanza exists in every repository that can be reached, archiving works.
reach_database() {
  local host port hosts several
  host=${PG_HOST:-$(configured pg1-host)} port=${PG_TLS_PORT:-$(configured pg1-host-port)}
  wait_until "$WAIT_SECONDS" "the certificates in $TLS_DIR" filled "$TLS_DIR"/{ca.crt,client.crt,client.key} ||
    die "$DATABASE_NAME: no certificates in $TLS_DIR after $WAIT_SECONDS s" "run the TLS job and look at its log, or look at the Certificates that cert-manager keeps"
  if [[ -n $host ]]; then
    # Of a database with replicas, any; pgBackRest finds the primary among them.
    IFS=', ' read -ra hosts <<<"$host"
    if ! wait_until "$WAIT_SECONDS" "the TLS server $host:${port:-8432}" ping_server "${port:-8432}" "${hosts[@]}"; then
      explain_run
      die "$DATABASE_NAME: its TLS server $host:${port:-8432} did not answer for $WAIT_SECONDS s: $CAUSE" "look at the pgbackrest container of the database's pod and at the network policy"
    fi
  fi
  several=$(configuration | sed -nE 's/^[[:space:]]*(repo[0-9]+)-.*$/\1/p' | sort -u | wc -l)
  # stanza-create and check do nothing on a stanza that is as it should be. stanza-upgrade is never run: it would
  # accept a database initialised by mistake, and the next backups would expire the real one.
  insist "$WAIT_SECONDS" stanza-create stanza-create || one_of_several stanza-create "$several"
  insist "${CHECK_SECONDS:-180}" check check || one_of_several check "$several"
}

# With several repositories, one that is down must not keep the others without backups; each backup then tells its own.
one_of_several() {
  case $CAUSE_CODE in
    mismatch | stopped | server | client | locked) die "$DATABASE_NAME: pgbackrest $1 failed: $CAUSE" "$CAUSE_FIX" ;;
  esac
  if (($2 < 2)); then die "$DATABASE_NAME: pgbackrest $1 failed: $CAUSE" "$CAUSE_FIX"; fi
  warn "pgbackrest $1 failed ($CAUSE); going on, because one of several repositories may be the cause"
}

# The repositories to back up into: REPOS, or each one of the configuration.
repositories() {
  if [[ -n ${REPOS:-} ]]; then tr -s ', ' '\n' <<<"$REPOS" && return; fi
  read_info "${INFO_TIMEOUT:-90}"
  if [[ $INFO == null ]]; then
    explain "$INFO_ERROR"
    die "$DATABASE_NAME: pgbackrest info failed: $CAUSE" "$CAUSE_FIX"
  fi
  repository_keys
}

# back_up <type> <repository>: a backup that is listed afterwards, told in one line of JSON on stdout.
back_up() {
  local started label record
  started=$(now)
  if ! WRITES=$2 insist "${BACKUP_RETRY_SECONDS:-120}" "backup into repo$2" --type="$1" --repo="$2" backup; then
    log "ERROR $1 backup of $DATABASE_NAME into repo$2 failed: $CAUSE — FIX: $CAUSE_FIX"
    return 1
  fi
  label=$(sed -nE 's/^.*INFO: new backup label = ([0-9A-Z_-]+).*$/\1/p' "$OUTPUT" | tail -n 1)
  read_info "${INFO_TIMEOUT:-90}"
  record=$(info --arg name "$label" --argjson repo "$2" --arg seconds "$(seconds_since "$started")" '
    .backup[]? | select(.label == $name and .database["repo-key"] == $repo)
    | { repo: $repo, "label": .label, type, bytes: .info.size, deltaBytes: .info.delta,
        repoBytes: (.info.repository.delta // .info.repository.size), seconds: ($seconds | tonumber),
        stop: (.timestamp.stop | todate), timeline: .archive.stop[0:8] } | tojson')
  if [[ -z $record ]]; then
    CAUSE="pgBackRest reported backup ${label:-without a label}, but repo$2 does not list it" CAUSE_CODE=unlisted
    CAUSE_FIX="let the key write and delete in the repository, and look at the lines above"
    log "ERROR $1 backup of $DATABASE_NAME: $CAUSE — FIX: $CAUSE_FIX"
    return 1
  fi
  printf '%s\n' "$record"
}

# each_repository <function>: a failure in one does not stop the others, and is not forgotten.
each_repository() {
  local repo failed=() cause='' fix=''
  for repo in $TARGETS; do
    if ! "$1" "$repo"; then
      failed+=("repo$repo")
      cause=${cause:-$CAUSE} fix=${fix:-$CAUSE_FIX}
    fi
  done
  if ((${#failed[@]} > 0)); then
    die "$DATABASE_NAME: no backup was made in ${failed[*]}: $cause" "$fix"
  fi
}
