# shellcheck shell=bash disable=SC2034 # for the script that sources this
# Sourced by every script of the pod: what it shares with other pods, and how rclone reaches both places. The remotes
# `source` and `vault` are variables RCLONE_CONFIG_SOURCE_… and RCLONE_CONFIG_VAULT_…, keys among them, so that no command
# line and no file has a secret.
# shellcheck source=shell.sh
source "${BASH_SOURCE[0]%/*}/shell.sh"

: "${MIRROR_NAME:?}"
# <bucket>/<prefix> of what is mirrored, and of where the mirror is; a prefix is empty or ends with /.
: "${SOURCE_BUCKET:?}" "${SOURCE_PREFIX:=}"
: "${VAULT_BUCKET:?}" "${MIRROR_PATH:?}"
# Files with the PEM of authorities beside those that the image trusts.
: "${CA_FILES:=}"
: "${TRUSTED_FILE:=/etc/ssl/certs/ca-certificates.crt}"
SUBJECT="the mirror $MIRROR_NAME"
export LC_ALL=C TZ=UTC
export RCLONE_CONFIG=/dev/null RCLONE_FAST_LIST=true
# One that hangs is told of, in time; one under load is asked again.
: "${RCLONE_CONTIMEOUT:=10s}" "${RCLONE_TIMEOUT:=2m}" "${RCLONE_RETRIES:=3}" "${RCLONE_LOW_LEVEL_RETRIES:=8}"
export RCLONE_CONTIMEOUT RCLONE_TIMEOUT RCLONE_RETRIES RCLONE_LOW_LEVEL_RETRIES
# Of a machine that is no pod: rclone 1.60 does not start with it.
unset AWS_CA_BUNDLE

WORK=$(mktemp -d)
cleanup() { rm -rf "$WORK"; }

# rclone knows one file of authorities for all remotes.
if [[ -n $CA_FILES ]]; then
  # shellcheck disable=SC2086 # a list of files
  cat "$TRUSTED_FILE" $CA_FILES >"$WORK/authorities.crt" 2>/dev/null || true
  export RCLONE_CA_CERT=$WORK/authorities.crt
fi

readonly SOURCE=source:$SOURCE_BUCKET/$SOURCE_PREFIX
readonly MIRROR=vault:$VAULT_BUCKET/$MIRROR_PATH
readonly CURRENT=$MIRROR/current REPLACED=$MIRROR/replaced RUNS=$MIRROR/runs
readonly TAB=$'\t'
