# shellcheck shell=bash disable=SC2034 # for the script that sources this
# Sourced by every script of the pod: what it shares with other pods, and what an environment variable can move.
# shellcheck source=shell.sh
source "${BASH_SOURCE[0]%/*}/shell.sh"
export LC_ALL=C # paths are bytes, and sorted as such

# Of the SeaweedFS: its sets lie under it.
: "${SEAWEEDFS_NAME:=seaweedfs}"
# Where its filer is: host:port, or host:port.grpcport where that one is not 10000 above; and by HTTP.
: "${SEAWEEDFS_FILER:=localhost:8888}"
port=${SEAWEEDFS_FILER##*:}
: "${SEAWEEDFS_FILER_URL:=http://${SEAWEEDFS_FILER%:*}:${port%%.*}}"
: "${SEAWEEDFS_MASTERS:=localhost:9333}"
# Of the authority that signed the certificate of the URL; empty: one that the image trusts.
: "${SEAWEEDFS_CA_FILE:=}"
# What the filer signs tokens with, for reading and for writing. Without such a file requests carry no token.
: "${SEAWEEDFS_READ_KEY_FILE:=/run/secrets/seaweedfs/filer-read-key}"
: "${SEAWEEDFS_WRITE_KEY_FILE:=/run/secrets/seaweedfs/filer-write-key}"
# What is read and brought back.
: "${SEAWEEDFS_PATH:=/}"
: "${WEED:=weed}"
# Encrypts what is kept; no such file: it is kept as it is.
: "${PASSPHRASE_FILE:=/run/secrets/seaweedfs/passphrase}"
: "${CONFIG_FILE:=/etc/store/store.conf}"
: "${CONFIG_DIR:=/nonexistent}"
# Of one object of the vault, at most.
: "${PACK_BYTES:=67108864}"
SUBJECT="SeaweedFS $SEAWEEDFS_NAME"
HERE=${BASH_SOURCE[0]%/*}
# An object of the vault is larger than those that s3.sh was made for.
: "${S3_SECONDS:=900}"

# How much there is is told in bytes.
count() { wc -l <"$1"; }
digest() { sha256sum <"$1" | cut -d ' ' -f 1; }
# total <column> <file>
total() { awk -F '\t' -v column="$1" '{ sum += $column } END { printf "%.0f", sum }' "$2"; }
