# shellcheck shell=bash disable=SC2016,SC2034 # the programs in single quotes are jq's
# What the repositories hold, read by `pgbackrest info`. It exits 0 with an empty list for a repository that it could
# not read, so each repository's own status code is judged: 0 backups, 1 no stanza, 2 a stanza without backups, 3 one
# without the files that describe it, anything else = not read.

# pgBackRest tries an endpoint that does not answer for four to ten times its io-timeout, and tells why only then: with
# the default of a minute nobody would wait for it. Two dead repositories fit into the given seconds.
patience() { echo "--io-timeout=$(($1 < 36 ? 1 : $1 / 18))"; }

# read_info <seconds>: sets INFO to the stanza's element, or to null with INFO_ERROR telling why.
read_info() {
  local errors answer status=0
  errors=$(mktemp)
  INFO=null INFO_ERROR=''
  # The message about a wrong passphrase quotes what came out of the decryption, with bytes that no JSON may have.
  answer=$(timeout -k 5 "$1" pgbackrest --stanza="$STANZA" --log-level-console=off --log-level-stderr=warn "$(patience "$1")" \
    info --output=json 2>"$errors" </dev/null | LC_ALL=C tr -d '\000-\011\013-\037\177-\377') || status=$?
  if ((status == 124 || status == 137)); then
    INFO_ERROR="pgbackrest info had no answer within $1 s: timed out"
  elif ((status != 0)); then
    # What it says before it has read its options, some versions say on stdout.
    INFO_ERROR="$(cat "$errors")$answer"
  # System ids exceed what jq 1.6 keeps exactly: they become strings before it sees them.
  elif ! INFO=$(LC_ALL=C sed -E 's/"system-id":([0-9]+)/"system-id":"\1"/g' <<<"${answer//$'\n'/}" | jq -ce '.[0]'); then
    INFO=null INFO_ERROR="pgbackrest info gave no valid answer: ${answer:0:200}"
  fi
  rm -f "$errors"
}

info() { jq -r "$@" <<<"$INFO"; }

repository_keys() { info '.repo[]?.key'; }
readable_repositories() { info '.repo[]? | select(.status.code | IN(0, 1, 2, 3)) | .key'; }
unreadable_repositories() { info '.repo[]? | select(.status.code | IN(0, 1, 2, 3) | not) | .key'; }
# With or without this stanza.
stanza_repositories() { info '.repo[]? | select(.status.code | IN(0, 2)) | .key'; }
strange_repositories() { info '.repo[]? | select(.status.code == 1) | .key'; }
# The system ids of the stanza's history, over every repository that could be read.
stanza_system_ids() { info '[.db[]?["system-id"]] | unique[]'; }

# One sentence per repository that could not be read, for messages.
unreadable_causes() {
  local key
  if [[ -n ${LINEAGE_UNREAD:-} ]]; then echo "$LINEAGE_UNREAD"; fi
  if [[ -n ${STORE_UNREAD:-} ]]; then echo "$STORE_UNREAD"; fi
  if [[ $INFO == null ]]; then
    explain "$INFO_ERROR"
    echo "$CAUSE"
    return
  fi
  for key in $(unreadable_repositories); do
    explain "$(info --argjson key "$key" '.repo[] | select(.key == $key) | .status.message')"
    echo "repo$key: $CAUSE"
  done
}

# The fix belonging to the first of them.
unreadable_fix() {
  if [[ -n ${LINEAGE_UNREAD:-} ]]; then
    echo "$LINEAGE_FIX"
    return
  fi
  if [[ -n ${STORE_UNREAD:-} ]]; then
    echo "$STORE_FIX"
    return
  fi
  if [[ $INFO == null ]]; then
    explain "$INFO_ERROR"
  else
    explain "$(info '[.repo[] | select(.status.code | IN(0, 1, 2, 3) | not) | .status.message][0]')"
  fi
  echo "$CAUSE_FIX"
}

# WAL without backups is a trace of an earlier life that `info` does not show.
# prints what lies there; its status says whether that could be listed at all.
list_archive() {
  timeout -k 5 "${INFO_TIMEOUT:-90}" pgbackrest repo-ls --repo="$1" --log-level-console=off --log-level-stderr=warn \
    "$(patience "${INFO_TIMEOUT:-90}")" "archive/$STANZA" </dev/null
}

# judge_repositories <seconds for another look>: sets FACT_REPOSITORIES to backup | empty | deleted | history | unknown, as
# decide.sh defines them, and STORE_UNREAD and STORE_FIX when pgBackRest read a repository, but what else lies in it could not be told. A stanza that
# is just being made lacks files, too, and those that it has are versions: what looks deleted is looked at again.
judge_repositories() {
  judge_info
  if [[ $FACT_REPOSITORIES == deleted ]]; then
    nap "${DELETED_PAUSE:-2}"
    read_info "$1"
    judge_info
  fi
}

judge_info() {
  local key listing errors
  FACT_REPOSITORIES=unknown STORE_UNREAD='' STORE_FIX=''
  if [[ $INFO == null ]]; then return; fi
  if [[ $(info '.repo | any(.status.code == 0)') == true ]]; then
    FACT_REPOSITORIES=backup
  elif [[ -n $(unreadable_repositories) || -z $(repository_keys) ]]; then
    FACT_REPOSITORIES=unknown
  elif [[ $(info '.repo | any(.status.code == 2)') == true ]]; then
    FACT_REPOSITORIES=history
  elif [[ $(info '.repo | any(.status.code == 3)') == true ]]; then
    # A folder without the files that describe it.
    judge_deletion history
  else
    errors=$(mktemp)
    for key in $(repository_keys); do
      if ! listing=$(list_archive "$key" 2>"$errors"); then
        explain "$(<"$errors")"
        store_unread "$key"
        break
      elif [[ -n $listing ]]; then
        FACT_REPOSITORIES=history
        break
      fi
    done
    rm -f "$errors"
    if [[ $FACT_REPOSITORIES$STORE_UNREAD == unknown ]]; then judge_deletion empty; fi
  fi
}

# judge_deletion <what it is when nothing was deleted>
judge_deletion() {
  local status=0
  were_deleted || status=$?
  case $status in
    0) FACT_REPOSITORIES=deleted ;;
    1) FACT_REPOSITORIES=$1 ;;
  esac
}

store_unread() { STORE_UNREAD="repo$1: $CAUSE" STORE_FIX=$CAUSE_FIX; }

# A repository that somebody emptied is not a new one: a versioned bucket still knows. 0 = it was emptied; 1 = nothing
# tells so; 2 = a store gave no answer. One that answers, but lists versions to nobody or not to this key, can tell
# nothing.
were_deleted() {
  local repo folder status
  for repo in $(s3_repositories); do
    for folder in archive backup; do
      status=0
      s3_has_versions "$repo" "$folder/$STANZA/" || status=$?
      if ((status == 0)); then return 0; fi
      if ((status == 1)); then continue; fi
      # A key or a clock that the store does not accept is no answer, either.
      if [[ $S3_STATUS != 501 && ! $S3_STATUS =~ ^4 || $CAUSE_CODE == key || $CAUSE_CODE == clock ]]; then store_unread "$repo" && return 2; fi
      warn "whether something was deleted from repo$repo cannot be told: $CAUSE"
      break
    done
  done
  return 1
}

# choose_backup <set> <before (epoch seconds)> <timeline> <its history, as lineage.sh reads it> <system id>, each but the
# history may be empty: the newest backup that fits, from the lowest-numbered repository that has one (their order is the operator's
# preference); prints a JSON object or nothing. A backup fits a timeline when it was made on it, or on an ancestor before
# that was left.
# Timelines begin again with a major upgrade, hence the system id; a set that is named is enough.
choose_backup() {
  info --arg set "$1" --arg before "$2" --arg timeline "$3" --argjson history "$4" --arg system "$5" --argjson damaged "$(damaged_backups)" '
    def hex: ascii_downcase | explode | reduce .[] as $c (0; . * 16 + (if $c > 96 then $c - 87 else $c - 48 end));
    def lsn: split("/") | (.[0] | hex) * 4294967296 + (.[1] | hex);
    def follows: . as $backup
      | if ($timeline | test("^[0-9]+$") | not) or .timeline == ($timeline | tonumber) then true
        else any($history[]; .timeline == $backup.timeline and (.end | lsn) >= ($backup.lsn | lsn)) end;
    . as $stanza
    | [ .backup[]? | . as $b
        | { repo: .database["repo-key"], "label": .label, type, stop: .timestamp.stop, bytes: .info.size,
            timeline: (.archive.stop // "" | .[0:8] | hex), lsn: (.lsn.stop // "0/0"),
            of: [$stanza.db[] | select(.id == $b.database.id and .["repo-key"] == $b.database["repo-key"])][0] }
        | . + { version: .of.version, systemId: .of["system-id"] } | del(.of)
        | select($set != "" or $system == "" or .systemId == $system)
        | select($set == "" or .label == $set)
        | select($before == "" or .stop < ($before | tonumber))
        | select(follows)
        | select("\(.repo):\(.label)" | IN($damaged[]) | not) ]
    | sort_by(.repo) | group_by(.repo) | (.[0] // []) | max_by(.stop) // empty | tojson'
}

# Backups that a restore found to be damaged, so that neither this start nor the next one tries them again.
DAMAGED_FILE=$STATE_DIR/damaged-backups
damaged_backups() { (cat "$DAMAGED_FILE" 2>/dev/null || true) | jq -Rnc '[inputs]'; }

# Whether what was explained lies in the backup itself. The repository was read just before, so the passphrase is right.
is_damage() { [[ $CAUSE_CODE == damaged || $CAUSE_CODE == passphrase ]]; }
