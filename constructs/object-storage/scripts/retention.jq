# Which dated sets go. In: { now, keepSeconds, keepAtLeast, staleSeconds, sets: [{ id, complete }] }, where an id is when the
# set began (20260504T020000Z); out: their ids. A complete one goes when it is older than keepSeconds, but never one of
# the newest keepAtLeast: a job that no longer works must not expire everything. An incomplete one goes when it can no
# longer be one that is being made.
def age($now): $now - (.id | strptime("%Y%m%dT%H%M%SZ") | mktime);
. as $rule
| (.sets | map(select(.complete)) | sort_by(.id) | reverse | .[$rule.keepAtLeast:]
    | map(select(age($rule.now) > $rule.keepSeconds)))
+ (.sets | map(select((.complete | not) and age($rule.now) > $rule.staleSeconds)))
| map(.id) | sort
