# shellcheck shell=bash
# What the last run found, for a Pushgateway, when there is one (PUSHGATEWAY_URL).
: "${PUSHGATEWAY_URL:=}" "${NAMESPACE:=}"

# gauge <name> <help> <value>
gauge() { printf '# HELP disaster_recovery_mirror_%s %s\n# TYPE disaster_recovery_mirror_%s gauge\ndisaster_recovery_mirror_%s %s\n' "$1" "$2" "$1" "$1" "$3"; }

outcome() {
  gauge last_run_timestamp_seconds 'When the last run ended.' "$EPOCHSECONDS"
  gauge failed 'Whether the last run failed.' "$1"
  gauge source_unreadable 'Whether the last run could not read the source.' "$UNREADABLE"
  gauge refused_deletions 'How many objects were gone at the source at once, when the last run refused that.' "$REFUSED"
}

figures() {
  jq -r '"objects Objects in the mirror.\t\(.objects)", "bytes Bytes in the mirror.\t\(.bytes)", "copied_objects Objects that the last run copied.\t\(.copied.objects)",
    "copied_bytes Bytes that the last run copied.\t\(.copied.bytes)", "versions Objects that are kept as they were before.\t\(.versions)",
    "differences Objects that differ from the source.\t\(.check.differences)", "duration_seconds How long the last run took.\t\(.seconds)"' "$WORK/record.json" |
    while IFS=$TAB read -r what value; do gauge "${what%% *}" "${what#* }" "$value"; done
}

# PUT replaces all that was pushed before; POST what it names, so that the last success stays.
push() {
  local url="${PUSHGATEWAY_URL%/}/metrics/job/bucket-mirror/namespace/$NAMESPACE/mirror/$MIRROR_NAME"
  curl --silent --show-error --fail --max-time 20 --retry 3 --retry-connrefused -X "$1" --data-binary @- "$url" >&2 ||
    { warn "the result could not be pushed to $url: look at the Pushgateway and at the network policies between this job and it" && return 1; }
}

push_success() {
  if [[ -z $PUSHGATEWAY_URL ]]; then return 0; fi
  { outcome 0 && gauge last_success_timestamp_seconds 'When the last run ended well.' "$EPOCHSECONDS" && figures; } | push PUT ||
    die "$SUBJECT: the mirror is made, and its result could not be pushed" "look at the Pushgateway and at the network policies between this job and it"
}

push_failure() {
  if [[ -z $PUSHGATEWAY_URL ]]; then return 0; fi
  { outcome 1 && if [[ -s $WORK/record.json ]]; then figures; fi; } | push POST
}
