# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# What a run has to do: the source against the mirror, and against what earlier runs have left. Needs stores.sh and runs.sh.

# pick <kinds>: names of those of the plan. `pick_all` with bytes and times.
pick() { awk -F "$TAB" -v kinds="$1" 'index(kinds, $1) { print $2 }' "$WORK/plan"; }
count_of() { awk -F "$TAB" -v kinds="$1" 'index(kinds, $1) { n++ } END { print n + 0 }' "$WORK/plan"; }
bytes_of() { awk -F "$TAB" -v kinds="$1" 'index(kinds, $1) { n += $3 } END { printf "%.0f", n }' "$WORK/plan"; }

# make_plan: from $WORK/source, $WORK/mirror, $WORK/state (of the last complete run) and $WORK/attempts.
make_plan() {
  join_names -a 1 -a 2 -o 0,1.2,1.3,2.2,2.3 "$WORK/source" "$WORK/mirror" |
    join_names -a 1 -o 0,1.2,1.3,1.4,1.5,2.2,2.3,2.4 - "$WORK/state" |
    join_names -a 1 -o 0,1.2,1.3,1.4,1.5,1.6,1.7,1.8,2.2,2.3,2.4 - "$WORK/attempts" |
    awk -f "${BASH_SOURCE[0]%/*}/plan.awk" >"$WORK/plan"
  settle_same_content
}
join_names() { join -t "$TAB" -e - "$@"; }

# Of what was written anew with the same size, the same content is no change: after a restore that is all of a bucket.
settle_same_content() {
  # Which file a line is of is said beside it: one of them may be empty.
  awk -F "$TAB" 'mirror { bytes[$1] = $2; next } $1 == "C" && bytes[$2] == $3 { print $2 }' mirror=1 "$WORK/mirror" mirror=0 "$WORK/plan" >"$WORK/doubtful"
  if [[ ! -s $WORK/doubtful ]]; then return 0; fi
  hashes source "$SOURCE" "$WORK/doubtful" "$WORK/hashes.source" || return 2
  hashes vault "$CURRENT" "$WORK/doubtful" "$WORK/hashes.mirror" || return 2
  # By an MD5 that both know: that of an upload in parts is known of some alone.
  comm -12 "$WORK/hashes.source" "$WORK/hashes.mirror" | cut -f 1 | sort >"$WORK/alike"
  awk 'BEGIN { FS = OFS = "\t" } names { alike[$1]; next } $1 == "C" && ($2 in alike) { $1 = "=" } { print }' \
    names=1 "$WORK/alike" names=0 "$WORK/plan" >"$WORK/plan.settled"
  if (($(wc -l <"$WORK/plan.settled") != $(wc -l <"$WORK/plan"))); then
    CAUSE="the plan has lost objects on its way" CAUSE_FIX="report this as a defect; nothing was changed"
    return 2
  fi
  mv "$WORK/plan.settled" "$WORK/plan"
}
hashes() {
  store "$1" lsf --recursive --files-only --files-from-raw "$3" --no-traverse --format ph --hash MD5 --separator "$TAB" "$2" >"$4.unsorted" || return 2
  awk -F "$TAB" '$2 ~ /^[0-9a-f]+$/' "$4.unsorted" | sort >"$4"
}

# A source that has lost much at once is a source that something has gone wrong with: the mirror is then the last copy.
guard() {
  local gone there
  gone=$(count_of R) there=$(wc -l <"$WORK/mirror")
  if ((gone == 0)) || [[ $ACCEPT_LOSS == true ]]; then return 0; fi
  if [[ -s $WORK/source ]] && awk -v gone="$gone" -v there="$there" -v most="$MAXIMUM_LOSS" 'BEGIN { exit !(gone <= most * there) }'; then return 0; fi
  REFUSED=$gone
  die "$SUBJECT: $gone of $there objects are gone at the source at once (at most $(awk -v most="$MAXIMUM_LOSS" 'BEGIN { print most * 100 }') % are taken for meant), for example $(pick R | head -n 3 | paste -sd ' '). Nothing was copied, nothing removed" \
    "if it is the source that has lost them, restore it (npm run mirror -- <environment> $MIRROR_NAME restore); if they were deleted on purpose, say so once: npm run mirror -- <environment> $MIRROR_NAME now --accept-loss"
}
