# shellcheck shell=bash disable=SC2016 # the programs in single quotes are jq's
# The result as metrics. Needs $WORK/summary, and failed().

metrics() {
  jq -r --argjson now "$EPOCHSECONDS" '
    "# HELP disaster_recovery_snapshot_run_timestamp_seconds When a run looked at the snapshots.",
    "# TYPE disaster_recovery_snapshot_run_timestamp_seconds gauge",
    "disaster_recovery_snapshot_run_timestamp_seconds \($now)"' "$WORK/summary"
  jq -r '
    def gauge($name; $help): "# HELP \($name) \($help)", "# TYPE \($name) gauge";
    gauge("disaster_recovery_snapshot_newest_timestamp_seconds"; "When the newest snapshot that is in the vault\u0027s record was made."),
      (.[] | select(.newest != null) | "disaster_recovery_snapshot_newest_timestamp_seconds{claim=\"\(.claim)\"} \(.newest)"),
    gauge("disaster_recovery_snapshot_ready"; "Snapshots that are ready to use."),
      (.[] | "disaster_recovery_snapshot_ready{claim=\"\(.claim)\"} \(.ready)"),
    gauge("disaster_recovery_snapshot_not_ready"; "Snapshots that are not ready to use."),
      (.[] | "disaster_recovery_snapshot_not_ready{claim=\"\(.claim)\"} \(.notReady)")' "$WORK/summary"
}

push_result() {
  local url
  if [[ -z $PUSHGATEWAY_URL ]]; then return; fi
  url="${PUSHGATEWAY_URL%/}/metrics/job/snapshot-schedule/namespace/$NAMESPACE/schedule/$SCHEDULE_NAME"
  # PUT replaces all that was said before: of a claim that is no longer taken nothing is told any more.
  if ! metrics | curl --silent --show-error --fail --max-time 20 --retry 3 --retry-connrefused -X PUT --data-binary @- "$url" >&2; then
    failed 'the result' "it could not be pushed to $url" 'look at the Pushgateway and at the network policies between this job and it'
  fi
}
