#!/usr/bin/env bash
# Stands in for kubectl and helm: writes down how it was called and what it was
# given, and answers as a cluster would.
#   FAKE_LOG        folder of the records
#   FAKE_NAMESPACES the namespaces that exist
#   FAKE_FAIL       what `apply` complains of; it then fails
#   FAKE_UNKNOWN    a kind of which the cluster has no definition
#   FAKE_CONFLICT   what `apply` complains of unless it is told to force
#   FAKE_DOWN       the API server does not answer
set -euo pipefail
number=$(find "$FAKE_LOG" -name '*.argv' | wc -l)
record=$(printf '%s/%03d' "$FAKE_LOG" "$number")
printf '%s\n' "${0##*/}" "$@" >"$record.argv"
: >"$record.stdin"
case " $* " in
  *' get --raw /readyz '*)
    [[ -z ${FAKE_DOWN-} ]] || exit 1
    echo ok
    ;;
  *' get namespaces '*) printf '%s' "${FAKE_NAMESPACES-}" ;;
  *' api-resources '*)
    printf '%s\n' \
      'namespaces        ns      v1         false   Namespace' \
      'configmaps        cm      v1         true    ConfigMap' \
      'secrets                   v1         true    Secret'
    ;;
  *' upgrade '*) cat >"$record.stdin" ;;
  *' apply '*)
    cat >"$record.stdin"
    if [[ -n ${FAKE_CONFLICT-} && " $* " != *' --force-conflicts '* ]]; then
      echo "$FAKE_CONFLICT" >&2
      exit 1
    fi
    if [[ -n ${FAKE_UNKNOWN-} ]] && grep -q "kind: $FAKE_UNKNOWN" "$record.stdin"; then
      echo "error: resource mapping not found for name: \"x\" namespace: \"shop\" from \"STDIN\": no matches for kind \"$FAKE_UNKNOWN\" in version \"monitoring.coreos.com/v1\"" >&2
      echo 'ensure CRDs are installed first' >&2
      exit 1
    fi
    if [[ -n ${FAKE_FAIL-} ]]; then
      echo "error: $FAKE_FAIL" >&2
      exit 1
    fi
    ;;
  *' get Job/'*) printf '%s' "${FAKE_JOB-Complete}" ;;
  *' get StatefulSet/'*) printf '%s' "${FAKE_READY-}" ;;
  *' get Restore/'*) printf '%s' "${FAKE_PHASE-}" ;;
  *' rollout status '*) [[ -z ${FAKE_STUCK-} ]] || exit 1 ;;
esac
