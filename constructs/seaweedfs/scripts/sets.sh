# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Where what is kept of a SeaweedFS lies in the vault, under the path of the store's configuration:
#   seaweedfs/<name>/<id>/metadata.gz        what `fs.meta.save` wrote
#   seaweedfs/<name>/<id>/files.gz           a line per file: path, identity, bytes, mtime, where its content is
#   seaweedfs/<name>/<id>/manifest.json      written last
#   seaweedfs/<name>/<id>/partial.gz         while a set is being made: files.gz of what is there so far
#   seaweedfs-content/<name>/<hash>-<bytes>  content of many files, one after the other; sets share it (packs.sh)
# Needs s3.sh and what that needs.
# shellcheck source-path=SCRIPTDIR source=dated-sets.sh
source "${BASH_SOURCE[0]%/*}/dated-sets.sh"

readonly SET_STORE=1 SET_WORD=set SET_PREFIX=seaweedfs/$SEAWEEDFS_NAME CONTENT_PREFIX=seaweedfs-content/$SEAWEEDFS_NAME

# read_manifest <id> <file>: 1 = it is gone or damaged.
read_manifest() {
  s3_get_file "$SET_STORE" "$(set_key "$1")/manifest.json" "$2" || return
  jq -e '.version == 1 and (.encrypted | type == "boolean") and all(.metadata, .list; .sha256 | test("^[0-9a-f]{64}$"))' "$2" >/dev/null 2>&1
}

# read_part <manifest> <metadata, or list> <file>: 1 = gone, damaged, or not to be decrypted; with CAUSE.
read_part() {
  local id status=0 name
  id=$(jq -r .id "$1") name=$(jq -r ".$2.file" "$1")
  s3_get_file "$SET_STORE" "$(set_key "$id")/$name" "$3.kept" || status=$?
  case $status in
    0) ;;
    1) CAUSE="$name of set $id is gone" && return 1 ;;
    *) return 2 ;;
  esac
  opened "$(jq -r .encrypted "$1")" "$3.kept" "$3" || return
  rm -f "$3.kept"
  if [[ $(digest "$3") != $(jq -r ".$2.sha256" "$1") ]]; then CAUSE="$name of set $id is damaged" && return 1; fi
}

# read_last <manifest> <list>: LAST is the newest complete set whose manifest and list can be read; or nothing, and the list is empty.
read_last() {
  local status id
  LAST=''
  : >"$2"
  list_sets || return 2
  for id in $(jq -r 'map(select(.complete)) | reverse | .[].id' <<<"$SETS"); do
    status=0
    read_manifest "$id" "$1" || status=$?
    if ((status == 0)); then read_part "$1" list "$2.gz" || status=$?; fi
    if ((status == 2)); then return 2; fi
    if ((status == 0)) && gzip -dc "$2.gz" >"$2"; then LAST=$id && return; fi
    warn "the set $id cannot be used: ${CAUSE:-its manifest is damaged}"
    : >"$2"
  done
}

# read_partial <list>: what an unfinished run after LAST had read already.
read_partial() {
  local id status
  : >"$1"
  for id in $(jq -r --arg last "$LAST" --arg own "$ID" 'map(select((.complete | not) and .id > $last and .id != $own)) | reverse | .[].id' <<<"$SETS"); do
    status=0
    s3_get_file "$SET_STORE" "$(set_key "$id")/partial.gz" "$1.kept" || status=$?
    if ((status != 0)); then continue; fi
    if opened "$ENCRYPTED" "$1.kept" "$1.gz" && gzip -dc "$1.gz" >"$1" 2>/dev/null; then
      log "the run of $id did not end: what it had read of $(count "$1") files is not read again"
      return
    fi
    : >"$1"
  done
}
