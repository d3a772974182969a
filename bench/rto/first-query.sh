#!/usr/bin/env bash
# A client that waits for its database: tries the Service until the answer is right, and prints when that was.
# Needs PGHOST, PGUSER, PGPASSWORD, PGDATABASE, QUERY and EXPECTED.
set -euo pipefail
export PGCONNECT_TIMEOUT=2
# A refused connection costs nothing, so that waiting takes nothing from the restore.
answers() {
  (: <>"/dev/tcp/$PGHOST/5432") 2>/dev/null && [[ $(psql -X -A -t -c "$QUERY" 2>/dev/null) == "$EXPECTED" ]]
}
until answers; do sleep 0.05; done
printf '%s\n' "$EPOCHREALTIME"
