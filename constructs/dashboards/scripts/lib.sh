# shellcheck shell=bash disable=SC2034 # for the script that sources this
# Sourced by every script of the pod: what it shares with other pods, and the paths that an environment variable can move.
# shellcheck source=shell.sh
source "${BASH_SOURCE[0]%/*}/shell.sh"

# Of the Grafana: its sets lie under it.
: "${GRAFANA_NAME:=grafana}"
: "${GRAFANA_TOKEN_FILE:=/run/secrets/grafana/token}"
# Of the authority that signed the certificate of GRAFANA_URL; empty: one that the image trusts.
: "${GRAFANA_CA_FILE:=}"
: "${CONFIG_FILE:=/etc/store/store.conf}"
: "${CONFIG_DIR:=/nonexistent}"
SUBJECT="the dashboards of $GRAFANA_NAME"
