# shellcheck shell=bash disable=SC2034,SC2016 # the results are for the script that sources this; programs are jq's
# Streaming replicas. PEERS lists every pod of the database in the order of their ordinals, "host:port,host:port";
# POD_NAME is this one, "<name>-<ordinal>". Both are empty where there is one pod.
#
# Which pod is the primary stands in the vault: the newest lease names it. It is written by a conditional write, so that
# two pods can never both be it. Where no lease names a pod that there is, it is the first. Needs lease.sh, lineage.sh.

: "${PEERS:=}"
: "${POD_NAME:=}"
: "${MARKER_FILE:=$STATE_DIR/complete.json}"
: "${PASSFILE:=$SOCKET_DIR/replication.pgpass}"
REPLICATOR=replicator

replicated() { [[ -n $PEERS ]]; }
is_standby_data() { [[ -e $PGDATA/standby.signal ]]; }

# The pod that the newest lease names, as read_leases found it.
designated_primary() {
  local name=${POD_NAME%-*} ordinal=${LEASE_POD##*-} commas=${PEERS//[^,]/}
  if [[ $LEASE_POD == "$name-$ordinal" && $ordinal =~ ^[0-9]+$ ]] && ((ordinal <= ${#commas})); then
    echo "$LEASE_POD"
  else
    echo "$name-0"
  fi
}

# Of every other pod; the server takes whichever accepts writes. The password is in a file that roles.sh writes.
primary_conninfo() {
  local peer hosts='' ports='' ordinal=0
  for peer in ${PEERS//,/ }; do
    if ((ordinal++ == ${POD_NAME##*-})); then continue; fi
    hosts+=,${peer%:*} ports+=,${peer##*:}
  done
  printf 'host=%s port=%s user=%s passfile=%s application_name=%s target_session_attrs=read-write connect_timeout=5' \
    "${hosts#,}" "${ports#,}" "$REPLICATOR" "$PASSFILE" "$POD_NAME"
}

# standby_settings: sets STANDBY_SETTINGS for a server that is a standby, over whatever a restore left behind: it goes on
# along with its primary, reaches no target, and can be read. It cannot be read with limits lower than its primary's,
# which a declaration may just be lowering: those that its data knows count.
standby_settings() {
  local setting limit
  STANDBY_SETTINGS=(-c hot_standby=on -c recovery_target_timeline=latest -c "restore_command=$SCRIPTS_DIR/wal-get.sh %f \"%p\"")
  for setting in '' _name _time _xid _lsn; do STANDBY_SETTINGS+=(-c "recovery_target$setting="); done
  while read -r setting limit; do
    if ((limit > $("$PG_BIN/postgres" -D "$PGDATA" -c "config_file=$SERVER_CONFIG_DIR/postgresql.conf" -C "$setting"))); then
      STANDBY_SETTINGS+=(-c "$setting=$limit")
    fi
  done < <(LC_ALL=C "$PG_BIN/pg_controldata" "$PGDATA" | sed -nE 's/_xacts? setting/_transactions setting/
    s/locks_per_transactions/locks_per_transaction/; s/^(max_[a-z_]+) setting: *([0-9]+)$/\1 \2/p')
}

# mark_role <primary | standby>: what the volume's data is, for a start at which the vault cannot be read.
mark_role() {
  local marker
  if ! marker=$(jq -ce --arg role "$1" 'select(.role != $role) | .role = $role' "$MARKER_FILE"); then return 0; fi
  write_durably "$MARKER_FILE" "$marker"
}

# An LSN as text that sorts.
lsn() { printf '%08X%08X' "$((16#${1%/*}))" "$((16#${1#*/}))"; }

# judge_lineage: sets FACT_LINEAGE, as decide.sh defines it, for a standby. Needs INFO and what read_lineage found.
judge_lineage() {
  local state='' timeline end
  FACT_LINEAGE=unknown
  # What was restored and never started is as the repository had it.
  if [[ $FACT_DATA == present && $FACT_MARKER == complete && $FACT_CONTROL == readable && ! -e $PGDATA/backup_label ]]; then
    state=$(control 'Database cluster state')
  fi
  case $state in
    '' | 'shut down' | 'in archive recovery' | 'shut down in recovery') ;;
    # A primary that was killed: nobody knows what of its last writes is in its files already.
    *) FACT_LINEAGE=left && return ;;
  esac
  if [[ $INFO == null || -n $LINEAGE_UNREAD || $LEASE == unknown ]]; then return; fi
  # A life says on which timeline it is as soon as its server is a primary. Until then a standby follows the one before.
  FACT_LINEAGE=pending
  if ((LINEAGE_LEASE < LEASE_NEWEST)) && ! is_standby_data; then return; fi
  # After a complete loss the primary is about to begin a new life: what is restored must follow that.
  if [[ $FACT_DATA != present || $FACT_MARKER != complete ]] && ! primary_answers; then return; fi
  FACT_LINEAGE=follows
  if [[ -z $state || -z $LINEAGE_TIMELINE ]]; then return; fi
  timeline=$(control "Latest checkpoint's TimeLineID") end=$(control 'Latest checkpoint location')
  if [[ $state != 'shut down' && $(control 'Minimum recovery ending location') != 0/0 ]]; then
    timeline=$(control "Min recovery ending loc's timeline") end=$(control 'Minimum recovery ending location')
  fi
  if ! lies_on_lineage "$timeline" "$end"; then FACT_LINEAGE=left; fi
}

# The server of the life that the newest lease is of accepts connections; it does not before it has been promoted.
primary_answers() {
  local newest=$LEASE_NEWEST ordinal peers peer
  ordinal=$(designated_primary)
  IFS=, read -ra peers <<<"$PEERS"
  peer=${peers[${ordinal##*-}]}
  if ! pg_isready --quiet --host="${peer%:*}" --port="${peer##*:}" --timeout=3; then return 1; fi
  read_leases old
  ((LEASE_NEWEST == newest))
}

# lies_on_lineage <timeline> <LSN>: two promotions of which neither knew the other may have got one number, so that the
# data's own word about where its timeline comes from counts as well.
lies_on_lineage() {
  local left own
  own=$(own_history "$1")
  if ! jq -e --argjson own "$own" '.[0:($own | length)] == $own' <<<"$HISTORY" >/dev/null; then return 1; fi
  if [[ $1 == "$LINEAGE_TIMELINE" ]]; then return 0; fi
  left=$(jq -r --arg timeline "$1" '.[] | select(.timeline == ($timeline | tonumber)) | .end' <<<"$HISTORY")
  [[ -n $left ]] && ! [[ $(lsn "$2") > $(lsn "$left") ]]
}

# own_history <timeline>: its ancestors, as read_history has them, by the file on this volume; an empty list without one.
own_history() {
  (cat "$PGDATA/pg_wal/$(printf %08X "$1").history" 2>/dev/null || true) |
    jq -Rnc '[inputs | split("\t") | select(length >= 2) | { timeline: (.[0] | tonumber), end: .[1] }]'
}
