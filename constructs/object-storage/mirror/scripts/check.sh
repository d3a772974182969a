# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Whether the mirror is what the source is. Needs stores.sh and plan.sh.

# check_mirror: $WORK/differing has the names of what is not alike; MEANWHILE how many changed since they were listed,
# READ_BACK how many were read back.
check_mirror() {
  : >"$WORK/checked"
  check_with "$WORK/checked"
  read_back_names >"$WORK/part"
  READ_BACK=$(wc -l <"$WORK/part")
  if [[ -s $WORK/part ]]; then check_with "$WORK/checked" --download --files-from-raw "$WORK/part"; fi
  awk '!/^= / { print substr($0, 3) }' "$WORK/checked" | sort -u >"$WORK/suspects"
  : >"$WORK/differing"
  MEANWHILE=0
  if [[ ! -s $WORK/suspects ]]; then return 0; fi
  # What was written or deleted since is no difference; the next run has it.
  list_tree source "$SOURCE" "$WORK/source.now" || die "$SUBJECT: the source cannot be listed again: $CAUSE" "$CAUSE_FIX"
  join_names -a 1 -a 2 -o 0,1.2,1.3,2.2,2.3 "$WORK/source" "$WORK/source.now" | awk -F "$TAB" '$2 != $4 || $3 != $5 { print $1 }' >"$WORK/moved"
  comm -23 "$WORK/suspects" "$WORK/moved" >"$WORK/differing"
  MEANWHILE=$(comm -12 "$WORK/suspects" "$WORK/moved" | wc -l)
}

# check_with <file> <option…>: rclone's verdict on each object is added to the file. It fails when there are differences,
# so only its words can tell.
check_with() {
  local file=$1
  shift
  if store both check --use-server-modtime --combined "$WORK/combined" --stats 30s --stats-one-line --stats-log-level NOTICE "$@" "$SOURCE" "$CURRENT"; then
    cat "$WORK/combined" >>"$file"
    return 0
  fi
  # Lines with ! are objects that could not be read; without any verdict nothing was compared.
  if [[ ! -s $WORK/combined ]] || ! grep -q 'differences found' "$WORK/rclone.log" || grep -qE 'error (listing|reading)' "$WORK/rclone.log"; then die "$SUBJECT: the mirror could not be checked: $CAUSE" "$CAUSE_FIX"; fi
  cat "$WORK/combined" >>"$file"
}

# The part of this run: by a number that each name has for good, so that every object has its turn. What the run itself has
# copied the store has just told the checksum of.
read_back_names() {
  if ((READ_BACK_RUNS == 0)); then return 0; fi
  awk -F "$TAB" -v runs="$READ_BACK_RUNS" -v turn="$RUN" '
    BEGIN { for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i }
    $1 != "=" { next }
    { number = 0; for (i = 1; i <= length($2); i++) number = (number * 31 + code[substr($2, i, 1)]) % 1000003 }
    number % runs == turn % runs { print $2 }' "$WORK/plan"
}
