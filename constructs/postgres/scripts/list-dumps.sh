#!/usr/bin/env bash
# The dumps in the vault as one line of JSON, oldest first: [{ id, complete, manifest? }].
# shellcheck source-path=SCRIPTDIR
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

refuse() { die "$DATABASE_NAME: its dumps in repo$DUMP_REPO cannot be listed: $CAUSE" "$CAUSE_FIX"; }

check_store
list_sets || refuse
while IFS=$'\t' read -r id complete; do
  manifest=null
  if [[ $complete == true ]]; then
    s3_get "$DUMP_REPO" "$(set_key "$id")/manifest.json" || refuse
    manifest=$(jq -c . <<<"$S3_BODY" 2>/dev/null) || manifest=null
  fi
  jq -nc --arg id "$id" --argjson complete "$complete" --argjson manifest "$manifest" \
    '{ $id, $complete } + if $manifest == null then {} else { $manifest } end'
done < <(jq -r '.[] | [.id, .complete] | @tsv' <<<"$SETS") | jq -sc .
