#!/usr/bin/env bash
# Restores a logical dump into a running server, of this major version or a newer one: each database into a new one
# beside the live one, unless it is said otherwise. A file is checked against the manifest before the server is touched.
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
# shellcheck source=dump-store.sh
source "$here/dump-store.sh"
# shellcheck source=dump-server.sh
source "$here/dump-server.sh"

# The id of a dump, or the newest complete one.
: "${RESTORE_DUMP:=latest}"
# A JSON list of names; empty: all of the dump, except postgres, which every server has.
: "${RESTORE_DATABASES:=[]}"
# Name of the new database, for one database. Empty: <name>_restored_<id>.
: "${RESTORE_INTO:=}"
# true: into a database that exists; what the dump has is dropped there first.
: "${RESTORE_CLEAN:=false}"
# true: roles and tablespaces first; what exists stays, and gets the attributes of the dump.
: "${RESTORE_GLOBALS:=false}"
# false: everything belongs to the superuser, with default privileges.
: "${RESTORE_OWNERS:=true}"
: "${RESTORE_JOBS:=2}"
# Room for the largest file: parallel restores read from several places of it.
: "${WORK_DIR:=/work}"

WORK=$(mktemp -d) MADE=''
cleanup() {
  # Half a database would be taken for a whole one.
  if [[ -n $MADE ]]; then drop "$MADE" || warn "the unfinished database $MADE is still there: drop it"; fi
  rm -rf "$WORK" "$WORK_DIR"/*.dump "$WORK_DIR/globals.sql"
}
drop() { sql postgres -v name="$1" -f - <<<'drop database if exists :"name" with (force)'; }

# Sets ID and MANIFEST.
choose() {
  local status=0
  choose_set "$RESTORE_DUMP" 'make one, or restore from a backup: npm run clone' "npm run dump -- <environment> $DATABASE_NAME list"
  s3_get "$DUMP_REPO" "$(set_key "$ID")/manifest.json" || status=$?
  if ((status != 0)); then die "the manifest of dump $ID cannot be read: ${CAUSE:-it is gone}" "${CAUSE_FIX:-choose another dump}"; fi
  MANIFEST=$(jq -c 'select(.databases | type == "array")' <<<"$S3_BODY" 2>/dev/null) || MANIFEST=''
  if [[ -z $MANIFEST ]]; then die "the manifest of dump $ID is damaged" "choose another dump, or bring that object back: a versioned bucket keeps what was overwritten"; fi
}

# Sets CHOSEN to the entries of the manifest that are to be restored.
choose_databases() {
  local missing
  missing=$(jq -r --argjson wanted "$RESTORE_DATABASES" '$wanted - (.databases | map(.name)) | join(", ")' <<<"$MANIFEST")
  if [[ -n $missing ]]; then
    die "dump $ID has no database $missing" "choose of: $(jq -r '.databases | map(.name) | join(", ")' <<<"$MANIFEST")"
  fi
  CHOSEN=$(jq -c --argjson wanted "$RESTORE_DATABASES" \
    '.databases | map(select(if $wanted == [] then .name != "postgres" else .name | IN($wanted[]) end))' <<<"$MANIFEST")
  if [[ -n $RESTORE_INTO && $(jq length <<<"$CHOSEN") != 1 ]]; then
    die "RESTORE_INTO names one database, but $(jq length <<<"$CHOSEN") are to be restored" "name that one in RESTORE_DATABASES, or leave RESTORE_INTO out"
  fi
}

check_room() {
  local need free
  need=$(jq '[.[].bytes] | max // 0' <<<"$CHOSEN")
  free=$(df --output=avail --block-size=1 "$WORK_DIR" | tail -n 1 | tr -d ' ')
  if ((need > free)); then
    die "the dump of one database has $(megabytes "$need"), but $WORK_DIR has room for $(megabytes "$free")" "give $WORK_DIR more room"
  fi
}

# fetch <entry of the manifest>: a file in $WORK_DIR, as it was when it was made.
fetch() {
  local file at
  file=$(jq -r .file <<<"$1") at=$WORK/fetched
  if [[ ! $file =~ ^[A-Za-z0-9_-]+\.(dump|sql)$ ]]; then die "the manifest of dump $ID is damaged: it names the file '$file'" "choose another dump"; fi
  if ! store get "$(set_key "$ID")/$file" "$at.get" | measure "$at" >"$WORK_DIR/$file"; then
    explain "$(<"$at.get")"
    die "$file of dump $ID cannot be read: $CAUSE" "$CAUSE_FIX"
  fi
  if [[ $(<"$at.sum") != $(jq -r .sha256 <<<"$1") || $(<"$at.size") != $(jq -r .bytes <<<"$1") ]]; then
    die "$file of dump $ID is not what was dumped: its sha256 or size differs from the manifest's, or the passphrase does" \
      "choose another dump, or bring that object back: a versioned bucket keeps what was overwritten"
  fi
}

restore_globals() {
  local said=$WORK/globals.said
  fetch "$(jq -c .globals <<<"$MANIFEST")"
  # One statement failing is no reason to leave out those that follow; what exists already is none at all.
  PGDATABASE=postgres "$PG_BIN/psql" -X -q -f "$WORK_DIR/globals.sql" >/dev/null 2>"$said" ||
    die "the globals of dump $ID could not be restored: $(tail -n 1 "$said")" "look at the server's log"
  if grep -E 'ERROR:' "$said" | grep -v 'already exists' >"$said.errors"; then
    cat "$said.errors" >&2
    die "some of the globals of dump $ID could not be restored: $(head -n 1 "$said.errors")" \
      "make what is missing (the folder of a tablespace, for one), or restore without the globals"
  fi
  log "globals restored; passwords of roles are ${PASSWORDS_ARE}"
}

exists() { [[ $(sql postgres -v name="$1" -f - <<<"select 1 from pg_database where datname = :'name'") == 1 ]]; }

# create <file> <name>: a database as the dumped one was declared (encoding, locale, owner, settings, privileges).
create() {
  local of=('^(CREATE|ALTER) DATABASE ' '^ALTER ROLE .* IN DATABASE ' '^(GRANT|REVOKE) .* ON DATABASE ') pattern
  if [[ $RESTORE_OWNERS != true ]]; then of=('^CREATE DATABASE ' '^ALTER DATABASE .* SET '); fi
  pattern=$(IFS='|' && printf '%s' "${of[*]}")
  "$PG_BIN/pg_restore" --list --create "$1" >"$WORK/toc" ||
    die "dump $ID: pg_restore $PG_MAJOR cannot read ${1##*/}" "use an image of the major version that made the dump, or newer"
  grep -E ' (DATABASE( PROPERTIES)? - |ACL - DATABASE )' "$WORK/toc" >"$WORK/toc-database"
  "$PG_BIN/pg_restore" --create --use-list="$WORK/toc-database" --file=- "$1" | grep -E "$pattern" |
    sed -E 's/^(.*\<DATABASE )("([^"]|"")+"|[a-z_][a-z0-9_$]*)( |;)/\1:"name"\4/' >"$WORK/create.sql"
  MADE=$2
  sql postgres -v name="$2" -f "$WORK/create.sql" 2>"$WORK/create.said" ||
    die "the database $2 could not be made: $(head -n 1 "$WORK/create.said")" "$(role_fix "$WORK/create.said")"
}

role_fix() {
  if grep -qE 'role .* does not exist' "$1"; then
    echo 'restore the globals too (--globals), or leave owners out (--no-owners)'
  else
    echo 'read the lines above; a database made by hand can be restored into by --into and --clean'
  fi
}

# As pg_restore's --dbname would take a name for a connection string.
connection() {
  local value=${1//\\/\\\\}
  printf "dbname='%s'" "${value//\'/\\\'}"
}

restore_database() {
  local entry=$1 name into file started options=(--exit-on-error --no-password --jobs="$RESTORE_JOBS")
  started=$(now)
  name=$(jq -r .name <<<"$entry")
  file=$WORK_DIR/$(jq -r .file <<<"$entry")
  into=${RESTORE_INTO:-${name}_restored_${ID,,}}
  if [[ $RESTORE_CLEAN == true ]]; then into=${RESTORE_INTO:-$name}; fi
  if (($(printf %s "$into" | wc -c) > 63)); then die "a database cannot be named $into: PostgreSQL takes 63 bytes" "give a shorter name (--into)"; fi
  if [[ $RESTORE_CLEAN == true ]]; then
    exists "$into" || die "there is no database $into to be cleaned and restored into" "leave --clean out: the database is then made"
    options+=(--clean --if-exists)
  elif exists "$into"; then
    die "the database $into exists already" "give another name (--into), drop it, or say that it may be overwritten (--clean)"
  fi
  fetch "$entry"
  if [[ $RESTORE_CLEAN != true ]]; then create "$file" "$into"; fi
  if [[ $RESTORE_OWNERS != true ]]; then options+=(--no-owner --no-privileges); fi
  "$PG_BIN/pg_restore" "${options[@]}" --dbname="$(connection "$into")" "$file" 2> >(tee "$WORK/restore.said" >&2) ||
    die "the restore of $name into $into failed: $(grep -m 1 error: "$WORK/restore.said")" "$(role_fix "$WORK/restore.said")"
  # Statistics are in no dump.
  sql "$into" -c analyze
  MADE=''
  rm "$file"
  log "$name of dump $ID is restored as $into in $(seconds_since "$started") s"
  if [[ $into != "$name" ]]; then
    log "to put it in the place of $name, when nobody is connected: $(sql postgres -v old="$name" -v new="$into" -v kept="${name}_before" -f - \
      <<<"select format('alter database %I rename to %I; alter database %I rename to %I', :'old', :'kept', :'new', :'old')")"
  fi
  jq -nc --arg dump "$ID" --arg name "$name" --arg into "$into" --arg seconds "$(seconds_since "$started")" \
    '{ $dump, $name, $into, seconds: ($seconds | tonumber) }'
}

check_store
choose
choose_databases
check_room
reach_server
if [[ $RESTORE_GLOBALS == true ]]; then
  PASSWORDS_ARE='not in it: set those of roles other than the declared ones'
  if [[ $(jq -r .globals.rolePasswords <<<"$MANIFEST") == true ]]; then PASSWORDS_ARE='those of the dump'; fi
  restore_globals
fi
while IFS= read -r entry <&3; do
  restore_database "$entry"
done 3< <(jq -c '.[]' <<<"$CHOSEN")
