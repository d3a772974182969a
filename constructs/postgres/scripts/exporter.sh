#!/usr/bin/env bash
# exporter.sh <program> [argument…]: runs the exporter beside a server, and again when it has ended or is not in the
# image. A container that has ended makes its pod unready, and no database may be away because nobody can watch it.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck disable=SC2034 # whom messages are about
SUBJECT=${1##*/}
# shellcheck source=../../workloads/scripts/shell.sh
source "$here/shell.sh"

child=''
cleanup() { [[ -z $child ]] || kill "$child" 2>/dev/null; }

while :; do
  status=0
  "$@" &
  child=$!
  wait "$child" || status=$?
  child=''
  if ((status == 126 || status == 127)); then
    warn "$SUBJECT is not in this image, so nobody can see how the server is — FIX: use the project's postgres image, or name one that has it in exporters.image"
  else
    warn "$SUBJECT ended with status $status and is started again; why is said above"
  fi
  nap "${RESTART_SECONDS:-10}"
done
