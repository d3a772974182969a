#!/usr/bin/env bash
# Tells how long licenses are still valid: each file holds one as a JSON Web Token, whose claim `exp` is its end. The
# signature is not looked at: whether a license is genuine, says the program that it is for.
#
#   license.sh [options] backend.jwt …
#
#   --json         the result as JSON in place of the table
#   --metrics      the result as Prometheus' text in place of the table
#   --days <n>     tells what ends within so many days; 30
#
# Ends with 0: all is well; 1: one ends soon; 2: one has ended or cannot be read, or the result could not be pushed.
# Needs bash, jq, coreutils, and curl where PUSHGATEWAY_URL is set. What a license is, it prints nowhere.
set -euo pipefail

: "${PUSHGATEWAY_URL:=}" # http://pushgateway.monitoring:9091
: "${NAMESPACE:=}"
: "${TERMINATION_LOG:=/dev/termination-log}"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
trap 'exit 143' TERM INT

die() {
  { printf 'ERROR %s — FIX: %s\n' "$1" "$2" >"$TERMINATION_LOG"; } 2>/dev/null || true
  printf 'ERROR %s — FIX: %s\n' "$1" "$2" >&2
  exit 2
}

OUTPUT=table DAYS=30 FILES=()
while (($# > 0)); do
  case $1 in
    --json | --metrics) OUTPUT=${1#--} ;;
    --days)
      if (($# < 2)); then die "--days has no value" "give it one: --days 14"; fi
      DAYS=$2
      shift
      ;;
    --help) sed -n '2,/^set /{/^set /d; s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit 0 ;;
    -*) die "there is no option $1" "--json, --metrics, --days or --help" ;;
    *) FILES+=("$1") ;;
  esac
  shift
done
if [[ ! $DAYS =~ ^[0-9]{1,5}$ ]]; then die "--days is '$DAYS'" "give whole days"; fi
if ((${#FILES[@]} == 0)); then die "no license is named" "name the files that hold one each"; fi

HERE=$(dirname "${BASH_SOURCE[0]}")
NOW=$(date +%s)

# look_at <file>: the result as JSON. The token comes by standard input: command lines can be read by others.
look_at() {
  local name input=$1 missing=false
  name=$(basename "$1")
  if [[ ! -f $1 || ! -r $1 ]]; then missing=true input=/dev/null; fi
  # Of its errors nothing is told: they quote what they could not read.
  jq --raw-input --slurp --compact-output --arg license "$name" --argjson missing "$missing" --argjson now "$NOW" \
    --argjson warn "$((10#$DAYS * 86400))" --from-file "$HERE/license.jq" <"$input" 2>/dev/null ||
    jq -cn --arg license "$name" '{ $license, status: "unreadable", problem: "it could not be looked at: the check itself failed" }'
}

# metrics_of <result>: of one that could not be read there is no end, neither near nor far.
metrics_of() {
  jq -r --argjson now "$NOW" '
    "# HELP disaster_recovery_license_check_timestamp_seconds When it was looked at.",
    "# TYPE disaster_recovery_license_check_timestamp_seconds gauge",
    "disaster_recovery_license_check_timestamp_seconds \($now)",
    (select(.expiry != null)
      | "# HELP license_expiry_timestamp_seconds When it ends.",
        "# TYPE license_expiry_timestamp_seconds gauge",
        "license_expiry_timestamp_seconds \(.expiry)")' <<<"$1"
}

RESULTS=()
for file in "${FILES[@]}"; do RESULTS+=("$(look_at "$file")"); done
printf '%s\n' "${RESULTS[@]}" | jq -s . >"$WORK/results"

case $OUTPUT in
  json) cat "$WORK/results" ;;
  metrics) for result in "${RESULTS[@]}"; do metrics_of "$result"; done ;;
  table)
    jq -r '[["STATUS", "LICENSE", "DAYS", "ENDS"]]
      + map([.status, .license, ((.daysLeft | values | floor | tostring) // "-"), .notAfter // "-"])
      | (transpose | map(map(length) | max)) as $widths
      | .[] | [., $widths] | transpose | map(.[0] + " " * (.[1] - (.[0] | length))) | join("  ") | sub(" +$"; "")' "$WORK/results"
    ;;
esac

# What is not well, once more: it is all that `kubectl describe pod` shows.
jq -r '[.[] | select(.status != "ok") | "\(.license): \(.status): \(.problem)"] | if length == 0 then "all is well" else .[] end' \
  "$WORK/results" >"$WORK/summary"
{ head -c 4000 "$WORK/summary" >"$TERMINATION_LOG"; } 2>/dev/null || true
if [[ $OUTPUT == table ]]; then cat "$WORK/summary"; else cat "$WORK/summary" >&2; fi
status=$(jq '[.[].status | if . == "ok" then 0 elif . == "soon" then 1 else 2 end] | max' "$WORK/results")

if [[ -n $PUSHGATEWAY_URL ]]; then
  for result in "${RESULTS[@]}"; do
    url="${PUSHGATEWAY_URL%/}/metrics/job/license-check/namespace/$NAMESPACE/license/$(jq -r '.license | @uri' <<<"$result")"
    # PUT replaces all that was said before: of a license that cannot be read any more the end goes.
    if ! metrics_of "$result" | curl --silent --show-error --fail --max-time 20 --retry 3 --retry-connrefused -X PUT --data-binary @- "$url" >&2; then
      die "the result could not be pushed to $url" "look at the Pushgateway and at the network policies between this job and it"
    fi
  done
fi
exit "$status"
