# shellcheck shell=bash
# Sourced by every script of the pod: shell.sh, and the paths of the pod contract, each of which an environment variable
# can move.
# shellcheck source=shell.sh
source "${BASH_SOURCE[0]%/*}/shell.sh"

: "${STANZA:=main}"
: "${DATABASE_NAME:=$STANZA}"
: "${PG_MAJOR:=17}"
: "${PG_BIN:=/usr/lib/postgresql/$PG_MAJOR/bin}"
# The major version from which this deploy upgrades; empty for none.
: "${UPGRADE_FROM:=}"
: "${OLD_PG_BIN:=/usr/lib/postgresql/$UPGRADE_FROM/bin}"
: "${PGDATA:=/var/lib/postgresql/pgdata}"
: "${STATE_DIR:=/var/lib/postgresql/recovery}"
: "${SPOOL_DIR:=/var/lib/postgresql/spool}"
: "${SOCKET_DIR:=/var/run/postgresql}"
: "${SERVER_CONFIG_DIR:=/etc/postgresql-server}"
: "${DEPLOY_DIR:=/etc/deploy}"
: "${TLS_DIR:=/run/secrets/tls}"
: "${ROLES_DIR:=/run/secrets/roles}"
: "${SCRIPTS_DIR:=/scripts}"
# shellcheck disable=SC2034 # whom messages are about
SUBJECT=$DATABASE_NAME

# Of the database's volume.
free_bytes() { df --output=avail --block-size=1 "$(dirname "$PGDATA")" | tail -n 1 | tr -d ' '; }
