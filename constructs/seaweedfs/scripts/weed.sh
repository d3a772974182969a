# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# SeaweedFS' own program: `weed shell`, which saves and loads metadata. It ends with 0 whatever happened, and waits without
# end for a master that is not there, so what it says is judged. Needs lib.sh and $WORK.

: "${WEED_SECONDS:=3600}"
# How long it may take until it has said anything at all.
: "${WEED_CONNECT_SECONDS:=60}"

# weed_shell <command…>: a line each. 2 = it failed, with CAUSE and CAUSE_FIX; what it said is in $WORK/weed.out.
weed_shell() {
  local status=0
  CAUSE='' CAUSE_FIX=''
  # `lock` and `unlock` are for what changes volumes: none of these do.
  printf '%s\n' "$@" 'exit' | HOME=$WORK timeout -k 10 "$WEED_LIMIT" "$WEED" shell -master="$SEAWEEDFS_MASTERS" -filer="$SEAWEEDFS_FILER" \
    >"$WORK/weed.out" 2>"$WORK/weed.err" || status=$?
  if ((status == 124 || status == 137)); then
    CAUSE="\`weed shell\` did not end within $WEED_LIMIT s: $(weed_said)"
    CAUSE_FIX="look whether the masters ($SEAWEEDFS_MASTERS) and the filer ($SEAWEEDFS_FILER) answer by gRPC (their ports and 10000), at the network policy, and, where they want certificates, at \`grpcTls\`"
    return 2
  fi
  if ((status != 0)) || grep -qE '^(error:|unknown command:|failed to |marshall error)' "$WORK/weed.out" "$WORK/weed.err"; then
    CAUSE="\`weed shell\` failed: $(weed_said)"
    CAUSE_FIX="read what it says; \`weed\` has to be of about the version of the SeaweedFS"
    return 2
  fi
}
weed_said() { (grep -hE '^(error:|unknown command:|failed to |marshall error)' "$WORK/weed.err" "$WORK/weed.out" || tail -qn 1 "$WORK/weed.err" "$WORK/weed.out" || true) | head -n 1 | cut -c 1-240; }

# Waits for masters and filer, which a new SeaweedFS needs a while to have.
reach_weed() {
  if ! command -v "$WEED" >/dev/null; then die "$SUBJECT: there is no program $WEED" "let \`weedImage\` be an image of SeaweedFS, whose program is at /usr/bin/weed, or say where it is"; fi
  wait_until "${WAIT_SECONDS:-300}" "the masters and the filer" weed_answers || true
  weed_answers || die "$SUBJECT: $CAUSE" "$CAUSE_FIX"
}
weed_answers() { WEED_LIMIT=$WEED_CONNECT_SECONDS weed_shell 'fs.ls /'; }

# save_metadata <path> <file>: of all below it, but SeaweedFS' own log.
save_metadata() {
  rm -f "$2"
  WEED_LIMIT=$WEED_SECONDS weed_shell "fs.meta.save -o $2 $1" || return
  if ! grep -q ' is saved to ' "$WORK/weed.out" || [[ ! -f $2 ]]; then
    CAUSE="\`fs.meta.save\` did not say that it has saved anything: $(weed_said)"
    CAUSE_FIX="read what it says; \`weed\` has to be of about the version of the SeaweedFS"
    return 2
  fi
}

# load_metadata <file>: what is there of the same name is replaced. It does not wait for the last entries that are no
# folders, and forgets their errors: a folder at the end makes it wait, and whoever calls this looks afterwards what is there.
load_metadata() {
  WEED_LIMIT=$WEED_SECONDS weed_shell "fs.meta.load -v=false -concurrency=8 $1" || return
  if ! grep -q ' is loaded' "$WORK/weed.out"; then
    CAUSE="\`fs.meta.load\` did not say that it has loaded anything: $(weed_said)"
    CAUSE_FIX="read what it says; \`weed\` has to be of about the version of the SeaweedFS"
    return 2
  fi
}

# entries <metadata> <program of list.awk's kind> [<-v …>]: runs it over the metadata, compressed or not.
entries() {
  local file=$1 program=$2
  shift 2
  if [[ $file == *.gz ]]; then gzip -dc "$file"; else cat "$file"; fi | basenc --base16 -w 8192 | awk "$@" -f "$HERE/entry.awk" -f "$HERE/$program"
}

# The folder of uploads, as an entry of `fs.meta.load`.
folder_record() { printf '000000%02X%s\n' $((${#1} / 2)) "$1"; }
