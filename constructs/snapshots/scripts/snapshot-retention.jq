# Which snapshots of a claim stay, grandfather-father-son. In: { now, keep: { hourly, daily, weekly, monthly, yearly, atLeast },
# snapshots: [{ name, createdAt }] }, times in seconds since 1970, of good snapshots alone; out: { keep: [{ name, tiers }], expire: [name] }.
# For each tier, of each of the newest so many periods that have a snapshot, the newest one stays; a tier counts periods that
# there are, not days that pass, so nothing goes because a job has stopped or a clock leapt ahead. Periods are those of UTC:
# every instant is in exactly one, and none is an hour shorter. The newest atLeast stay in any case, at least one. What is
# said to be made at a time still to come stays and counts for nothing until then: a clock is wrong, and it may be this one.
def format: { hourly: "%Y-%m-%dT%H", daily: "%Y-%m-%d", weekly: "%G-W%V", monthly: "%Y-%m", yearly: "%Y" };

# The newest of each period, of the newest $count periods; in: newest first.
def newest_of_periods($format; $count):
  reduce .[] as $one ({ names: [], last: null };
    ($one.createdAt | floor | strftime($format)) as $period
    | if $period == .last or (.names | length) >= $count then . else { names: (.names + [$one.name]), last: $period } end)
  | .names;

. as $rule
| (.snapshots | map(select(.createdAt <= $rule.now)) | sort_by(.createdAt, .name) | reverse) as $past
| ([$rule.keep.atLeast // 1, 1] | max) as $least
| (format | with_entries(.value = (. as $tier | $past | newest_of_periods($tier.value; $rule.keep[$tier.key] // 0)))) as $kept
| (.snapshots | sort_by(.createdAt, .name) | reverse
    | map(.name as $name | { name: $name, tiers: ($kept | to_entries | map(select(.value | index([$name])) | .key)) })) as $all
| ($past[:$least] | map(.name)) as $newest
| ($all | map(select(.tiers == [] and (.name | IN($past[].name)) and (.name | IN($newest[]) | not)) | .name)) as $expire
| { keep: ($all | map(select(.name | IN($expire[]) | not))), $expire }
