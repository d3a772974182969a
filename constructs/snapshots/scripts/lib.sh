# shellcheck shell=bash disable=SC2034 # for the script that sources this
# Sourced by take.sh: what the pod is told, and the paths that an environment variable can move.
# shellcheck source=shell.sh
source "${BASH_SOURCE[0]%/*}/shell.sh"

: "${SCHEDULE_NAME:=main}"
: "${NAMESPACE:=}"
# A JSON list of names; or labels, as a=b,c=d.
: "${CLAIMS:=[]}"
: "${CLAIM_SELECTOR:=}"
: "${SNAPSHOT_CLASS:=}"
# Empty: each claim by itself.
: "${GROUP_CLASS:=}"
# As snapshot-retention.jq reads it.
: "${KEEP:={\"atLeast\":3\}}"
: "${READY_SECONDS:=3600}"
# What never became ready goes when it is older.
: "${STALE_SECONDS:=172800}"
# Between changing a content's policy and deleting its snapshot: the snapshot controller acts by what it has last seen of both.
: "${SETTLE_SECONDS:=5}"
# How long a removal is looked at; it goes on without.
: "${REMOVAL_SECONDS:=60}"
: "${PUSHGATEWAY_URL:=}"

: "${ACCOUNT_DIR:=/var/run/secrets/kubernetes.io/serviceaccount}"
: "${API_URL:=https://${KUBERNETES_SERVICE_HOST:-kubernetes.default.svc}:${KUBERNETES_SERVICE_PORT:-443}}"
: "${CONFIG_FILE:=/etc/store/store.conf}"
: "${CONFIG_DIR:=/nonexistent}"

SUBJECT="the snapshots of $NAMESPACE/$SCHEDULE_NAME"
SCHEDULE_LABEL=cdktf-disaster-recovery/snapshot-schedule
GROUP=snapshot.storage.k8s.io
SNAPSHOTS=/apis/$GROUP/v1/namespaces/$NAMESPACE/volumesnapshots
CONTENTS=/apis/$GROUP/v1/volumesnapshotcontents
CLAIMS_PATH=/api/v1/namespaces/$NAMESPACE/persistentvolumeclaims

for name in NAMESPACE SNAPSHOT_CLASS; do
  if [[ -z ${!name} ]]; then die "$SUBJECT: $name is not set" "set it in the container's environment"; fi
done
