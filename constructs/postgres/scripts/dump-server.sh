# shellcheck shell=bash disable=SC2153 # not PGHOST
# How dump jobs reach a server: over the network as its superuser, whose password is a file, never an argument. TLS is
# used where the server offers it. A role that may only read would not do: pg_read_all_data covers neither large objects
# nor rows behind policies, nor databases that it may not connect to, and their dumps would fail on that day.

: "${PG_PORT:=5432}"
: "${SUPERUSER:=postgres}"
: "${WAIT_SECONDS:=600}"

# sql <database> <arguments of psql…>
sql() {
  local database=$1
  shift
  PGDATABASE=$database "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

writable() { [[ $(sql postgres -c 'select not pg_is_in_recovery()' 2>"$WORK/connect") == t ]]; }

reach_server() {
  export PGHOST=$PG_HOST PGPORT=$PG_PORT PGUSER=$SUPERUSER PGCONNECT_TIMEOUT=10 PGAPPNAME=${0##*/}
  wait_until "$WAIT_SECONDS" "the password in $ROLES_DIR/$SUPERUSER" filled "$ROLES_DIR/$SUPERUSER" ||
    die "$DATABASE_NAME: no password in $ROLES_DIR/$SUPERUSER" "mount the superuser's password there"
  PGPASSWORD=$(<"$ROLES_DIR/$SUPERUSER")
  export PGPASSWORD
  wait_until "$WAIT_SECONDS" "the server $PG_HOST:$PG_PORT" writable ||
    die "$DATABASE_NAME: its server $PG_HOST:$PG_PORT accepts no writes after $WAIT_SECONDS s: $(grep -m 1 error: "$WORK/connect" || echo 'it recovers')" \
      "look at the database's pod and at the network policy; if the password is refused, at the log of its roles container"
}
