# shellcheck shell=bash disable=SC2034,SC2153 # the results are for the script that sources this
# What decide.sh needs to know, read from the volume and the vault (behind.sh has how they compare). Changes nothing.

MARKER_FILE=$STATE_DIR/complete.json
PROGRESS_FILE=$STATE_DIR/in-progress.json

export PATH=$PG_BIN:$PATH

# Data of the major version that is upgraded is read by its own programs.
is_older() { [[ -n $UPGRADE_FROM && -s $PGDATA/PG_VERSION && $(<"$PGDATA/PG_VERSION") == "$UPGRADE_FROM" ]]; }
control_data() { LC_ALL=C "$(if is_older; then echo "$OLD_PG_BIN"; else echo "$PG_BIN"; fi)/pg_controldata" "$PGDATA" 2>&1; }
control() { control_data | sed -n "s/^$1: *//p"; }

gather_volume_facts() {
  local marked='' said
  SYSTEM_ID='' UPGRADED_FROM='' FACT_CONTROL=unreadable FACT_MAJOR=same FACT_ROOM=yes FACT_MANIFEST=no FACT_MARKER=none FACT_PROGRESS=none
  if [[ -s $PGDATA/PG_VERSION ]]; then
    FACT_DATA=present
    if is_older; then
      FACT_MAJOR=older
      if (($(data_bytes) > $(free_bytes))); then FACT_ROOM=no; fi
    elif [[ $(<"$PGDATA/PG_VERSION") != "$PG_MAJOR" ]]; then
      FACT_MAJOR=other
    fi
    # pg_controldata prints an id even from a damaged file, with a warning.
    said=$(control_data) || said=''
    if [[ ${said^^} != *WARNING* ]]; then
      SYSTEM_ID=$(control 'Database system identifier') || SYSTEM_ID=''
    fi
  elif [[ -n $(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit) ]]; then
    FACT_DATA=partial
  else
    FACT_DATA=empty
  fi
  if [[ -n $SYSTEM_ID ]]; then FACT_CONTROL=readable; fi
  if [[ -e $PGDATA/backup.manifest ]]; then FACT_MANIFEST=yes; fi
  if [[ -e $MARKER_FILE ]]; then
    marked=$(jq -r '.systemId | strings' "$MARKER_FILE" 2>/dev/null) || marked=''
    if [[ -z $marked ]]; then
      warn "$MARKER_FILE cannot be read: it counts as missing"
    elif [[ -n $SYSTEM_ID && $marked != "$SYSTEM_ID" ]]; then
      FACT_MARKER=other
    else
      FACT_MARKER=complete
      SYSTEM_ID=$marked
      # An upgrade makes a new system id: until the stanza has it, the former one speaks for the data.
      UPGRADED_FROM=$(jq -r '.from.systemId // empty' "$MARKER_FILE")
    fi
  fi
  if [[ -e $PROGRESS_FILE ]]; then
    FACT_PROGRESS=$(jq -r --arg major "$PG_MAJOR" '
      if .upgraded.to == $major then "upgraded" else .action | select(IN("initialise", "restore", "catch-up")) end' "$PROGRESS_FILE" 2>/dev/null) || true
    FACT_PROGRESS=${FACT_PROGRESS:-none}
    # Killed behind the marker: all of it was done.
    if [[ $FACT_PROGRESS == catch-up ]] && jq -e --slurpfile begun "$PROGRESS_FILE" '.how == "caught-up" and .at >= $begun[0].at' "$MARKER_FILE" >/dev/null 2>&1; then
      FACT_PROGRESS=none
    fi
  fi
}

gather_repository_facts() {
  local limit=${INFO_TIMEOUT:-90}
  # A complete volume starts whether or not the repository answers, so it does not wait long for that answer.
  if [[ $FACT_DATA == present && $FACT_MARKER == complete ]]; then limit=${INFO_TIMEOUT_COMPLETE:-25}; fi
  read_info "$limit"
  judge_repositories "$limit"
  judge_backup
  if [[ $FACT_ROLE == standby ]]; then judge_lineage; fi
  if [[ -z $(stanza_system_ids) ]]; then
    FACT_HISTORY=none
  elif [[ -n $SYSTEM_ID ]] && stanza_system_ids | grep -qxF -e "$SYSTEM_ID" ${UPGRADED_FROM:+-e "$UPGRADED_FROM"}; then
    FACT_HISTORY=member
  else
    FACT_HISTORY=absent
  fi
  judge_archive
  FACT_INITIALIZE=false
  if [[ -r $DEPLOY_DIR/initialize && $(tr -d '[:space:]' <"$DEPLOY_DIR/initialize") == true ]]; then FACT_INITIALIZE=true; fi
}

# The backup is looked for where it may be needed: plain complete data starts without that.
judge_backup() {
  BACKUP='' TIMELINE='' LINEAGE_UNREAD=''
  if [[ $FACT_DATA != present || $FACT_MARKER != complete || $RECOVER == ordered || $FACT_REBUILD == ordered ]]; then
    choose_for_order
  elif [[ $FACT_ROLE == standby && $INFO != null ]]; then
    read_lineage
  fi
  # A repository of which not even this is known has not been read.
  if [[ -n $LINEAGE_UNREAD ]]; then FACT_REPOSITORIES=unknown; fi
  FACT_RECOVER=$RECOVER
  if [[ -z $BACKUP ]]; then
    FACT_BACKUP=none
  elif [[ $(jq -r '.version' <<<"$BACKUP") != "$PG_MAJOR" ]]; then
    FACT_BACKUP=other-major
    if [[ -n $UPGRADE_FROM && $(jq -r '.version' <<<"$BACKUP") == "$UPGRADE_FROM" ]]; then FACT_BACKUP=older; fi
  elif (($(needed_bytes) > $(free_bytes))); then
    FACT_BACKUP=too-big
  else
    FACT_BACKUP=fits
  fi
}

# The data, and a twentieth for the WAL that is replayed.
needed_bytes() { jq -r '.bytes * 1.05 | floor' <<<"$BACKUP"; }
# What pg_upgrade copies, and as much as a restore's for the new cluster itself.
data_bytes() { du -s --block-size=1 --exclude=pg_wal "$PGDATA" | awk '{ printf "%.0f", $1 * 1.05 }'; }

# A drill or a clone writes nothing into the vault, so it neither needs a lease nor looks for one.
gather_lease_facts() {
  local age=old
  FACT_LEASE=none LEASE=none LEASE_NUMBER=0 LEASE_UNREAD='' LEASE_FIX='' LEASE_MISSING=''
  if [[ ${ARCHIVE_MODE:-on} == off ]]; then return; fi
  if [[ $FACT_DATA == empty && $FACT_MARKER == none && ! -e $PROGRESS_FILE ]]; then age=new; fi
  if [[ $FACT_DATA == present && $FACT_MARKER == complete ]]; then
    S3_SECONDS=${S3_SECONDS:-5} read_leases "$age"
  else
    read_leases "$age"
  fi
  FACT_LEASE=$LEASE
}

# Which of the pods this is. Data that was a standby's becomes a primary's only by a lease of its own: it may be of
# another cluster, whose pods have the same names.
gather_role() {
  local marked
  FACT_ROLE=primary FACT_LINEAGE=follows FACT_REBUILD=none REBUILD_ID=''
  if ! replicated || [[ ${ARCHIVE_MODE:-on} == off ]]; then return; fi
  marked=$(jq -r '.role // "primary"' "$MARKER_FILE" 2>/dev/null) || marked=primary
  if [[ $LEASE == unknown || $LEASE_POD == '?' ]]; then
    FACT_ROLE=unknown
    if [[ $FACT_DATA == present && $FACT_MARKER == complete ]]; then FACT_ROLE=$marked; fi
  elif [[ $(designated_primary) != "$POD_NAME" ]]; then
    FACT_ROLE=standby
  elif [[ $FACT_DATA == present && $FACT_MARKER == complete && $marked == standby && $LEASE != own ]]; then
    FACT_ROLE=standby
  fi
  read_rebuild
}

# $DEPLOY_DIR/rebuild-<pod>: an id of a rebuild that this pod is ordered, once.
read_rebuild() {
  local file=$DEPLOY_DIR/rebuild-$POD_NAME
  if [[ ! -s $file ]]; then return; fi
  REBUILD_ID=$(tr -d '[:space:]' <"$file")
  if [[ ! $REBUILD_ID =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ ]]; then
    warn "$file holds no id: it is ignored"
  elif [[ $FACT_ROLE != standby ]]; then
    warn "this pod is the primary: the order to rebuild it ($REBUILD_ID) is ignored"
  elif [[ ! -e $STATE_DIR/done/$REBUILD_ID ]]; then
    FACT_REBUILD=ordered
  fi
}
