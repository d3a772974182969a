# shellcheck shell=bash
# await <seconds> <command…>: runs it ten times a second until it succeeds; 1 when the time is over. Only this shell
# wakes up for it.
await() {
  local tries=$(($1 * 10)) never
  shift
  until "$@"; do
    if ((--tries < 0)); then return 1; fi
    if [[ -z ${never:-} ]]; then exec {never}<> <(:); fi
    read -rt 0.1 -u "$never" || true
  done
  if [[ -n ${never:-} ]]; then exec {never}>&-; fi
}
