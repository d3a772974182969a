#!/usr/bin/env bash
# The decision of prepare.sh, apart from everything that acts: facts in the environment, one word out
# (start | adopt | initialise | restore | resume-restore | refuse:<reason>). It reads nothing and changes nothing.
#
#   FACT_DATA          empty | partial (files, but no PG_VERSION) | present
#   FACT_MARKER        none | complete | other (our marker names another system id than the data has)
#   FACT_PROGRESS      none | initialise | restore: what we had begun and not finished
#   FACT_MANIFEST      yes | no: pgBackRest's backup.manifest lies in the data, so a restore was interrupted
#   FACT_CONTROL       readable | unreadable: pg_control, which holds the system id
#   FACT_MAJOR         same | other: the data's PostgreSQL major against the image's
#   FACT_HISTORY       member | absent | none: the volume's system id in the stanza's history; none = no stanza read
#   FACT_REPOSITORIES  backup  one that could be read has a backup
#                      empty   each was listed and holds nothing of this stanza
#                      history each was read, none has a backup, one has a stanza or WAL of an earlier life
#                      unknown none that could be read has a backup, and one could not be read
#   FACT_BACKUP_MAJOR  same | other: the chosen backup's PostgreSQL major
#   FACT_INITIALIZE    true | false: this deploy says that the database is new
#   FACT_RECOVER       none | ordered | invalid: recover.json with an id that was not done yet
set -euo pipefail

decide() {
  local half=no
  if [[ $FACT_MANIFEST == yes || $FACT_PROGRESS == restore ]]; then half=yes; fi
  if [[ $FACT_DATA == present && $FACT_MAJOR == other ]]; then
    echo refuse:major
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
  else
    echo start
  fi
}

# A data directory without our marker: ours only if the stanza knows it, or if we had just made it.
decide_unmarked() {
  if [[ $FACT_CONTROL == unreadable ]]; then
    echo refuse:control
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
  fi
  case $FACT_REPOSITORIES in
    backup) decide_restore restore ;;
    history) echo refuse:no-backup ;;
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
  if [[ $FACT_INITIALIZE == true ]]; then echo initialise; else echo refuse:nothing-to-restore; fi
}

decide_restore() {
  case $FACT_REPOSITORIES in
    backup)
      if [[ $FACT_RECOVER == invalid ]]; then
        echo refuse:recover-invalid
      elif [[ $FACT_BACKUP_MAJOR == other ]]; then
        echo refuse:backup-major
      else
        echo "$1"
      fi
      ;;
    unknown) echo refuse:unreachable ;;
    *) echo refuse:lost-data ;;
  esac
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then decide; fi
