#!/usr/bin/env bash
# A stand-in of `weed shell`, for tests of what calls it: three of its commands, by what the stand-in of the filer beside it
# gives. As the real one it ends with 0 whatever happens, says `error: …`, and waits without end for a master that is not
# there.
set -euo pipefail
for argument in "$@"; do
  case $argument in -filer=*) FILER=${argument#-filer=} ;; -master=*) MASTER=${argument#-master=} ;; esac
done
if [[ ${MASTER:-} != "$FILER" ]]; then sleep 3600; fi
ask() {
  local status
  status=$(curl --silent --output "$OUTPUT" --write-out '%{http_code}' "$@") || true
  if [[ $status != 200 ]]; then echo "error: $(head -c 200 "$OUTPUT")" >&2 && return 1; fi
}
OUTPUT=$(mktemp)
trap 'rm -f "$OUTPUT"' EXIT
while read -r -a words; do
  last=${words[*]: -1}
  case ${words[0]:-} in
    exit) exit 0 ;;
    fs.ls) ask "http://$FILER/__alive" || true ;;
    fs.meta.save)
      if ask --get --data-urlencode "path=$last" "http://$FILER/__save"; then
        if [[ ${words[2]} == *.gz ]]; then gzip <"$OUTPUT" >"${words[2]}"; else cp "$OUTPUT" "${words[2]}"; fi
        echo "meta data for http://$FILER$last is saved to ${words[2]}"
      fi
      ;;
    fs.meta.load) if ask --upload-file "$last" "http://$FILER/__load"; then echo "$last is loaded."; fi ;;
    *) echo "unknown command: ${words[0]:-}" >&2 ;;
  esac
done
