# The record of a claim's snapshots. In: { schedule, namespace, claim, now, storageClass, volumeMode, accessModes, good, keep, old, stay }:
# `good` are the ready ones, { name, createdAt, driver, handle, restoreSize, class }; `keep` is what retention says of them by
# name; `old` are entries of the last record that the cluster does not know (they are of an earlier life of it), `stay` the handles
# of those that retention keeps. Out: the record, newest first.
def utc: floor | todate;
. as $in
| ($in.keep | map({ key: .name, value: .tiers }) | from_entries) as $tiers
| ($in.stay | map({ key: .name, value: .tiers }) | from_entries) as $stay
| {
    version: 1,
    namespace: $in.namespace,
    claim: $in.claim,
    writtenAt: ($in.now | utc),
    snapshots: (
      ($in.good | map(select($tiers[.name] != null) | {
          name, driver, handle,
          createdAt: (.createdAt | utc),
          restoreSizeBytes: .restoreSize,
          class,
          storageClass: $in.storageClass,
          volumeMode: $in.volumeMode,
          accessModes: $in.accessModes,
          schedule: $in.schedule,
          tiers: $tiers[.name]
        } | with_entries(select(.value != null))))
      + ($in.old | map(select($stay[.handle] != null) | .tiers = $stay[.handle]))
      | sort_by(.createdAt, .name) | reverse)
  }
