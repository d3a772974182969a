#!/usr/bin/env bash
# ready-file.sh <file>: readiness of a container that tells it by a file, for which it waits a little as ready.sh does.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=await.sh
source "$here/await.sh"

await "${READY_SECONDS:-2}" test -e "$1"
