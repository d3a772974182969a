#!/usr/bin/env bash
# The decision of prepare.sh, apart from everything that acts: facts in the environment, one word out
# (start | adopt | initialise | restore | resume-restore | catch-up | recover-in-place | upgrade | finish-upgrade; of a standby
# start-standby | restore-standby | rebuild-standby; wait:<what for> | refuse:<reason>). It reads nothing and changes
# nothing.
#
#   FACT_DATA          empty | partial (files, but no PG_VERSION) | present
#   FACT_MARKER        none | complete | other (our marker names another system id than the data has)
#   FACT_PROGRESS      none | initialise | restore | catch-up: what we had begun and not finished; upgraded: pg_upgrade is
#                      done, the new data is not in its place yet
#   FACT_MANIFEST      yes | no: pgBackRest's backup.manifest lies in the data, so a restore was interrupted
#   FACT_CONTROL       readable | unreadable: pg_control, which holds the system id
#   FACT_MAJOR         same | older (the one that this deploy says to upgrade from) | other: the data's PostgreSQL major
#                      against the image's
#   FACT_ROOM          yes | no: an upgrade's copy of older data fits beside it
#   FACT_HISTORY       member | absent | none: the volume's system id in the stanza's history; none = no stanza read
#   FACT_REPOSITORIES  backup  one that could be read has a backup
#                      empty   each was listed and holds nothing of this stanza
#                      deleted each was listed and holds nothing now, and a bucket keeps what somebody deleted
#                      history each was read, none has a backup, one has a stanza or WAL of an earlier life
#                      unknown none that could be read has a backup, and one could not be read
#   FACT_BACKUP        fits | none (no backup serves the order, or lies on the recorded lineage) | older (to be
#                      upgraded after its restore) | other-major (its PostgreSQL is of another major) | too-big (for the space beside the data that a recovery in
#                      place keeps)
#   FACT_LEASE         own | none (a volume without a lease, in a vault without one that is higher) | superseded (a newer
#                      life of the data has begun elsewhere) | unknown (no repository's leases could be read)
#   FACT_ARCHIVE       level   nothing of this data's life is in the archive that it lacks
#                      behind  the archive goes on where this data ends: it was made from a snapshot
#                      gap     so it does, but its oldest WAL is newer than the data
#                      left    this data went on where the recorded lineage did not
#                      unknown that could not be read
#   FACT_SNAPSHOT      yes | no: the deploy tells that this volume was made from a snapshot, and no life has begun on it since
#   FACT_REACHES       yes | no: a replay from this data can end where the order says; yes without an order
#   FACT_INITIALIZE    true | false: this deploy says that the database is new
#   FACT_RECOVER       none | ordered | invalid: a recovery whose id was not done yet
#   FACT_ROLE          primary (always, where there are no replicas) | standby | unknown (no lease could be read, and the
#                      volume holds no complete data, which would tell)
# and of a standby:
#   FACT_LINEAGE       follows (its data lies on the recorded lineage, or what would be restored does) | pending (the
#                      newest life has not said yet which timeline it goes on with) | left (its data went on where that
#                      lineage did not) | unknown
#   FACT_REBUILD       none | ordered
set -euo pipefail

decide() {
  local half=no
  if [[ $FACT_MANIFEST == yes || $FACT_PROGRESS == restore ]]; then half=yes; fi
  if [[ $FACT_PROGRESS == upgraded ]]; then
    if [[ $FACT_LEASE == superseded ]]; then echo refuse:superseded; else echo finish-upgrade; fi
  elif [[ $FACT_DATA == present && $FACT_MAJOR == other ]]; then
    echo refuse:major
  elif [[ $FACT_ROLE == standby ]]; then
    decide_standby
  elif [[ $FACT_ROLE == unknown ]]; then
    echo refuse:role
  elif [[ $FACT_DATA == present && $FACT_MAJOR == older && ($FACT_MARKER == complete || $half == no) ]]; then
    decide_upgrade
  elif [[ $FACT_DATA == empty ]]; then
    decide_empty
  elif [[ $FACT_MARKER == complete ]]; then
    decide_complete
  elif [[ $half == yes ]]; then
    decide_restore resume-restore
  elif [[ $FACT_DATA == present ]]; then
    decide_unmarked
  else
    echo refuse:unknown-files
  fi
}

# Our own finished data. Availability first: an unreachable repository does not keep it from starting.
decide_complete() {
  if [[ $FACT_MANIFEST == yes ]]; then
    echo refuse:interrupted-restore
  elif [[ $FACT_DATA == partial ]]; then
    echo refuse:unknown-files
  elif [[ $FACT_CONTROL == unreadable ]]; then
    echo refuse:control
  elif [[ $FACT_HISTORY == absent ]]; then
    echo refuse:foreign
  elif [[ $FACT_LEASE == superseded ]]; then
    echo refuse:superseded
  elif lags; then
    decide_catch_up
  elif [[ $FACT_RECOVER == ordered ]]; then
    decide_in_place
  else
    echo start
  fi
}

# What may not be started as it is. Of data that nobody calls a snapshot, nothing but the archive could tell that it is
# one: where that cannot be read, it counts as what it nearly always is, a volume that outlived its cluster.
lags() { [[ $FACT_ARCHIVE == @(behind|gap|left) || $FACT_SNAPSHOT == yes || $FACT_PROGRESS == catch-up ]]; }

# A restore whose files are there already. It begins a life, as a restore does, and knows as much before.
decide_catch_up() {
  if [[ $FACT_ARCHIVE == left ]]; then
    echo refuse:left
  elif [[ $FACT_ARCHIVE == unknown || $FACT_REPOSITORIES == unknown ]]; then
    echo refuse:unreachable
  elif [[ $FACT_REPOSITORIES == deleted ]]; then
    echo refuse:deleted
  elif [[ $FACT_HISTORY == none ]]; then
    echo refuse:no-archive
  elif [[ $FACT_RECOVER == invalid ]]; then
    echo refuse:recover-invalid
  elif [[ $FACT_LEASE == unknown ]]; then
    echo refuse:lease
  elif [[ $FACT_REACHES == no ]]; then
    decide_in_place
  elif [[ $FACT_ARCHIVE == gap ]]; then
    echo refuse:gap
  else
    echo catch-up
  fi
}

# Our finished data of the former major version. An upgrade is no emergency: it needs everything to be in order.
decide_upgrade() {
  local because=''
  if [[ $FACT_MARKER != complete ]]; then because=major
  elif [[ $FACT_MANIFEST == yes ]]; then because=interrupted-restore
  elif [[ $FACT_CONTROL == unreadable ]]; then because=control
  elif [[ $FACT_HISTORY == absent ]]; then because=foreign
  elif [[ $FACT_LEASE == superseded ]]; then because=superseded
  elif lags; then because=upgrade-behind
  elif [[ $FACT_LEASE == unknown || $FACT_REPOSITORIES == unknown ]]; then because=upgrade-unread
  elif [[ $FACT_REPOSITORIES != backup || $FACT_HISTORY != member ]]; then because=upgrade-unprotected
  elif [[ $FACT_RECOVER != none ]]; then because=upgrade-ordered
  elif [[ $FACT_ROOM == no ]]; then because=upgrade-space
  fi
  echo "${because:+refuse:}${because:-upgrade}"
}

# Our finished data is to be replaced by an earlier state of it. What cannot be carried out is refused rather than left
# out in silence; only a vault that cannot be read makes the order wait, for it keeps nothing from starting.
decide_in_place() {
  if [[ $FACT_REPOSITORIES == unknown || $FACT_LEASE == unknown ]]; then
    echo start
  elif [[ $FACT_REPOSITORIES != backup ]]; then
    echo refuse:nothing-to-recover
  else
    case $FACT_BACKUP in
      fits) echo recover-in-place ;;
      too-big) echo refuse:no-space ;;
      other-major | older) echo refuse:backup-major ;;
      *) echo refuse:outside-window ;;
    esac
  fi
}

# A data directory without our marker: ours only if the stanza knows it, or if we had just made it.
decide_unmarked() {
  if [[ $FACT_CONTROL == unreadable ]]; then
    echo refuse:control
  elif [[ $FACT_LEASE == superseded && $FACT_HISTORY != absent ]]; then
    echo refuse:superseded
  elif [[ $FACT_HISTORY == member ]] && lags; then
    decide_catch_up
  elif [[ $FACT_HISTORY == member ]]; then
    echo adopt
  elif [[ $FACT_HISTORY == absent ]]; then
    echo refuse:foreign
  elif [[ $FACT_REPOSITORIES == unknown ]]; then
    echo refuse:unreachable
  elif [[ $FACT_REPOSITORIES != empty ]]; then
    echo refuse:foreign
  elif [[ $FACT_PROGRESS == initialise && $FACT_MARKER == none ]]; then
    decide_initialise
  else
    echo refuse:unknown-data
  fi
}

decide_empty() {
  if [[ $FACT_MARKER != none && $FACT_HISTORY == absent ]]; then
    echo refuse:foreign
    return
  elif [[ $FACT_LEASE == superseded ]]; then
    echo refuse:superseded
    return
  fi
  case $FACT_REPOSITORIES in
    backup) decide_restore restore ;;
    history) echo refuse:no-backup ;;
    deleted) echo refuse:deleted ;;
    empty)
      if [[ $FACT_MARKER != none || $FACT_PROGRESS == restore || $FACT_MANIFEST == yes ]]; then
        echo refuse:lost-data
      else
        decide_initialise
      fi
      ;;
    *) echo refuse:unreachable ;;
  esac
}

decide_initialise() {
  case $FACT_RECOVER in
    none) ;;
    ordered) echo refuse:nothing-to-recover && return ;;
    *) echo refuse:recover-invalid && return ;;
  esac
  if [[ $FACT_INITIALIZE != true ]]; then
    echo refuse:nothing-to-restore
  elif [[ $FACT_LEASE == unknown ]]; then
    echo refuse:lease
  else
    echo initialise
  fi
}

decide_restore() {
  if [[ $FACT_LEASE == superseded ]]; then
    echo refuse:superseded
  elif [[ $FACT_REPOSITORIES == unknown ]]; then
    echo refuse:unreachable
  elif [[ $FACT_REPOSITORIES != backup ]]; then
    echo refuse:lost-data
  elif [[ $FACT_RECOVER == invalid ]]; then
    echo refuse:recover-invalid
  elif [[ $FACT_BACKUP == none ]]; then
    echo refuse:outside-window
  elif [[ $FACT_BACKUP == other-major ]]; then
    echo refuse:backup-major
  elif [[ $FACT_LEASE == unknown ]]; then
    echo refuse:lease
  else
    echo "$1"
  fi
}

# A standby follows: it begins no life, so it takes no lease, initialises nothing, and no order concerns it. What it
# lacks it waits for, since another pod is the primary.
decide_standby() {
  # An upgrade with replicas is a fault at synth.
  if [[ $FACT_DATA == present && $FACT_MAJOR == older ]]; then
    echo refuse:major
  elif [[ $FACT_HISTORY == absent && $FACT_MARKER != none ]]; then
    echo refuse:foreign
  elif [[ $FACT_DATA == empty ]]; then
    decide_restore_standby restore-standby
  elif [[ $FACT_MARKER == complete ]]; then
    decide_complete_standby
  elif [[ $FACT_MANIFEST == yes || $FACT_PROGRESS == restore ]]; then
    decide_restore_standby restore-standby
  elif [[ $FACT_DATA == partial ]]; then
    echo refuse:unknown-files
  else
    echo refuse:unmarked-standby
  fi
}

# Availability first, as for a primary: a vault that cannot be read makes an order wait.
decide_complete_standby() {
  local because=''
  if [[ $FACT_MANIFEST == yes ]]; then because=interrupted-restore
  elif [[ $FACT_DATA == partial ]]; then because=unknown-files
  elif [[ $FACT_REBUILD == ordered && $FACT_REPOSITORIES != unknown ]]; then decide_rebuild && return
  elif [[ $FACT_CONTROL == unreadable ]]; then because=control
  elif [[ $FACT_LINEAGE == left ]]; then because=left-behind
  elif [[ $FACT_LINEAGE == pending ]]; then echo wait:primary && return
  fi
  echo "${because:+refuse:}${because:-start-standby}"
}

# Its data is kept beside, so the copy must fit there.
decide_rebuild() {
  if [[ $FACT_BACKUP == too-big && $FACT_REPOSITORIES == backup ]]; then
    echo refuse:no-space
  else
    decide_restore_standby rebuild-standby
  fi
}

decide_restore_standby() {
  local instead=''
  case $FACT_REPOSITORIES in
    unknown) instead=refuse:unreachable ;;
    deleted) instead=refuse:deleted ;;
    backup)
      if [[ $FACT_BACKUP == other-major || $FACT_BACKUP == older ]]; then instead=refuse:backup-major
      elif [[ $FACT_LINEAGE == pending || $FACT_LINEAGE == unknown ]]; then instead=wait:primary
      elif [[ $FACT_BACKUP == none ]]; then instead=wait:backup
      fi
      ;;
    *) instead=wait:backup ;;
  esac
  echo "${instead:-$1}"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then decide; fi
