# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Reads the content of files from the filer into packs. In: $WORK/todo (lines of list.awk). A line for each that was read
# goes to $WORK/known, in place of one that was there: path, identity, bytes, mtime, extents; for others to $WORK/unread,
# with why. Needs filer.sh and packs.sh.

: "${PACK_FILES:=1000}"

not_kept() {
  case $1 in
    encrypted) echo 'the S3 gateway has encrypted it (SSE) with a key that is in its chunks; copy it through the gateway, with an object mirror' ;;
    remote) echo 'its content is in the remote store that is mounted there, which has to be protected itself' ;;
    object) echo 'it is an object and the folder of others at once, which the filer gives out as a folder' ;;
  esac
}

# read_content <1: for the last time>
read_content() {
  local batch
  : >"$WORK/new"
  rm -rf "$WORK/batches" && mkdir "$WORK/batches"
  # The newest first: what comes back first lies together.
  sort -t $'\t' -k 5,5nr -k 1,1 "$WORK/todo" | awk -F '\t' -v folder="$WORK/batches" -v most="$PACK_BYTES" -v files="$PACK_FILES" '
    BEGIN { batch = 0; sum = most; number = 0 }
    $4 > most { print >(folder "/large"); next }
    { if (number > 0 && (sum + $4 > most || number >= files) || batch == 0) { if (batch > 0) close(file); batch++; file = sprintf("%s/%08d", folder, batch); sum = 0; number = 0 }
      print >file; sum += $4; number++ }'
  for batch in "$WORK"/batches/0*; do
    if [[ -f $batch ]]; then read_batch "$batch" "$1"; fi
  done
  if [[ -f $WORK/batches/large ]]; then
    while IFS= read -r batch <&3; do read_large "$batch" "$1"; done 3<"$WORK/batches/large"
  fi
  # What is new takes the place of what was known.
  awk -F '\t' 'FILENAME ~ /new$/ { new[$1] = 1; print; next } !($1 in new)' "$WORK/new" "$WORK/known" >"$WORK/known.next"
  mv "$WORK/known.next" "$WORK/known"
}

# Says in the vault what is there so far, every few minutes: a run that is ended need not be begun anew.
checkpoint() {
  if ((EPOCHSECONDS - ${CHECKED_AT:=EPOCHSECONDS} < ${CHECKPOINT_SECONDS:-300})); then return; fi
  cat "$WORK/new" "$WORK/known" | gzip -n >"$WORK/partial.gz"
  sealed "$WORK/partial.gz" "$WORK/sealed"
  s3_put_file "$SET_STORE" "$(set_key "$ID")/partial.gz" "$WORK/sealed" || warn "$SUBJECT: $CAUSE"
  CHECKED_AT=$EPOCHSECONDS
}

# read_batch <lines> <1: for the last time>: all of it is one pack.
read_batch() {
  local number
  rm -rf "$WORK/batch" && mkdir "$WORK/batch"
  awk -F '\t' -v folder="$WORK/batch" '{ printf "%s\t%s/%06d\n", $1, folder, NR }' "$1" >"$WORK/wanted"
  filer_get "$WORK/wanted"
  (cd "$WORK/batch" && find . -type f -printf '%P\0' | sort -z | xargs -0 -r sha256sum) | awk '{ print $2 "\t" $1 }' >"$WORK/sums"
  (cd "$WORK/batch" && find . -type f -printf '%P\t%s\n' | sort) >"$WORK/sizes"
  (cd "$WORK/batch" && find . -type f -printf '%P\0' | sort -z | xargs -0 -r md5sum) | awk '{ print $2 "\t" $1 }' >"$WORK/md5s"
  sed "s|^$WORK/batch/||" "$WORK/got" | sort >"$WORK/got.sorted"
  # One that was deleted meanwhile is told from one whose content is gone by its entry.
  awk -F '\t' 'FILENAME ~ /got.sorted$/ { status[$1] = $2; next } status[sprintf("%06d", ++line)] == 404 { print $1 }' "$WORK/got.sorted" "$1" >"$WORK/gone"
  : >"$WORK/heads"
  if [[ -s $WORK/gone ]]; then filer_heads "$WORK/gone"; fi
  awk -F '\t' -v OFS='\t' -v last="$2" -v unread="$WORK/unread" -v changing="$WORK/changing" '
    FILENAME ~ /heads$/ { head[$1] = $2; next }
    FILENAME ~ /got.sorted$/ { status[$1] = $2; code[$1] = $3; next }
    FILENAME ~ /sums$/ { sum[$1] = $2; next }
    FILENAME ~ /sizes$/ { size[$1] = $2; next }
    FILENAME ~ /md5s$/ { md5[$1] = $2; next }
    {
      file = sprintf("%06d", ++line)
      if (status[file] == 404 && head[$1] == 404) next
      if (status[file] != 200 || code[file] != 0) {
        print $1, "the filer answers " (status[file] == "" || status[file] == 0 ? "nothing" : "status " status[file]) (code[file] > 0 ? ", curl ends with " code[file] : "") >>unread
        next
      }
      # A file without anything leaves none.
      if (!(file in size)) { size[file] = 0; sum[file] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
      if (size[file] != $4) { if (!last) next; print $1 >>changing }
      else if (length($6) == 32 && file in md5 && md5[file] != $6) { print $1, "its content is not what its checksum says: it is damaged in SeaweedFS" >>unread; next }
      print file, $1, $3, size[file], $5, at + 0, sum[file]
      at += size[file]
    }' "$WORK/heads" "$WORK/got.sorted" "$WORK/sums" "$WORK/sizes" "$WORK/md5s" "$1" >"$WORK/members"
  if [[ ! -s $WORK/members ]]; then return; fi
  (cd "$WORK/batch" && cut -f 1 "$WORK/members" | while read -r number; do if [[ -f $number ]]; then printf '%s\0' "$number"; fi; done | xargs -0 -r cat) >"$WORK/pack"
  put_pack "$WORK/pack" || in_vault 'content could not be written'
  FETCHED_BYTES=$((${FETCHED_BYTES:-0} + $(stat -c %s "$WORK/pack")))
  awk -F '\t' -v OFS='\t' -v pack="$PACK" '{ print $2, $3, $4, $5, pack ":" $6 ":" $4 ":" $7 }' "$WORK/members" >>"$WORK/new"
  log "$(count "$WORK/members") files, $(megabytes "$(stat -c %s "$WORK/pack")"), kept and read back"
  rm -rf "$WORK/batch" "$WORK/pack"
  checkpoint
}

# read_large <line> <1: for the last time>: one file, each part of it a pack.
read_large() {
  local path kind identity size mtime rest at=0 end status extents='' got
  IFS=$'\t' read -r path kind identity size mtime rest <<<"$1"
  while ((at < size)); do
    end=$((at + PACK_BYTES - 1))
    if ((end >= size)); then end=$((size - 1)); fi
    rm -f "$WORK/pack"
    status=$(filer_get_part "$path" "$at" "$end" "$WORK/pack")
    if [[ $status == @(404|416) && $2 == 0 ]]; then return; fi
    got=$(stat -c %s "$WORK/pack" 2>/dev/null || echo 0)
    if [[ $status != 206 ]] || ((got != end - at + 1)); then
      printf '%s\tthe filer answers status %s and %s bytes of %s\n' "$path" "$status" "$got" "$((end - at + 1))" >>"$WORK/unread"
      return
    fi
    put_pack "$WORK/pack" || in_vault 'content could not be written'
    extents+=${extents:+,}$PACK:0:$got:$(digest "$WORK/pack")
    at=$((end + 1))
    FETCHED_BYTES=$((${FETCHED_BYTES:-0} + got))
    log "$path: $(megabytes "$at") of $(megabytes "$size"), kept and read back"
  done
  printf '%s\t%s\t%s\t%s\t%s\n' "$path" "$identity" "$size" "$mtime" "$extents" >>"$WORK/new"
  checkpoint
}
