# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Where sets of dashboards lie: in the vault, under the path of the store's configuration,
#   dashboards/<grafana>/<id>/<n>.json        what Grafana answered for a dashboard, as it came
# Needs s3.sh and what that needs.
# shellcheck source-path=SCRIPTDIR source=dated-sets.sh
source "${BASH_SOURCE[0]%/*}/dated-sets.sh"

readonly SET_STORE=1 SET_WORD=set SET_PREFIX=dashboards/$GRAFANA_NAME

# read_manifest <id> <file>: 1 = it is gone or damaged.
read_manifest() {
  s3_get_file "$SET_STORE" "$(set_key "$1")/manifest.json" "$2" || return
  jq -e '(.dashboards | type == "array") and (.folders | type == "array")
    and all(.dashboards[]; (.uid | type == "string") and (.file | test("^\\d+\\.json$")) and (.sha256 | test("^[0-9a-f]{64}$")))' \
    "$2" >/dev/null 2>&1
}
