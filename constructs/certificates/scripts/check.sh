#!/usr/bin/env bash
# Looks at certificates without asking whoever made them: connects to endpoints, reads files, and tells for each how
# long it is still valid, whether its chain leads to an authority, whether it names the host, who issued it.
#
#   check.sh [options] targets.json                                    what a CertificateCheck declares
#   check.sh [options] shop.example.com:443 db.example.com:5432/postgres tls.crt …
#
#   --json         the result as JSON in place of the table
#   --metrics      the result as Prometheus' text in place of the table
#   --days <n>     tells what ends within so many days; 30 (of targets.json, each target has its own)
#   --ca <file>    the authority of what is named on the command line; else the system's
#
# Ends with 0: all is well; 1: something ends soon; 2: something is expired, broken or out of reach, or the result
# could not be pushed. Needs bash, openssl 3, jq, coreutils, and curl where PUSHGATEWAY_URL is set.
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
# shellcheck source=certificate.sh
source "$(dirname "${BASH_SOURCE[0]}")/certificate.sh"

: "${ATTEMPTS:=3}" # to reach an endpoint
: "${RETRY_SECONDS:=2}"
: "${CONNECT_SECONDS:=10}"
: "${PARALLEL:=8}"
: "${PUSHGATEWAY_URL:=}" # http://pushgateway.monitoring:9091
: "${NAMESPACE:=}"
: "${CHECK_NAME:=by-hand}"
: "${TERMINATION_LOG:=/dev/termination-log}"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
trap 'exit 143' TERM INT

die() {
  { printf 'ERROR %s — FIX: %s\n' "$1" "$2" >"$TERMINATION_LOG"; } 2>/dev/null || true
  printf 'ERROR %s — FIX: %s\n' "$1" "$2" >&2
  exit 2
}

OUTPUT=table DAYS=30 AUTHORITY='' NAMED=()
while (($# > 0)); do
  case $1 in
    --json | --metrics) OUTPUT=${1#--} ;;
    --days | --ca)
      if (($# < 2)); then die "$1 has no value" "give it one: --days 14, --ca ca.crt"; fi
      if [[ $1 == --ca ]]; then AUTHORITY=$2; else DAYS=$2; fi
      shift
      ;;
    --help) sed -n '2,/^# shellcheck/{/^# shellcheck/d; s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit 0 ;;
    -*) die "there is no option $1" "--json, --metrics, --days, --ca or --help" ;;
    *) NAMED+=("$1") ;;
  esac
  shift
done
if [[ ! $DAYS =~ ^[0-9]{1,5}$ ]]; then die "--days is '$DAYS'" "give whole days"; fi
if ((${#NAMED[@]} == 0)); then die "nothing is named that could be looked at" "name a targets.json, host:port[/starttls], or a file with certificates"; fi

# named <argument>: the target that it means, as in targets.json; of a targets.json, all of it.
named() {
  case $1 in
    *.json) jq -c '.[]' "$1" 2>/dev/null || die "$1 is no list of targets" "give a file as a CertificateCheck writes it" ;;
    *) jq -cn --arg text "$1" --argjson warn "$((DAYS * 86400))" --arg authority "$AUTHORITY" --argjson file "$(is_file "$1")" '
      { name: $text, warnSeconds: $warn } + (if $authority == "" then {} else { authority: $authority } end)
      + if $file then { kind: "secret", certificate: $text }
        else { kind: "endpoint" } + ($text | capture("^(?<host>\\[[0-9a-fA-F:.]+\\]|[^:/]+):(?<port>[0-9]{1,5})(/(?<startTls>[a-z0-9-]+))?$")
          | { host, port: (.port | tonumber) } + if .startTls == null then {} else { startTls } end)
        end' | grep . || die "'$1' is neither host:port nor a file" "name host:port, host:port/starttls, or a file with certificates" ;;
  esac
}
is_file() { if [[ -f $1 || $1 == */* && ! $1 =~ ^[^/]+:[0-9]+/ ]]; then echo true; else echo false; fi; }

: >"$WORK/targets"
for argument in "${NAMED[@]}"; do named "$argument" >>"$WORK/targets"; done
mapfile -t TARGETS <"$WORK/targets"
if ((${#TARGETS[@]} == 0)); then die "there is no target in ${NAMED[*]}" "declare one: nothing looked at is nothing known"; fi

NOW=$(date +%s)
running=0
for index in "${!TARGETS[@]}"; do
  if ((running >= PARALLEL)); then wait -n || true; else running=$((running + 1)); fi
  mkdir "$WORK/$index"
  # What dies unforeseen leaves no result, which is told as such below.
  (look_at "${TARGETS[$index]}" "$WORK/$index" >"$WORK/$index/result") &
done
wait
for index in "${!TARGETS[@]}"; do
  if ! jq -e . "$WORK/$index/result" 2>/dev/null; then
    broken "${TARGETS[$index]}" 'it could not be looked at: the check itself failed'
  fi
done | jq -s . >"$WORK/results"

here=$(dirname "${BASH_SOURCE[0]}")
jq -r --argjson now "$NOW" -f "$here/metrics.jq" "$WORK/results" >"$WORK/metrics"
case $OUTPUT in
  json) jq . "$WORK/results" ;;
  metrics) cat "$WORK/metrics" ;;
  table) jq -r -f "$here/table.jq" "$WORK/results" ;;
esac

# What is not well, once more: it is all that `kubectl describe pod` shows.
jq -r '[.[] | select(.status != "ok") | "\(.target): \(.status): \(.problem)"] | if length == 0 then "all is well" else .[] end' \
  "$WORK/results" >"$WORK/summary"
{ head -c 4000 "$WORK/summary" >"$TERMINATION_LOG"; } 2>/dev/null || true
if [[ $OUTPUT == table ]]; then cat "$WORK/summary"; else cat "$WORK/summary" >&2; fi
status=$(jq '[.[].status | if . == "ok" then 0 elif . == "soon" then 1 else 2 end] | max' "$WORK/results")

if [[ -n $PUSHGATEWAY_URL ]]; then
  url="${PUSHGATEWAY_URL%/}/metrics/job/certificate-check/namespace/$NAMESPACE/check/$CHECK_NAME"
  # PUT replaces all that this check has said before: a target that is no longer declared goes.
  if ! curl --silent --show-error --fail --max-time 20 --retry 3 --retry-connrefused -X PUT --data-binary "@$WORK/metrics" "$url" >&2; then
    die "the result could not be pushed to $url" "look at the Pushgateway and at the network policies between this job and it"
  fi
fi
exit "$status"
