# What changed between two manifests. In: { before (null: there is none), now }; out: titles of what was
# { added, changed, moved, removed }. A version counts for nothing: a restored Grafana begins again with 1.
def by_uid: map({ key: .uid, value: . }) | from_entries;
(.before.dashboards // [] | by_uid) as $before | (.now.dashboards | by_uid) as $now | (.now.unread | map(.uid)) as $unread
| { added: [$now[] | select($before[.uid] == null) | .title],
    changed: [$now[] | select($before[.uid] != null and $before[.uid].content != .content) | .title],
    moved: [$now[] | select($before[.uid] != null and $before[.uid].folderUid != .folderUid) | .title],
    removed: [$before[] | select($now[.uid] == null and (.uid | IN($unread[]) | not)) | .title] }
