# shellcheck shell=bash
# The words for each reason of decide.sh: what, where, and what to do.
lease_pod_words() { if [[ -n $LEASE_POD ]]; then echo "$LEASE_POD"; else designated_primary; fi; }

named_snapshot() { if [[ -n $(told_snapshot) ]]; then echo " ($(told_snapshot))"; fi; }
# How a volume is exchanged for an empty one.
anew() {
  local pod=${POD_NAME:-$DATABASE_NAME-0}
  echo "kubectl delete pod/$pod pvc/data-$pod, and deploy with --no-snapshots"
}

refuse() {
  local what=$DATABASE_NAME ids
  # The deploy does not wait for one that says so.
  if [[ $FACT_ROLE == standby ]]; then what="$DATABASE_NAME, standby $POD_NAME"; fi
  ids=$(stanza_system_ids | paste -sd ' ')
  case $1 in
    unreachable)
      if [[ $FACT_MARKER == complete && -n $ORDER_ID ]]; then
        die "$what: whether recovery '$ORDER_ID' can be carried out is not known: the vault could not be read ($(unreadable_causes | paste -sd ';')${LEASE_UNREAD//$'\n'/; })" \
          "$(if [[ -n $LEASE_FIX ]]; then echo "$LEASE_FIX"; else unreadable_fix; fi)"
      fi
      if [[ $FACT_MARKER == complete ]]; then
        die "$what: this volume was made from a snapshot$(named_snapshot), and what was committed since is not known: the vault could not be read ($(unreadable_causes | paste -sd ';')); a database never starts without that" \
          "$(unreadable_fix)"
      fi
      die "$what: the volume holds no complete data, and the repository could not be read ($(unreadable_causes | paste -sd ';')), so nothing is known about what to restore; a database never starts empty because of that" \
        "$(unreadable_fix)" ;;
    left)
      die "$what: this volume's data (timeline $VOLUME_TIMELINE, at $VOLUME_AT) went on where the database did not: lease ${LEASE_NUMBER} went on with timeline ${CATCH_UP_TIMELINE:-another}; it may hold rows that are nowhere else" \
        "look into it elsewhere, with archiving off; to restore the database's newest state here, $(anew)" ;;
    gap)
      die "$what: this volume is behind its archive, whose oldest WAL ($ARCHIVE_OLDEST) is newer than this data ($VOLUME_CHECKPOINT): what was committed between is in neither$(named_snapshot)" \
        "take a newer snapshot; or, to restore from a backup, $(anew)" ;;
    no-archive)
      die "$what: this volume was made from a snapshot$(named_snapshot), and no repository has an archive that goes on after it" \
        "correct the repository's path, bucket or stanza; if its data is all that is left, start it as it is: kubectl delete configmap/$DATABASE_NAME-snapshot pod/${POD_NAME:-$DATABASE_NAME-0}" ;;
    upgrade-behind)
      die "$what: this volume is behind its archive, and an upgrade from PostgreSQL $UPGRADE_FROM needs all that was committed" \
        "deploy PostgreSQL $UPGRADE_FROM, which catches up, and upgrade then" ;;
    role)
      die "$what: which pod is the primary is not known, and this one ($POD_NAME) holds no complete data: the vault could not be read (${LEASE_UNREAD%$'\n'})" \
        "${LEASE_FIX:-see that the vault answers}" ;;
    left-behind)
      die "$what went on where the primary did not (its data is of timeline $(control "Latest checkpoint's TimeLineID"), the database is on ${LINEAGE_TIMELINE:-another}): $(lease_pod_words) is the primary" \
        "keep its data aside and make it a standby again: npm run promote -- <environment> $DATABASE_NAME --rebuild $POD_NAME" ;;
    unmarked-standby)
      die "$what: $PGDATA holds data of which nothing tells where it comes from" \
        "move $PGDATA away, so that it is restored as a standby" ;;
    nothing-to-restore)
      die "$what: nothing to restore: the volume is empty and every repository was listed and is empty" \
        "if this database is new, set TF_VAR_initialize=true for this deploy only; if it is not, correct the repository's path, bucket or stanza" ;;
    nothing-to-recover)
      die "$what: recovery '$ORDER_ID' was ordered, but every repository was listed and is empty" \
        "correct the repository's path, bucket or stanza, or remove the order" ;;
    superseded)
      die "$what: this volume (lease $LEASE_NUMBER$(named_snapshot)) is superseded: a newer life of this database holds $(lease_words "$LEASE_BY")" \
        "use that one; to restore its newest state here instead, which takes the lease from it, empty this volume ($(anew); to look into its data first, run it elsewhere with archiving off)" ;;
    lease)
      die "$what: it can be known neither whether a newer life of this database exists, nor could a lease be taken (${LEASE_UNREAD%$'\n'})" "$LEASE_FIX" ;;
    outside-window)
      die "$what: no backup leads to ${ORDER_SET:-$ORDER_TO}${TIMELINE:+ on timeline $TIMELINE}: $NO_BACKUP_BECAUSE" \
        "${ORDER_ID:+in recovery $ORDER_ID }choose an instant, a backup or a timeline that \`pgbackrest info\` shows" ;;
    no-space)
      die "$what: $(if [[ $FACT_REBUILD == ordered ]]; then echo "the rebuild of $POD_NAME"; else echo "recovery '$ORDER_ID'"; fi) needs $(megabytes "$(needed_bytes)") beside the present data, which is kept, and $(megabytes "$(free_bytes)") are free" \
        "grow the volume, or remove a $(basename "$PGDATA").before-* that is no longer needed; or remove the order" ;;
    recover-invalid)
      die "$what: $ORDER_FROM $RECOVER_PROBLEM" "correct the order, or remove it to restore the latest state" ;;
    deleted)
      die "$what: the volume is empty, and everything in its repository was deleted; the bucket keeps the versions" \
        "bring them back: npm run undelete -- <environment> --since <when it began>, with a key that may delete versions; if that life is given up for good, use another repository path" ;;
    no-backup)
      die "$what: the volume is empty, and the repository has a stanza or WAL of an earlier life (system id ${ids:-unknown}) but no backup to restore; a new database could not archive into it" \
        "if that life is given up, use another repository path, or remove it: pgbackrest --stanza=$STANZA stop && pgbackrest --stanza=$STANZA stanza-delete --force && pgbackrest --stanza=$STANZA start; then deploy with TF_VAR_initialize=true" ;;
    lost-data)
      die "$what: this volume held or was receiving a database (see $STATE_DIR), its data is gone or half restored, and no repository has a backup now" \
        "find the repository it was restored from and configure that; to give the data up, empty the volume" ;;
    backup-major)
      die "$what: the newest fitting backup is of PostgreSQL $(jq -r .version <<<"$BACKUP"), this image is $PG_MAJOR" \
        "deploy that major version; or, to restore and upgrade at once, declare upgradeFrom: $(jq -r .version <<<"$BACKUP"), with an image that holds both" ;;
    major)
      die "$what: $PGDATA is of PostgreSQL $(<"$PGDATA/PG_VERSION"), this deploy runs $PG_MAJOR${UPGRADE_FROM:+ and upgrades finished data of $UPGRADE_FROM}" \
        "deploy PostgreSQL $(<"$PGDATA/PG_VERSION") again; to upgrade, declare upgradeFrom: $(<"$PGDATA/PG_VERSION"), with an image that holds both" ;;
    upgrade-unread)
      die "$what: an upgrade from PostgreSQL $UPGRADE_FROM needs the vault, which could not be read ($(unreadable_causes | paste -sd ';')${LEASE_UNREAD//$'\n'/; })" \
        "$(if [[ -n $LEASE_FIX ]]; then echo "$LEASE_FIX"; else unreadable_fix; fi); PostgreSQL $UPGRADE_FROM can be deployed meanwhile" ;;
    upgrade-unprotected)
      die "$what: an upgrade from PostgreSQL $UPGRADE_FROM needs a backup to fall back to, and no repository has one of this data" \
        "deploy PostgreSQL $UPGRADE_FROM again, and wait for its first backup" ;;
    upgrade-ordered)
      die "$what: recovery '$ORDER_ID' was ordered together with an upgrade from PostgreSQL $UPGRADE_FROM" \
        "one after the other: deploy PostgreSQL $UPGRADE_FROM with the recovery first, or remove the order" ;;
    upgrade-space)
      die "$what: an upgrade copies the data, which needs $(megabytes "$(data_bytes)"), and $(megabytes "$(free_bytes)") are free" \
        "grow the volume with PostgreSQL $UPGRADE_FROM, or remove a $(basename "$PGDATA").before-* that is no longer needed" ;;
    foreign)
      die "$what: foreign data: the volume's system id is $SYSTEM_ID, the stanza '$STANZA' knows only ${ids:-none}" \
        "attach the volume of this database, or point the repository at the stanza of this data; to restore over it, move $PGDATA away first" ;;
    unknown-data)
      die "$what: $PGDATA holds a database (system id $SYSTEM_ID) that no repository knows and that this deploy did not make" \
        "move $PGDATA away to start new; to keep it, write its system id into $STATE_DIR/complete.json as {\"systemId\": \"$SYSTEM_ID\", \"how\": \"adopted\"}" ;;
    unknown-files)
      die "$what: $PGDATA is not empty and not a whole data directory (it holds $(find "$PGDATA" -mindepth 1 -maxdepth 1 -printf '%f ' | cut -c 1-120))" \
        "move these files away, so that the latest backup can be restored into an empty directory" ;;
    interrupted-restore)
      die "$what: a restore over complete data was started by hand and not finished ($PGDATA/backup.manifest is there)" \
        "finish it with the same pgbackrest restore command, or remove $STATE_DIR/complete.json to have the latest state restored" ;;
    control)
      die "$what: $PGDATA/global/pg_control is missing or damaged, so the data cannot be identified" \
        "move $PGDATA and $STATE_DIR/complete.json away, so that the latest backup is restored" ;;
    *) die "$what: refused ($1)" "see decide.sh for this reason" ;;
  esac
}
