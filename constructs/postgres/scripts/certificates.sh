# shellcheck shell=bash disable=SC2034 # TLS_FILES is for the script that sources this
# Certificates by openssl: ECDSA P-256, one CA per renewal, whose key never leaves this process's directory.

TLS_FILES=(ca.crt server.crt server.key client.crt client.key)

expiry() { date -u -d "$(openssl x509 -in "$1" -noout -enddate | cut -d= -f2)" +%FT%TZ; }

# renewal_reason <directory> <server names> <client CN> <lifetime in days>: why they must be renewed, or nothing.
renewal_reason() {
  local dir=$1 side name third=$(($4 * 86400 / 3))
  for name in "${TLS_FILES[@]}"; do
    if [[ ! -s $dir/$name ]]; then echo "$name is missing" && return; fi
  done
  for side in server client; do
    if ! openssl x509 -in "$dir/$side.crt" -noout 2>/dev/null; then echo "$side.crt is not a certificate" && return; fi
    if ! openssl pkey -in "$dir/$side.key" -noout 2>/dev/null; then echo "$side.key is not a key" && return; fi
    if [[ $(openssl x509 -in "$dir/$side.crt" -noout -pubkey) != "$(openssl pkey -in "$dir/$side.key" -pubout)" ]]; then
      echo "$side.key does not belong to $side.crt" && return
    fi
    if ! openssl x509 -in "$dir/$side.crt" -noout -checkend "$third" >/dev/null; then
      echo "$side.crt is in the last third of its life (until $(expiry "$dir/$side.crt"))" && return
    fi
    if ! openssl verify -CAfile "$dir/ca.crt" -purpose "ssl$side" "$dir/$side.crt" >/dev/null 2>&1; then
      echo "$side.crt is not signed by ca.crt for this purpose" && return
    fi
  done
  for name in ${2//,/ }; do
    if ! openssl x509 -in "$dir/server.crt" -noout -ext subjectAltName | tr ', ' '\n' | grep -Fqx "DNS:$name"; then
      echo "server.crt does not name $name" && return
    fi
  done
  if [[ $(openssl x509 -in "$dir/client.crt" -noout -subject -nameopt multiline | sed -n 's/^ *commonName *= //p') != "$3" ]]; then
    echo "client.crt is not for $3"
  fi
}

# make_certificates <new directory> <old directory> <server names> <client CN> <lifetime in days>
make_certificates() {
  local new=$1 old=$2 days=$5 names
  names=$(tr -s ', ' '\n' <<<"$3" | grep . | sed 's/^/DNS:/' | paste -sd ,)
  rm -rf "$new" && mkdir "$new"
  key "$new/ca.key"
  # A name of its own for each CA: with two of one name in the bundle, OpenSSL might try the wrong one.
  openssl req -x509 -new -key "$new/ca.key" -days "$days" -subj "/CN=pgbackrest CA $(openssl rand -hex 8)" -out "$new/ca.new" \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign'
  sign server "/CN=pgbackrest server" $'extendedKeyUsage=serverAuth\nsubjectAltName='"$names"
  sign client "/CN=$4" 'extendedKeyUsage=clientAuth'
  rm -f "$new/ca.key"
  cat "$new/ca.new" >"$new/ca.crt"
  previous_ca "$old" >>"$new/ca.crt"
}

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# sign <server|client> <subject> <extensions>; uses new and days of make_certificates.
sign() {
  key "$new/$1.key"
  openssl req -new -key "$new/$1.key" -subj "$2" -out "$new/$1.csr"
  openssl x509 -req -in "$new/$1.csr" -CA "$new/ca.new" -CAkey "$new/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days "$days" -out "$new/$1.crt" 2>/dev/null \
    -extfile <(printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nauthorityKeyIdentifier=keyid\n%s\n' "$3")
}

# The first certificate of the old bundle is the CA of the old pair: only that one is kept, and only while it is valid.
previous_ca() {
  if openssl x509 -in "$1/ca.crt" -noout -checkend 0 >/dev/null 2>&1; then openssl x509 -in "$1/ca.crt"; fi
}
