# What a schedule has in a namespace. In: { schedule, snapshots: [VolumeSnapshot], groups: [VolumeGroupSnapshot] }; out: for each
# snapshot of it { name, claim, unit, kind, ready, cut, deleting, made, createdAt, attached, error, content, class }: `unit` is what is
# deleted, the group that a snapshot is a member of or itself; `made` is when its object was, `createdAt` when the volume was as it
# is in it, both in seconds since 1970; `cut` says that the driver has said so; `attached` was not made here, but found in a record.
def seconds: if . == null then null else sub("\\.\\d+Z$"; "Z") | fromdateiso8601 end;
def mine($schedule): .metadata.labels["cdktf-disaster-recovery/snapshot-schedule"] == $schedule;
. as $in
| (.groups | map(select(mine($in.schedule))) | map({ key: .metadata.name, value: . }) | from_entries) as $groups
| .snapshots
| map(
    ((.metadata.ownerReferences // []) | map(select(.kind == "VolumeGroupSnapshot" and $groups[.name] != null)) | first.name) as $group
    | select($group != null or mine($in.schedule))
    | .metadata.annotations["cdktf-disaster-recovery/snapshot-created-at"] as $recorded
    | {
        name: .metadata.name,
        claim: (.spec.source.persistentVolumeClaimName // .metadata.annotations["cdktf-disaster-recovery/snapshot-claim"] // ""),
        unit: ($group // .metadata.name),
        kind: (if $group == null then "snapshot" else "group" end),
        ready: (.status.readyToUse == true and .status.boundVolumeSnapshotContentName != null),
        cut: (.status.creationTime != null),
        deleting: (.metadata.deletionTimestamp != null or ($group != null and $groups[$group].metadata.deletionTimestamp != null)),
        made: (.metadata.creationTimestamp | seconds),
        createdAt: ($recorded // .status.creationTime // .metadata.creationTimestamp | seconds),
        attached: (.spec.source.persistentVolumeClaimName == null),
        error: (.status.error.message // null),
        content: (.status.boundVolumeSnapshotContentName // null),
        class: (.spec.volumeSnapshotClassName // null)
      })
# A group whose members are not there yet is none of a claim, and yet has to be looked at.
| . + ([.[].unit] as $units | $groups | to_entries | map(.key as $key | select($key | IN($units[]) | not) | .value
    | {
        name: .metadata.name, claim: "", unit: .metadata.name, kind: "group", ready: false, cut: false, attached: false,
        deleting: (.metadata.deletionTimestamp != null), made: (.metadata.creationTimestamp | seconds),
        createdAt: (.metadata.creationTimestamp | seconds), error: (.status.error.message // null), content: null, class: null
      }))
