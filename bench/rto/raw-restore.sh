#!/usr/bin/env bash
# What anybody would do by hand: restore the newest backup, start the server, wait until it has replayed its WAL and
# answers. Prints the seconds of the restore and of all of it. Needs STANZA, MAJOR, QUERY and EXPECTED.
set -euo pipefail
socket=/var/run/postgresql
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }'; }

began=$EPOCHREALTIME
pgbackrest --stanza="$STANZA" restore >&2
restored=$(since "$began")
# Nothing that this copy does may reach the repository.
"/usr/lib/postgresql/$MAJOR/bin/postgres" -D /var/lib/postgresql/pgdata -c archive_mode=off \
  -c config_file=/etc/postgresql-server/postgresql.conf -c hba_file=/etc/postgresql-server/pg_hba.conf >&2 &
until [[ $(psql -X -A -t -h "$socket" -U postgres -d orders -c "$QUERY" 2>/dev/null) == "$EXPECTED" ]]; do
  kill -0 "$!"
  sleep 0.05
done
printf '{"restoreSeconds":%s,"seconds":%s}\n' "$restored" "$(since "$began")"
