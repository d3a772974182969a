#!/usr/bin/env bash
# opens.sh <repository>: whether the passphrase on standard input opens that repository, whatever this container's own
# is; for the drill of the escrow. The passphrase is never printed.
# shellcheck source-path=SCRIPTDIR disable=SC2016 # the programs in single quotes are jq's
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# Run beside the server: that container's last words are not these.
TERMINATION_LOG=/dev/null
# shellcheck source=lib.sh
source "$here/lib.sh"
# shellcheck source=cause.sh
source "$here/cause.sh"
# shellcheck source=repositories.sh
source "$here/repositories.sh"

repository=${1:-}
[[ $repository =~ ^[1-9][0-9]{0,2}$ ]] || die "opens.sh of $DATABASE_NAME was called with '$repository'" "call it as opens.sh 1"
IFS= read -r -d '' passphrase || true
[[ -n $passphrase ]] || die "there was no passphrase on standard input" "hand it over there"
export "PGBACKREST_REPO${repository}_CIPHER_PASS=$passphrase"

read_info 60
code=$(info --argjson key "$repository" '[.repo[]? | select(.key == $key) | .status.code][0] // 99')
case $code in
  # Without a backup the stanza's own file was read, which is encrypted as well.
  0 | 2) log "the passphrase opens repository $repository" ;;
  1 | 3) die "repository $repository holds no stanza $STANZA: there was nothing to open" "wait for the first backup, and try again" ;;
  *) die "repository $repository was not opened: $(unreadable_causes | head -n 1)" "$(unreadable_fix)" ;;
esac
