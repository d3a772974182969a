# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Where sets of dashboards lie: in the vault, under the path of the store's configuration,
#   dashboards/<grafana>/<id>/<n>.json        what Grafana answered for a dashboard, as it came
#   dashboards/<grafana>/<id>/manifest.json   written last: without it a set is incomplete
# <id> is when it began, as 20260504T020000Z. Needs s3.sh and what that needs.

readonly STORE=1

set_key() { printf 'dashboards/%s/%s' "$GRAFANA_NAME" "$1"; }

# Sets SETS to a JSON list, oldest first: [{ id, complete, keys: [key] }]. What has no instant for a name is not ours.
list_sets() {
  s3_list "$STORE" "dashboards/$GRAFANA_NAME/" || return 2
  SETS=$(jq -Rnc '[inputs | select(. != "") | { key: ., parts: split("/") } | select(.parts | length == 4)
    | { key, id: .parts[2], file: .parts[3] } | select(.id | test("^\\d{8}T\\d{6}Z$"))]
    | group_by(.id) | map({ id: .[0].id, complete: any(.[]; .file == "manifest.json"), keys: map(.key) })' <<<"$S3_KEYS")
}

# read_manifest <id> <file>: 1 = it is gone or damaged.
read_manifest() {
  s3_get_file "$STORE" "$(set_key "$1")/manifest.json" "$2" || return
  jq -e '(.dashboards | type == "array") and (.folders | type == "array")
    and all(.dashboards[]; (.uid | type == "string") and (.file | test("^\\d+\\.json$")) and (.sha256 | test("^[0-9a-f]{64}$")))' \
    "$2" >/dev/null 2>&1
}

# remove_set <id>: its manifest goes first, so that what is half removed counts as incomplete.
remove_set() {
  local key
  s3_delete "$STORE" "$(set_key "$1")/manifest.json" || return 2
  while read -r key; do
    s3_delete "$STORE" "$key" || return 2
  done < <(jq -r --arg id "$1" '.[] | select(.id == $id) | .keys[]' <<<"$SETS")
}
