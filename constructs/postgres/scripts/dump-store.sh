# shellcheck shell=bash disable=SC2034 # SET_… are for dated-sets.sh
# Where logical dumps lie: in the bucket and under the path of a repository,
#   dumps/<stanza>/<id>/<file>          encrypted as backups are, with the repository's passphrase
#   dumps/<stanza>/<id>/manifest.json   plain
# pgBackRest moves the files: its upload streams, in parts, and it has the
# keys and the passphrase from its environment. `repo-put`, which does that, is not documented for users; so each file is
# read back by `repo-get`, which is, before a dump counts (without pgBackRest: openssl enc -d -aes-256-cbc -md sha1).
# Needs cause.sh, configuration.sh and s3.sh.
# shellcheck source-path=SCRIPTDIR source=dated-sets.sh
source "${BASH_SOURCE[0]%/*}/dated-sets.sh"

# The lowest number, where nothing is said.
: "${DUMP_REPO:=$(s3_repositories | head -n 1)}"
# pgBackRest gives up on a pipe in which nothing moves for so long; pg_dump is silent while it waits for locks.
: "${DUMP_SILENCE_SECONDS:=900}"

readonly SET_STORE=$DUMP_REPO SET_WORD=dump SET_PREFIX=dumps/$STANZA

# The repository is there, and encrypts.
check_store() {
  local passphrase="PGBACKREST_REPO${DUMP_REPO}_CIPHER_PASS"
  if ! s3_repositories | grep -qx "$DUMP_REPO"; then
    die "$DATABASE_NAME: repo$DUMP_REPO is no S3 repository" "give the number of one that is, in DUMP_REPO"
  fi
  if [[ $(configured "repo$DUMP_REPO-cipher-type") != aes-256-cbc || -z ${!passphrase:-} ]]; then
    die "$DATABASE_NAME: repo$DUMP_REPO is not encrypted, so dumps in it could be read by whoever reads the bucket" \
      "set repo$DUMP_REPO-cipher-type=aes-256-cbc and $passphrase"
  fi
}

# store <put|get> <key> <file for what pgBackRest says>: from stdin, or to stdout.
store() {
  local passphrase="PGBACKREST_REPO${DUMP_REPO}_CIPHER_PASS"
  PGBACKREST_CIPHER_PASS=${!passphrase} PGBACKREST_IO_TIMEOUT=$DUMP_SILENCE_SECONDS \
    pgbackrest --log-level-console=off --log-level-stderr=warn --repo="$DUMP_REPO" "repo-$1" "$2" 2>"$3"
}

# measure <file>: passes its input on; writes <file>.sum (sha256) and <file>.size (bytes).
measure() {
  local sum size
  rm -f "$1".{sum,size,sum-pipe,size-pipe}
  mkfifo "$1".{sum-pipe,size-pipe}
  sha256sum <"$1.sum-pipe" | cut -d ' ' -f 1 >"$1.sum" &
  sum=$!
  wc -c <"$1.size-pipe" >"$1.size" &
  size=$!
  tee "$1.sum-pipe" "$1.size-pipe"
  wait "$sum" "$size"
}
