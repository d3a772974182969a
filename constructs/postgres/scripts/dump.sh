#!/usr/bin/env bash
# A logical dump: each database in custom format, several at once, and the globals (roles, tablespaces), as streams into
# the vault. It is read back and listed before it counts; then those that are too old go.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # the programs in single quotes are jq's
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=cause.sh
source "$here/cause.sh"
# shellcheck source=configuration.sh
source "$here/configuration.sh"
# shellcheck source=s3.sh
source "$here/s3.sh"
# shellcheck source=lease.sh
source "$here/lease.sh"
# shellcheck source=dump-store.sh
source "$here/dump-store.sh"
# shellcheck source=dump-server.sh
source "$here/dump-server.sh"

# A JSON list of names; empty: all that accept connections.
: "${DUMP_DATABASES:=[]}"
: "${DUMP_PARALLEL:=2}"
: "${DUMP_KEEP_SECONDS:=1209600}"
: "${DUMP_KEEP_AT_LEAST:=3}"
# Passwords are set from Secrets: verifiers in a dump would only be one more place to steal them from.
: "${DUMP_ROLE_PASSWORDS:=false}"
: "${DUMP_LOCK_WAIT_SECONDS:=600}"
# The job is ended before that.
: "${DUMP_STALE_SECONDS:=172800}"

WORK=$(mktemp -d)
cleanup() {
  local jobs
  jobs=$(jobs -p)
  # shellcheck disable=SC2086 # a list
  if [[ -n $jobs ]]; then kill $jobs 2>/dev/null || true; fi
  rm -rf "$WORK"
}

# A dump of data that has a successor would be taken for the successor's.
refuse_superseded() {
  LEASE_FILE=$WORK/lease.json
  sql postgres -v file="$STATE_DIR/lease.json" -f - <<<"select pg_read_file(:'file', 0, 100000, true)" >"$LEASE_FILE"
  if [[ ! -s $LEASE_FILE || $(<"$LEASE_FILE") == '' ]]; then rm "$LEASE_FILE"; fi
  read_leases old
  if [[ $LEASE == superseded ]]; then
    die "$DATABASE_NAME is not dumped: its data (lease $LEASE_NUMBER) is superseded, a newer life of the database holds $(lease_words "$LEASE_BY")" \
      "use that one, and take this one down"
  fi
}

# keep <name for messages> <file> <command…>: what the command prints, into the vault and back. Leaves in $WORK/<file>.sum
# and .size what the vault has, and in $WORK/<file>.read what `$READER` says of it.
keep() {
  local what=$1 file=$2 at=$WORK/$2 key statuses=(0 0 0)
  key=$(set_key "$ID")/$file
  shift 2
  "$@" 2> >(tee "$at.said" >&2) | measure "$at.sent" | store put "$key" "$at.put" || statuses=("${PIPESTATUS[@]}")
  # In this order: the program fails with its upload, never the other way round.
  if ((statuses[2] != 0)); then
    explain "$(<"$at.put")"
    die "$DATABASE_NAME: the dump of $what could not be written into repo$DUMP_REPO: $CAUSE" "$CAUSE_FIX"
  fi
  if ((statuses[0] != 0 || statuses[1] != 0)); then
    die "$DATABASE_NAME: ${1##*/} of $what failed: $(grep -E 'error:|FATAL' "$at.said" | head -n 1)" "read the lines above"
  fi
  store get "$key" "$at.get" | measure "$at" | read_to_the_end >"$at.read" || statuses=("${PIPESTATUS[@]}")
  if ((statuses[0] != 0)); then
    explain "$(<"$at.get")"
    die "$DATABASE_NAME: the dump of $what cannot be read back from repo$DUMP_REPO: $CAUSE" "$CAUSE_FIX"
  fi
  if ((statuses[2] != 0)) || [[ $(<"$at.sum") != "$(<"$at.sent.sum")" ]]; then
    die "$DATABASE_NAME: repo$DUMP_REPO gives back something else than the dump of $what that was written" \
      "look at the store; this dump does not count"
  fi
}

read_to_the_end() {
  local status=0
  $READER || status=$?
  cat >/dev/null
  return "$status"
}

dump_database() {
  local oid=$1 name=$2 file started tables
  started=$(now)
  # Any name may be a database's; a key's letters are few.
  file="$oid-${name//[^A-Za-z0-9_-]/_}.dump"
  READER="$PG_BIN/pg_restore --list" PGDATABASE=$name keep "database $name" "$file" "$PG_BIN/pg_dump" --format=custom \
    --no-password --lock-wait-timeout="${DUMP_LOCK_WAIT_SECONDS}s" "${COMPRESS[@]}"
  tables=$(grep -E '^[0-9]+; 1259 [0-9]+ TABLE ' "$WORK/$file.read" | grep -cvE ' TABLE ATTACH ' || true)
  jq -nc --arg name "$name" --arg file "$file" --argjson bytes "$(<"$WORK/$file.size")" --arg sha256 "$(<"$WORK/$file.sum")" \
    --argjson tables "$tables" '{ $name, $file, $bytes, $sha256, $tables }' >"$WORK/$oid.json"
  log "database $name: $(megabytes "$(<"$WORK/$file.size")"), $tables tables, in $(seconds_since "$started") s"
}

dump_globals() {
  local passwords=(--no-role-passwords)
  if [[ $DUMP_ROLE_PASSWORDS == true ]]; then passwords=(); fi
  READER=true keep globals globals.sql "$PG_BIN/pg_dumpall" --globals-only --no-password --database=postgres "${passwords[@]}"
  jq -nc --arg file globals.sql --argjson bytes "$(<"$WORK/globals.sql.size")" --arg sha256 "$(<"$WORK/globals.sql.sum")" \
    --argjson rolePasswords "$DUMP_ROLE_PASSWORDS" '{ $file, $bytes, $sha256, $rolePasswords }' >"$WORK/globals.json"
}

# The databases to dump: [{ oid, name }], the largest first, so that none is left over at the end.
databases() {
  local found missing
  found=$(sql postgres -c "select coalesce(json_agg(json_build_object('oid', oid, 'name', datname)
    order by pg_database_size(oid) desc), '[]') from pg_database where datallowconn and not datistemplate")
  missing=$(jq -r --argjson wanted "$DUMP_DATABASES" '$wanted - map(.name) | join(", ")' <<<"$found")
  if [[ -n $missing ]]; then
    die "$DATABASE_NAME has no database $missing, which is to be dumped" "create it, or take it out of dumps.databases"
  fi
  jq -c --argjson wanted "$DUMP_DATABASES" 'map(select(($wanted | length == 0) or (.name | IN($wanted[]))))' <<<"$found"
}

# Waits for one of them, and ends as it has ended: one that died has said why.
finish_one() {
  local status=0
  wait -n || status=$?
  if ((status != 0)); then exit "$status"; fi
}

dump_all() {
  local running=0 oid name
  (dump_globals)
  while read -r oid && IFS= read -r name; do
    if ((running >= DUMP_PARALLEL)); then finish_one && running=$((running - 1)); fi
    (dump_database "$oid" "$name") &
    running=$((running + 1))
  done < <(jq -r '.[] | .oid, .name' <<<"$CHOSEN")
  while ((running > 0)); do finish_one && running=$((running - 1)); done
}

write_manifest() {
  local about manifest
  about=$(sql postgres -c "select json_build_object('serverVersion', current_setting('server_version'), 'systemId',
    (select system_identifier::text from pg_control_system()), 'timeline', (select timeline_id from pg_control_checkpoint()))")
  manifest=$(jq -nc --argjson about "$about" --arg id "$ID" --arg startedAt "$STARTED_AT" --arg finishedAt "$(date -u +%FT%TZ)" \
    --slurpfile globals "$WORK/globals.json" '{ $id, $startedAt, $finishedAt } + $about
      + { databases: [inputs] | sort_by(.name), globals: $globals[0] }' "$WORK"/[0-9]*.json)
  s3_put_new "$DUMP_REPO" "$(set_key "$ID")/manifest.json" "$manifest" ||
    die "$DATABASE_NAME: the manifest of dump $ID could not be written: ${CAUSE:-it is there already}" "${CAUSE_FIX:-run the job again}"
  printf '%s\n' "$manifest"
}

if ((${DELAY_SECONDS:-0} > 0)); then
  log "waiting ${DELAY_SECONDS} s, so that not all databases begin together"
  nap "$DELAY_SECONDS"
fi
# Older ones know only gzip, which is their default.
COMPRESS=()
if ((PG_MAJOR >= 16)); then COMPRESS=(--compress=zstd:3); fi
began=$(now) STARTED_AT=$(date -u +%FT%TZ)
check_store
reach_server
refuse_superseded
CHOSEN=$(databases)
begin_set
# A dump changes nothing, whatever the superuser could.
export PGOPTIONS='-c default_transaction_read_only=on -c statement_timeout=0'
dump_all
write_manifest
log "dump $ID of $DATABASE_NAME: $(jq length <<<"$CHOSEN") databases and the globals, read back and listed, in $(seconds_since "$began") s"
expire_sets "$DUMP_KEEP_SECONDS" "$DUMP_KEEP_AT_LEAST" "$DUMP_STALE_SECONDS"
