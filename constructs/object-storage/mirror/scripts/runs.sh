# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# What runs leave in the vault below runs/<id>/, an id being when one began (20260504T020000Z):
#   plan.gz      before it touches anything: what it means to do with each object that is not as it should be
#   record.json  last: without it the run was interrupted
#   state.gz     of the newest alone: every object as the run left it
# Needs stores.sh.

# fetch_runs: $WORK/runs with the records, $WORK/run-ids with all ids and when they began by the vault's clock, oldest first.
fetch_runs() {
  mkdir -p "$WORK/runs"
  list_tree vault "$RUNS" "$WORK/run-files" || return 2
  awk -F "$TAB" '{ split($1, part, "/") } part[1] ~ /^[0-9]+T[0-9]+Z$/ && part[2] == "plan.gz" { print part[1] "\t" $3 }' "$WORK/run-files" | sort >"$WORK/run-ids"
  grep -q '/record.json' "$WORK/run-files" || return 0
  store vault copy --include '/*/record.json' "$RUNS" "$WORK/runs" && return 0
  if [[ $CAUSE_CODE != damaged ]]; then return 2; fi
  # The others are there: a record that cannot be read keeps nobody from the data.
  warn "$CAUSE: that run counts as interrupted"
}
is_complete() { [[ -s $WORK/runs/$1/record.json ]]; }

# Ids of complete runs, oldest first; of interrupted ones after a given id.
complete_runs() {
  local id
  while IFS=$TAB read -r id _; do if is_complete "$id"; then echo "$id"; fi; done <"$WORK/run-ids"
}
interrupted_after() {
  local id
  while IFS=$TAB read -r id _; do if [[ $id > "$1" ]] && ! is_complete "$id"; then echo "$id"; fi; done <"$WORK/run-ids"
}
runs_after() { cut -f 1 "$WORK/run-ids" | awk -v after="$1" '$1 > after'; }

# fetch_plan <id> <file>: empty where there is none.
fetch_plan() {
  local status=0
  fetch "$RUNS/$1/plan.gz" "$2.gz" || status=$?
  case $status in
    0) gzip -dc "$2.gz" >"$2" ;;
    1) : >"$2" ;;
    *) return 2 ;;
  esac
}

# known_state: $WORK/state as the last complete run left it, $WORK/attempts what interrupted ones after it meant to copy.
# LAST is its id, RUN the number of this one. Where the state cannot be had, everything is compared anew.
known_state() {
  local status=0 id began
  LAST=$(complete_runs | tail -n 1)
  RUN=1
  : >"$WORK/state"
  : >"$WORK/attempts.all"
  if [[ -n $LAST ]]; then
    RUN=$(jq '(.run // 0) + 1' "$WORK/runs/$LAST/record.json")
    fetch "$RUNS/$LAST/state.gz" "$WORK/state.gz" || status=$?
    if ((status == 2)); then return 2; fi
    if ((status == 1)) || ! gzip -dc "$WORK/state.gz" >"$WORK/state" 2>/dev/null; then
      warn "the state that run $LAST left cannot be read: every object is compared anew"
      : >"$WORK/state"
    fi
  fi
  while read -r id; do
    began=$(awk -F "$TAB" -v id="$id" '$1 == id { print $2 }' "$WORK/run-ids")
    fetch_plan "$id" "$WORK/attempt" || return 2
    log "run $id was interrupted: what it has copied is not copied again"
    awk -v began="$began" 'BEGIN { FS = OFS = "\t" } index("ACM", $1) { print $2, $3, $4, began }' "$WORK/attempt" >>"$WORK/attempts.all"
  done < <(interrupted_after "${LAST:-0}")
  # The newest attempt's word counts.
  awk 'BEGIN { FS = OFS = "\t" } { line[$1] = $0 } END { for (name in line) print line[name] }' "$WORK/attempts.all" | sort -t "$TAB" -k 1,1 >"$WORK/attempts"
}

# expire_runs: removes what no moment within KEEP_SECONDS needs: all before the newest complete run that is older.
expire_runs() {
  local id first='' finished
  while read -r id; do
    finished=$(jq -r '.finishedAt // ""' "$WORK/runs/$id/record.json" 2>/dev/null || true)
    if ((EPOCHSECONDS - $(date -u -d "${finished:-now}" +%s 2>/dev/null || echo "$EPOCHSECONDS") > KEEP_SECONDS)); then first=$id; fi
  done < <(complete_runs)
  if [[ -z $first ]]; then return 0; fi
  while read -r id; do
    if [[ ! $id < $first ]]; then break; fi
    # What it replaced goes first: a run that is half removed is removed by the next one.
    if store vault delete "$REPLACED/$id" && store vault delete "$RUNS/$id"; then
      log "run $id is removed, and what it had replaced: nothing that is kept needs it"
      rm -rf "${WORK:?}/runs/$id"
    else
      warn "run $id could not be removed: $CAUSE"
      return 0
    fi
  done < <(cut -f 1 "$WORK/run-ids")
}
