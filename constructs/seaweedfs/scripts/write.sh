# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Puts content back. A file is uploaded into a folder of uploads, where it gets new chunks; then its old entry, with these
# chunks in place of its old ones, is loaded where it was. So it appears whole and as it was, times and all, and users
# never see a half. The folder's entries are removed without their chunks, which belong to the files by then.
# Needs filer.sh, weed.sh and packs.sh. A file that fails is a line of $WORK/failed, path and why.

readonly UPLOADS=/.disaster-recovery
RESTORED=0 RESTORED_BYTES=0 WRITTEN_MEANWHILE=0 KEPT=0 UNCHANGED=0 EXPIRED=0 BLOCKED=0

failed() { printf '%s\t%s\n' "$1" "$2" >>"$WORK/failed"; }
said() { if [[ $1 == failed ]]; then failed "$2" "${3:-it was loaded, and is not there}"; fi; }

# delete_entry <path>: the entry alone, and what is below it, without their chunks.
delete_entry() {
  local status
  status=$(filer_one DELETE "$1?recursive=true&ignoreRecursiveError=true&skipChunkDeletion=true")
  case $status in
    2?? | 404) ;;
    401) die "$SUBJECT: the filer does not accept the key for writing (401)" "$KEY_FIX" ;;
    *) die "$SUBJECT: $1 cannot be removed: status $status" "look at the filer's log" ;;
  esac
}

# Of runs that were ended; others may be at work. Chunks of uploads are those of files by now, or of nobody (`volume.fsck`).
delete_leftovers() {
  local path
  while read -r path; do delete_entry "$path"; done < <(entries "$WORK/now.gz" leftovers.awk -v "before=$((EPOCHSECONDS - ${LEFTOVER_SECONDS:-86400}))")
}
# That one may write is tried before anything is changed; at the end, nothing is there any more, unless others are at work.
delete_nothing() { delete_entry "$UPLOADS/$EPOCHSECONDS-none"; }
delete_folder() { filer_one DELETE "$UPLOADS?recursive=false&skipChunkDeletion=true" >/dev/null; }

# Of what seems to be there, what can be read and is as the set has it needs nothing.
verify_content() {
  local from=0 total
  awk -F '\t' '$1 == "unchanged"' "$WORK/candidates" >"$WORK/present"
  awk -F '\t' '$1 != "unchanged"' "$WORK/candidates" >"$WORK/wanted.all"
  total=$(count "$WORK/present")
  while ((from < total)); do
    sed -n "$((from + 1)),$((from + 200))p" "$WORK/present" >"$WORK/some"
    verify_some
    from=$((from + 200))
    if ((from < total)); then log "read $from of $total files that are there"; fi
  done
}

verify_some() {
  local line path extents
  while IFS= read -r line <&3; do
    IFS=$'\t' read -r _ path _ _ extents _ <<<"$line"
    if ! same_content "$path" "$extents"; then printf 'renew\t%s\n' "${line#*$'\t'}" >>"$WORK/wanted.all"; fi
  done 3<"$WORK/some"
}

# same_content <path> <extents>: part by part.
same_content() {
  local at=0 extent pack offset bytes sum status
  while IFS=: read -r pack offset bytes sum; do
    rm -f "$WORK/part"
    if ((bytes == 0)); then return 0; fi
    status=$(filer_get_part "$1" "$at" "$((at + bytes - 1))" "$WORK/part")
    if [[ $status != @(200|206) || ! -f $WORK/part || $(digest "$WORK/part") != "$sum" ]]; then return 1; fi
    at=$((at + bytes))
  done < <(tr ',' '\n' <<<"$2")
}

# The newest first, by the pack that they are in, so that each is got once: $WORK/ordered has lines of group (a pack, or a
# file of several), first byte, path, bytes, mtime, extents, entry, and whether something may be there.
order_content() {
  awk -F '\t' -v OFS='\t' '
    NR == FNR { split($5, part, ":"); if ($5 !~ /,/ && $4 > newest[part[1]]) newest[part[1]] = $4; next }
    { split($5, part, ":"); group = $5 ~ /,/ ? "file" : part[1]; rank = $5 ~ /,/ ? $4 : newest[part[1]]
      print rank, group, part[2], $2, $3, $4, $5, $6, $1 }' "$WORK/wanted.all" "$WORK/wanted.all" |
    sort -t $'\t' -k 1,1nr -k 2,2 -k 3,3n | cut -f 2- >"$WORK/ordered"
}

restore_content() {
  local group last='' line files bytes begun
  files=$(count "$WORK/ordered") bytes=$(total 4 "$WORK/ordered") begun=$(now)
  if ((files == 0)); then return; fi
  log "$files files, $(megabytes "$bytes"), come back, the newest first"
  : >"$WORK/group"
  while IFS= read -r line <&3; do
    group=${line%%$'\t'*}
    if [[ $group != "$last" || $group == file ]] && [[ -s $WORK/group ]]; then
      restore_group
      log "$RESTORED of $files files, $(megabytes "$RESTORED_BYTES") of $(megabytes "$bytes"), after $(seconds_since "$begun") s"
      : >"$WORK/group"
    fi
    printf '%s\n' "$line" >>"$WORK/group"
    last=$group
  done 3<"$WORK/ordered"
  restore_group
}

restore_group() {
  local group
  group=$(head -n 1 "$WORK/group" | cut -f 1)
  rm -rf "$WORK/batch" && mkdir "$WORK/batch"
  # Two runs at once must not meet in it.
  UPLOAD=$UPLOADS/$EPOCHSECONDS-$RANDOM$RANDOM
  # Number of the upload, path, entry, sum or nothing, bytes, whether something may be there.
  : >"$WORK/uploads"
  if [[ $group == file ]]; then upload_parts; else upload_pack "$group"; fi
  if [[ -s $WORK/uploads ]]; then place_uploads; fi
}

# Files that are in one pack.
upload_pack() {
  local number=0 offset path bytes extents record what pack at size sum status=0
  get_pack "$1" "$ENCRYPTED" "$WORK/pack" || status=$?
  if ((status == 2)); then die "$SUBJECT: content cannot be read from the vault: $CAUSE" "$CAUSE_FIX"; fi
  if ((status != 0)); then
    while IFS=$'\t' read -r _ _ path _; do failed "$path" "$CAUSE"; done <"$WORK/group"
    return
  fi
  while IFS=$'\t' read -r _ offset path bytes _ extents record what; do
    number=$((number + 1))
    IFS=: read -r pack at size sum <<<"$extents"
    printf -v file '%06d' "$number"
    dd if="$WORK/pack" of="$WORK/batch/$file" bs=1M iflag=skip_bytes,count_bytes skip="$at" count="$size" status=none
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$file" "$path" "$record" "$sum" "$size" "$what" >>"$WORK/uploads"
  done <"$WORK/group"
  (cd "$WORK/batch" && sha256sum -- *) | awk '{ print $2 "\t" $1 }' >"$WORK/sums"
  awk -F '\t' -v OFS='\t' -v failed="$WORK/failed" '
    FILENAME ~ /sums$/ { sum[$1] = $2; next }
    sum[$1] != $4 { print $2, "its content is damaged in the vault" >>failed; next } 1' "$WORK/sums" "$WORK/uploads" >"$WORK/uploads.good"
  mv "$WORK/uploads.good" "$WORK/uploads"
  awk -F '\t' -v uploads="$UPLOAD" -v folder="$WORK/batch" '{ printf "%s/%s\t%s/%s\t%s\n", uploads, $1, folder, $1, $2 }' "$WORK/uploads" >"$WORK/puts"
  filer_put "$WORK/puts"
  rm -f "$WORK/pack"
}

# One file that is in several packs, or in a pack of its own: it is never on disk as a whole.
upload_parts() {
  local path bytes extents record what status
  IFS=$'\t' read -r _ _ path bytes _ extents record what <"$WORK/group"
  status=$(parts "$path" "$extents" | curl --config <(
    filer_options PUT
    printf 'url = "%s"\nupload-file = "-"\noutput = /dev/null\nwrite-out = "%%{http_code}"\nheader = "x-seaweedfs-destination: %s"\n' \
      "${SEAWEEDFS_FILER_URL%/}$UPLOAD/000001" "$path"
  ) 2>"$WORK/filer.error") || status=000
  if [[ $status != 2?? ]]; then failed "$path" "it could not be uploaded: status $status $(tail -n 1 "$WORK/filer.error" | cut -c 1-160)" && return; fi
  if [[ -s $WORK/parts.failed ]]; then failed "$path" "$(<"$WORK/parts.failed")" && return; fi
  printf '000001\t%s\t%s\t-\t%s\t%s\n' "$path" "$record" "$bytes" "$what" >>"$WORK/uploads"
}

parts() {
  local pack at size sum
  rm -f "$WORK/parts.failed"
  while IFS=: read -r pack at size sum; do
    if ! get_pack "$pack" "$ENCRYPTED" "$WORK/part"; then printf '%s\n' "$CAUSE" >"$WORK/parts.failed" && return; fi
    if [[ $(digest "$WORK/part") != "$sum" ]]; then printf 'its content is damaged in the vault\n' >"$WORK/parts.failed" && return; fi
    cat "$WORK/part"
  done < <(tr ',' '\n' <<<"$2")
}

# What was uploaded whole gets its old entry, where nothing has been written meanwhile.
place_uploads() {
  save_metadata "$UPLOAD" "$WORK/uploads.gz" || die "$SUBJECT: what was uploaded cannot be asked: $CAUSE" "$CAUSE_FIX"
  # list.awk leaves the folder out, for those who list all there is.
  entries "$WORK/uploads.gz" uploads.awk >"$WORK/uploaded"
  cut -f 1 "$WORK/uploads" | (cd "$WORK/batch" && while read -r file; do if [[ -f $file ]]; then md5sum "$file"; fi; done) | awk '{ print $2 "\t" $1 }' >"$WORK/md5s"
  awk -F '\t' '$6 == "restore" { print $2 }' "$WORK/uploads" >"$WORK/new.paths"
  : >"$WORK/heads"
  if [[ -s $WORK/new.paths ]]; then filer_heads "$WORK/new.paths"; fi
  : >"$WORK/meanwhile"
  awk -F '\t' -v OFS='\t' -v failed="$WORK/failed" -v meanwhile="$WORK/meanwhile" '
    FILENAME ~ /uploaded$/ { size[$1] = $2; md5[$1] = $3; next }
    FILENAME ~ /md5s$/ { sent[$1] = $2; next }
    FILENAME ~ /heads$/ { head[$1] = $2; next }
    !($1 in size) || size[$1] != $5 { print $2, "the filer has " ($1 in size ? size[$1] " bytes of " $5 : "nothing") " of what was uploaded" >>failed; next }
    $1 in sent && md5[$1] != "-" && md5[$1] != sent[$1] { print $2, "the filer has something else than was uploaded" >>failed; next }
    $6 == "restore" && head[$2] == 200 { print $2 >>meanwhile; next }
    { print $1, $2, $3, $5, $6 }' "$WORK/uploaded" "$WORK/md5s" "$WORK/heads" "$WORK/uploads" >"$WORK/placed"
  WRITTEN_MEANWHILE=$((WRITTEN_MEANWHILE + $(count "$WORK/meanwhile")))
  if [[ -s $WORK/placed ]]; then
    forget_unreadable
    entries "$WORK/uploads.gz" combine.awk -v "wanted=$WORK/placed" | basenc --base16 -d -i >"$WORK/load"
    load_metadata "$WORK/load" || die "$SUBJECT: files cannot be put where they were: $CAUSE" "$CAUSE_FIX"
    RESTORED=$((RESTORED + $(count "$WORK/placed"))) RESTORED_BYTES=$((RESTORED_BYTES + $(total 4 "$WORK/placed")))
    cut -f 2 "$WORK/placed" >>"$WORK/restored"
  fi
  delete_entry "$UPLOAD"
}

# The entry of what cannot be read is taken away by itself: when it is replaced, the filer deletes what has the numbers of its
# chunks, and asks no further whether that is still them.
forget_unreadable() {
  local path what
  while IFS=$'\t' read -r _ path _ _ what; do
    if [[ $what == renew ]]; then delete_entry "$path"; fi
  done <"$WORK/placed"
}

# All that was put back is there, at last: what loads it does not say everything.
check_content() {
  if [[ ! -s $WORK/restored ]]; then return; fi
  look
  awk -F '\t' -v OFS='\t' '
    FILENAME ~ /now$/ { size[$1] = $4; mtime[$1] = $5; there[$1] = 1; next }
    FILENAME ~ /set.list$/ { bytes[$1] = $3; next }
    !($1 in there) { print $1, "it was put back, and is not there" }' "$WORK/now" "$WORK/set.list" "$WORK/restored" >"$WORK/missing"
  RESTORED=$((RESTORED - $(count "$WORK/missing")))
  cat "$WORK/missing" >>"$WORK/failed"
}
