# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# The filer's HTTP interface: content, many files by one curl. Needs lib.sh and $WORK. Paths are as entry.awk encodes them.
# What is secret travels over standard input.

: "${PARALLEL:=16}"

# Waits until it answers, and tries the key for reading.
reach_filer() {
  local status
  wait_until "${WAIT_SECONDS:-300}" "$SEAWEEDFS_FILER_URL" filer_answers || true
  status=$(filer_one GET /) || true
  if [[ $status == 401 ]]; then die "$SUBJECT: the filer does not accept the key for reading (401)" "$KEY_FIX"; fi
  if [[ $status == 000 ]]; then
    die "$SUBJECT: no connection to $SEAWEEDFS_FILER_URL: $(tail -n 1 "$WORK/filer.error" | cut -c 1-200)" \
      "look at the filer's pod and at the network policy between it and this job, or correct \`filer\`"
  fi
}
filer_answers() { [[ $(filer_one GET /) != @(000|5??) ]]; }
KEY_FIX="give the job the key that security.toml has: jwt.filer_signing.read for the backup, jwt.filer_signing besides it for the restore"

# filer_one <method> <path with a query>: tells the status; what it answers is in $WORK/filer.answer.
filer_one() {
  { filer_options "$1" && printf 'url = "%s"\nrequest = "%s"\noutput = "%s"\nwrite-out = "%%{http_code}"\nmax-time = 300\n' \
    "${SEAWEEDFS_FILER_URL%/}$2" "$1" "$WORK/filer.answer"; } | curl --config - 2>"$WORK/filer.error" || true
}

# filer_get <list>: gets what each line of it names, path and file by a tab. A line of what came for each in
# $WORK/got: file, status, curl's exit code.
filer_get() {
  {
    filer_options GET
    printf '%s\n' parallel "parallel-max = $PARALLEL" 'write-out = "%{filename_effective}\t%{http_code}\t%{exitcode}\n"'
    awk -F '\t' -v base="${SEAWEEDFS_FILER_URL%/}" '{ printf "url = \"%s%s\"\noutput = \"%s\"\n", base, $1, $2 }' "$1"
  } | curl --config - >"$WORK/got" 2>"$WORK/filer.error" || true
}

# filer_get_part <path> <first byte> <last byte> <file>: tells the status.
filer_get_part() {
  { filer_options GET && printf 'url = "%s"\nrange = "%s-%s"\noutput = "%s"\nwrite-out = "%%{http_code}"\n' \
    "${SEAWEEDFS_FILER_URL%/}$1" "$2" "$3" "$4"; } | curl --config - 2>"$WORK/filer.error" || true
}

# filer_heads <list of paths>: path and status of each in $WORK/heads.
filer_heads() {
  {
    local path first=true options
    options=$(filer_options GET)
    while IFS= read -r path; do
      if [[ $first == false ]]; then echo next; fi
      first=false
      printf '%s\n' "$options"
      printf 'head\nurl = "%s"\noutput = /dev/null\nwrite-out = "%s\\t%%{http_code}\\n"\n' "${SEAWEEDFS_FILER_URL%/}$path" "${path//%/%%}"
    done <"$1"
    printf '%s\n' parallel "parallel-max = $PARALLEL"
  } | curl --config - >"$WORK/heads" 2>"$WORK/filer.error" || true
}

# filer_put <list>: puts each file, where the content of another path would be: lines of path, file, that other path.
# A line of what came for each in $WORK/put: file, status, curl's exit code.
filer_put() {
  {
    local path file destination first=true options
    options=$(filer_options PUT)
    while IFS=$'\t' read -r path file destination; do
      if [[ $first == false ]]; then echo next; fi
      first=false
      printf '%s\n' "$options" "url = \"${SEAWEEDFS_FILER_URL%/}$path\"" "upload-file = \"$file\"" "output = /dev/null"
      # By that, the filer takes collection, replication and disk of where it will be.
      printf 'header = "x-seaweedfs-destination: %s"\nheader = "content-type: application/octet-stream"\n' "$destination"
      printf 'write-out = "%s\\t%%{http_code}\\t%%{exitcode}\\n"\n' "$file"
    done <"$1"
    printf '%s\n' parallel "parallel-max = $PARALLEL"
  } | curl --config - >"$WORK/put" 2>"$WORK/filer.error" || true
}

filer_options() {
  local key=$SEAWEEDFS_READ_KEY_FILE
  printf '%s\n' silent show-error globoff path-as-is "connect-timeout = 10" "speed-limit = 1" "speed-time = 120" "retry = 2"
  if [[ -n $SEAWEEDFS_CA_FILE ]]; then printf 'cacert = "%s"\n' "$SEAWEEDFS_CA_FILE"; fi
  if [[ $1 != GET ]]; then key=$SEAWEEDFS_WRITE_KEY_FILE; fi
  if [[ -s $key ]]; then printf 'header = "authorization: Bearer %s"\n' "$(filer_token "$key")"; fi
}

# filer_token <file of the key>: a token that is good for an hour (RFC 7519, HS256).
filer_token() {
  local text
  text=$(base64_url '{"alg":"HS256","typ":"JWT"}').$(base64_url "{\"exp\":$((EPOCHSECONDS + 3600))}")
  printf '%s.%s' "$text" "$(hmac "$1" "$text" | basenc --base16 -d | basenc --base64url -w0 | tr -d =)"
}
base64_url() { printf %s "$1" | basenc --base64url -w0 | tr -d =; }

# hmac <file of the key> <text>: HMAC-SHA-256 in base16. Not by openssl, to which the key would have to be an argument.
hmac() {
  local key inner outer='' i byte
  key=$(printf %s "$(<"$1")" | basenc --base16 -w0)
  if ((${#key} > 128)); then key=$(printf %s "$(<"$1")" | sha256sum | cut -c 1-64 | tr a-f A-F); fi
  for ((i = ${#key}; i < 128; i++)); do key+=0; done
  inner=''
  for ((i = 0; i < 128; i += 2)); do
    byte=$((16#${key:i:2}))
    printf -v inner '%s%02X' "$inner" $((byte ^ 0x36))
    printf -v outer '%s%02X' "$outer" $((byte ^ 0x5c))
  done
  inner=$({ printf %s "$inner" | basenc --base16 -d && printf %s "$2"; } | sha256sum | cut -c 1-64 | tr a-f A-F)
  printf %s "$outer$inner" | basenc --base16 -d | sha256sum | cut -c 1-64 | tr a-f A-F
}
