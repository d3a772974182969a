# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Content in the vault: objects of at most PACK_BYTES, each with many files or a part of one, under the SHA-256 of what is
# stored and the bytes that it holds. What is stored is never changed; a set is a list of where its files are in them, so
# sets share what did not change between them. Needs s3.sh and what that needs.
# An extent, where a file or a part of it is: <pack>:<first byte>:<bytes>:<SHA-256>; a file has some, by commas.

ENCRYPTED=false
if [[ -s $PASSPHRASE_FILE ]]; then ENCRYPTED=true; fi

# sealed <file> <kept>: what is stored of it. `openssl enc -d -aes-256-cbc -pbkdf2 -md sha256 -pass file:…` opens it, too.
sealed() {
  if [[ $ENCRYPTED == true ]]; then openssl enc -aes-256-cbc -pbkdf2 -md sha256 -salt -pass "file:$PASSPHRASE_FILE" -in "$1" -out "$2"; else cp "$1" "$2"; fi
}
# opened <true: it is encrypted> <kept> <file>: 1 = not by this passphrase, with CAUSE.
opened() {
  if [[ $1 != true ]]; then cp "$2" "$3" && return; fi
  if [[ ! -s $PASSPHRASE_FILE ]]; then
    CAUSE='it is encrypted, and there is no passphrase' CAUSE_FIX="give the job the passphrase that it was made with (it is in the escrow)" && return 1
  fi
  if ! openssl enc -d -aes-256-cbc -pbkdf2 -md sha256 -pass "file:$PASSPHRASE_FILE" -in "$2" -out "$3" 2>"$WORK/openssl.error"; then
    CAUSE='it cannot be decrypted: another passphrase, or damage' CAUSE_FIX="give the job the passphrase that it was made with (it is in the escrow)" && return 1
  fi
}

# put_pack <file>: sets PACK. It counts when the vault has given it back.
put_pack() {
  local status=0
  sealed "$1" "$WORK/sealed"
  PACK=$(digest "$WORK/sealed")-$(stat -c %s "$1")
  s3_put_file "$SET_STORE" "$CONTENT_PREFIX/$PACK" "$WORK/sealed" || return 2
  rm -f "$WORK/back"
  s3_get_file "$SET_STORE" "$CONTENT_PREFIX/$PACK" "$WORK/back" || status=$?
  if ((status != 0)) || ! cmp -s "$WORK/sealed" "$WORK/back"; then
    if ((status != 2)); then CAUSE="the vault gives back something else than was written" CAUSE_FIX="look at the store; this set does not count"; fi
    return 2
  fi
  rm -f "$WORK/sealed" "$WORK/back"
}

# get_pack <pack> <true: it is encrypted> <file>: 1 = it is gone or damaged, with CAUSE.
get_pack() {
  local status=0
  rm -f "$WORK/sealed"
  s3_get_file "$SET_STORE" "$CONTENT_PREFIX/$1" "$WORK/sealed" || status=$?
  if ((status == 1)); then CAUSE="the content $1 is gone from the vault" CAUSE_FIX='bring it back: a versioned bucket keeps what was deleted'; fi
  if ((status != 0)); then return "$status"; fi
  if [[ $(digest "$WORK/sealed") != "${1%-*}" ]]; then
    CAUSE="the content $1 is damaged in the vault" CAUSE_FIX='bring it back: a versioned bucket keeps what was overwritten' && return 1
  fi
  opened "$2" "$WORK/sealed" "$3"
}

# sweep <seconds after which an incomplete set is nobody's any more>: removes content that is in no set. Two runs cannot
# take it from each other: one has begun its set before it looks whether somebody sweeps, the other has said that it sweeps
# before it looks whether a set was begun.
SWEEPING=$CONTENT_PREFIX-sweeping.json
sweep() {
  SWEPT_AT=0
  if ! still_sweeping; then warn "$SUBJECT: no content was removed: $CAUSE" && return; fi
  sweep_unused "$1" || warn "$SUBJECT: no content was removed: ${CAUSE:-a set cannot be read}"
  s3_delete "$SET_STORE" "$SWEEPING" || warn "$SUBJECT: $CAUSE"
}

# Says so once a minute: a run that was killed says it no more.
still_sweeping() {
  if ((EPOCHSECONDS - SWEPT_AT < 60)); then return; fi
  s3_put "$SET_STORE" "$SWEEPING" "{\"at\":$EPOCHSECONDS}" || return 2
  SWEPT_AT=$EPOCHSECONDS
}

sweep_unused() {
  local id pack removed=0
  list_sets || return
  if jq -e --arg own "$ID" --argjson now "$EPOCHSECONDS" --argjson stale "$1" \
    'any(.[]; (.complete | not) and .id != $own and $now - (.id | strptime("%Y%m%dT%H%M%SZ") | mktime) < $stale)' <<<"$SETS" >/dev/null; then
    log 'content stays: another set is being made, or was not long ago' && return
  fi
  : >"$WORK/used"
  for id in $(jq -r '.[] | select(.complete) | .id' <<<"$SETS"); do
    # What a set needs that cannot be read is not known.
    read_manifest "$id" "$WORK/sweep.manifest" && read_part "$WORK/sweep.manifest" list "$WORK/sweep.gz" || return
    gzip -dc "$WORK/sweep.gz" | cut -f 5 | tr ',' '\n' | cut -d : -f 1 | sort -u >>"$WORK/used"
    still_sweeping || return
  done
  s3_list "$SET_STORE" "$CONTENT_PREFIX/" || return
  while read -r pack; do
    still_sweeping || return
    s3_delete "$SET_STORE" "$CONTENT_PREFIX/$pack" || return
    removed=$((removed + 1))
  done < <(comm -13 <(sort -u "$WORK/used") <(sed -n "s|^$CONTENT_PREFIX/||p" <<<"$S3_KEYS" | sort -u))
  if ((removed > 0)); then log "$removed objects with content that is in no set any more are removed"; fi
}

# Until nobody sweeps.
await_sweep() {
  if ! wait_until "${SWEEP_SECONDS:-3600}" 'another run that removes content' nobody_sweeps; then
    die "$SUBJECT: another run removes content from the vault, and does not end" "look for a second job of this backup, in this cluster or an older one that still runs; end one of them"
  fi
}
nobody_sweeps() {
  local status=0
  s3_get "$SET_STORE" "$SWEEPING" || status=$?
  case $status in
    0) ((EPOCHSECONDS - $(jq -r .at <<<"$S3_BODY") > 600)) ;;
    1) return 0 ;;
    *) return 1 ;;
  esac
}
