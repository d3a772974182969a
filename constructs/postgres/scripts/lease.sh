# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Who may write into the vault. Each new life of the data (an initialisation, a restore, a recovery in place) takes the
# next number in every S3 repository by a conditional write, so that no two lives get one number:
#   <repository path>/leases/<stanza>/000001.json = { lease, holder: random, how, at, pod? }
# The volume knows its own ($STATE_DIR/lease.json, the same object); the highest number holds. A volume with a lower
# one, or with none where there are some, is superseded. Repositories of other types are not leased. Needs s3.sh.

LEASE_FILE=$STATE_DIR/lease.json

lease_key() { printf 'leases/%s/%06d.json' "$STANZA" "$1"; }

# Sets LEASE_NUMBER (0: none) and LEASE_HOLDER of this volume.
own_lease() {
  LEASE_NUMBER=0 LEASE_HOLDER=''
  if [[ ! -e $LEASE_FILE ]]; then return; fi
  read -r LEASE_NUMBER LEASE_HOLDER < <(jq -r 'select(.lease | type == "number") | "\(.lease) \(.holder)"' "$LEASE_FILE" 2>/dev/null || true) ||
    warn "$LEASE_FILE cannot be read: it counts as missing"
  LEASE_NUMBER=${LEASE_NUMBER:-0}
}

# read_leases <new | old>: new for a volume on which no life has begun. Sets
#   LEASE         own | none (this volume has none, and needs none) | superseded | unknown (no repository could be read)
#   LEASE_NEWEST  the highest number in the repositories that could be read
#   LEASE_BY      the lease that superseded this volume, as JSON
#   LEASE_POD     where there are replicas: the pod that the newest lease names, or ? when that could not be read
#   LEASE_MISSING repositories that could be read and do not have our lease yet
#   LEASE_UNREAD  why the others could not be read, one a line; LEASE_FIX what to do about the first
read_leases() {
  local repo repos read='' superseded=no
  own_lease
  LEASE=none LEASE_NEWEST=0 LEASE_BY='' LEASE_POD='' LEASE_MISSING='' LEASE_UNREAD='' LEASE_FIX=''
  repos=$(s3_repositories)
  for repo in $repos; do
    if read_lease_of "$repo"; then read+=" $repo"; else lease_unread "$repo"; fi
  done
  if [[ $1 == new && $superseded == yes ]]; then LEASE_NUMBER=0 LEASE_HOLDER=''; fi
  if [[ $1 == old && $superseded == yes ]]; then
    LEASE=superseded
  elif [[ -n $repos && -z $read ]]; then
    LEASE=unknown
  elif ((LEASE_NUMBER > 0)); then
    LEASE=own
  fi
}

# Its variable superseded is read_leases'. 2 when the repository could not be read.
read_lease_of() {
  local newest key after=''
  # Who is the primary stands in the newest one, also where that is older than a number that was only noted here.
  if ((LEASE_NUMBER > 1)) && [[ -z ${POD_NAME:-} ]]; then after=$(lease_key $((LEASE_NUMBER - 1))); fi
  s3_list "$1" "leases/$STANZA/" "$after" || return 2
  newest=$(sed -nE 's|^.*/([0-9]{6})\.json$|\1|p' <<<"$S3_KEYS" | tail -n 1)
  newest=$((10#${newest:-0}))
  if ((newest > LEASE_NEWEST)); then
    LEASE_NEWEST=$newest LEASE_POD='?'
    if [[ -n ${POD_NAME:-} ]]; then
      s3_get "$1" "$(lease_key "$newest")" || return 2
      LEASE_POD=$(jq -r '.pod // ""' <<<"$S3_BODY" 2>/dev/null) || LEASE_POD='?'
    fi
  fi
  key=$(lease_key "$LEASE_NUMBER")
  if ((newest > LEASE_NUMBER)); then
    superseded=yes LEASE_BY="{\"lease\":$newest}"
    s3_get "$1" "$(lease_key "$newest")" || return 2
    LEASE_BY=$S3_BODY
  elif ((LEASE_NUMBER > 0)) && ! grep -qx "$key" <<<"$S3_KEYS"; then
    LEASE_MISSING+=" $1"
  elif ((LEASE_NUMBER > 0)); then
    s3_get "$1" "$key" || return 2
    if [[ $(jq -r .holder <<<"$S3_BODY" 2>/dev/null) != "$LEASE_HOLDER" ]]; then superseded=yes LEASE_BY=$S3_BODY; fi
  fi
}

lease_unread() {
  LEASE_UNREAD+="repo$1: $CAUSE"$'\n'
  LEASE_FIX=${LEASE_FIX:-$CAUSE_FIX}
}

# take_lease <how> <number of the life that is complete on this volume, or 0>: the number that an attempt before this
# one took is kept. Ends the script when no repository granted it. Needs read_leases.
take_lease() {
  local number=$LEASE_NUMBER holder=$LEASE_HOLDER repo repos granted=no status
  repos=$(s3_repositories)
  if [[ -z $repos ]]; then return; fi
  if ((number == 0 || number == $2 || number < LEASE_NEWEST)); then
    number=$((LEASE_NEWEST + 1))
    if ((LEASE_NUMBER >= number)); then number=$((LEASE_NUMBER + 1)); fi
    holder=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    # Before the vault has it: a killed attempt must recognise its own.
    write_durably "$LEASE_FILE" "$(jq -nc --argjson lease "$number" --arg holder "$holder" --arg how "$1" \
      --arg at "$(date -u +%FT%TZ)" --arg pod "${POD_NAME:-}" '{ $lease, $holder, $how, $at } + if $pod == "" then {} else { $pod } end')"
  fi
  LEASE_NUMBER=$number LEASE_HOLDER=$holder LEASE_UNREAD='' LEASE_FIX=''
  for repo in $repos; do
    status=0
    grant_lease "$repo" || status=$?
    case $status in
      0) granted=yes ;;
      1) die "$DATABASE_NAME: lease $number was taken by another database at this very moment ($(lease_words "$S3_BODY"))" \
        "find out which of the two is to live; this one decides anew at its next start" ;;
      *)
        if [[ $CAUSE_CODE == conditional ]]; then die "$DATABASE_NAME: no lease could be taken in repo$repo: $CAUSE" "$CAUSE_FIX"; fi
        lease_unread "$repo"
        ;;
    esac
  done
  if [[ $granted == no ]]; then
    die "$DATABASE_NAME: no lease could be taken, and without one an older copy of this database could go on writing (${LEASE_UNREAD%$'\n'})" "$LEASE_FIX"
  fi
  if [[ -n $LEASE_UNREAD ]]; then warn "lease $number could not be written everywhere; the archiver does it later: ${LEASE_UNREAD//$'\n'/; }"; fi
  log "lease $number is ours"
}

# grant_lease <repository>: 1 = it is somebody else's (S3_BODY tells whose).
grant_lease() {
  local status=0 key
  key=$(lease_key "$LEASE_NUMBER")
  s3_put_new "$1" "$key" "$(<"$LEASE_FILE")" || status=$?
  if ((status != 1)); then return "$status"; fi
  # Perhaps our own: of a killed attempt, or of a request whose answer was lost.
  s3_get "$1" "$key" || return 2
  [[ $(jq -r .holder <<<"$S3_BODY" 2>/dev/null) == "$LEASE_HOLDER" ]]
}

# Writes our lease where it is missing; whoever has taken its number meanwhile is seen at the next reading.
settle_lease() {
  local repo
  if [[ $LEASE != own ]]; then return; fi
  for repo in $LEASE_MISSING; do
    grant_lease "$repo" || warn "lease $LEASE_NUMBER could not be written into repo$repo yet"
  done
}

# lease_words <lease as JSON>
lease_words() { jq -r '"lease \(.lease), \(.how) at \(.at)"' <<<"$1" 2>/dev/null || echo 'a lease that cannot be read'; }
