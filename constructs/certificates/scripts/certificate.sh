# shellcheck shell=bash
# One target, looked at by openssl. `NOW`, `ATTEMPTS`, `RETRY_SECONDS` and `CONNECT_SECONDS` are of the script that
# sources this.

# look_at <target as JSON> <an empty directory of its own>: the result as JSON.
look_at() {
  local target=$1 dir=$2 kind problem
  kind=$(of "$target" .kind)
  if [[ $kind == endpoint ]]; then
    problem=$(fetch "$target" "$dir/pem")
  else
    problem=$(cp "$(of "$target" .certificate)" "$dir/pem" 2>/dev/null || echo "there is no file $(of "$target" .certificate)")
  fi
  if [[ -z $problem ]]; then
    split "$dir"
    if ! openssl x509 -in "$dir/leaf" -noout 2>/dev/null; then problem='what is there is not a certificate'; fi
  fi
  if [[ -n $problem ]]; then broken "$target" "$problem" && return; fi
  judge "$target" "$dir" "$kind"
}

# of <target> <jq path>: empty when it is not there.
of() { jq -r "$2 // empty" <<<"$1"; }

# fetch <target> <file>: puts what the server presents there; prints why it could not.
fetch() {
  local target=$1 host port name options=() attempt why
  host=$(of "$target" .host) port=$(of "$target" .port) name=$(server_name "$target")
  if is_address "$name"; then options+=(-noservername); else options+=(-servername "$name"); fi
  if [[ -n $(of "$target" .startTls) ]]; then options+=(-starttls "$(of "$target" .startTls)"); fi
  for ((attempt = 1; attempt <= ATTEMPTS; attempt++)); do
    if ((attempt > 1)); then sleep "$RETRY_SECONDS"; fi
    # Its own status tells little: a server that wants a certificate of the client ends the connection after it has
    # shown its own.
    timeout "$CONNECT_SECONDS" openssl s_client -connect "$host:$port" -showcerts "${options[@]}" </dev/null >"$2" 2>"$2.log" || true
    if grep -q 'BEGIN CERTIFICATE' "$2"; then return; fi
  done
  # BIO_connect:Connection refused; the first line that says anything, without OpenSSL's numbers.
  why=$(grep -oE '(reason\([0-9]+\)|[A-Za-z ]+(refused|timed out|unreachable|not known|failure|version|alert|closed)[A-Za-z ]*)' "$2.log" | head -n 1 || true)
  echo "$host:$port shows no certificate: ${why:-no answer in $CONNECT_SECONDS s, or no TLS}"
}

server_name() {
  local name
  name=$(of "$1" .serverName)
  if [[ -z $name ]]; then name=$(of "$1" .host); fi
  name=${name#[} && echo "${name%]}"
}
is_address() { [[ $1 == *:* || $1 =~ ^[0-9]+(\.[0-9]+){3}$ ]]; }

# split <dir>: the first certificate of pem becomes leaf, all others chain.
split() {
  : >"$1/leaf" && : >"$1/chain"
  awk -v leaf="$1/leaf" -v chain="$1/chain" '
    /-----BEGIN CERTIFICATE-----/ { count++; inside = 1 }
    inside { print > (count == 1 ? leaf : chain) }
    /-----END CERTIFICATE-----/ { inside = 0 }' "$1/pem"
}

# judge <target> <dir> <kind>
judge() {
  local target=$1 dir=$2 kind=$3 not_after chain chain_end hosts problems=() status=ok warn left
  not_after=$(instant "$dir/leaf" -enddate)
  left=$((not_after - NOW))
  warn=$(of "$target" .warnSeconds)
  # That the certificate itself has ended is told apart: its chain is then judged as of its last second.
  chain=$(chain_problem "$target" "$dir" "$kind" $((left > 0 ? NOW : not_after - 1)))
  chain_end=$not_after
  if [[ -z $chain ]] && ((left > 0)); then chain_end=$(end_of_chain "$target" "$dir" "$kind" "$not_after"); fi
  hosts=$(host_problems "$target" "$dir" "$kind")
  if ((left <= 0)); then
    problems+=("it expired $(in_words $((-left))) ago")
  elif ((left < warn)); then
    problems+=("it ends in $(in_words "$left")")
  elif ((chain_end - NOW < warn)); then
    problems+=("who issued it ends in $(in_words $((chain_end - NOW)))")
  fi
  if ((${#problems[@]} > 0)); then status=soon; fi
  if [[ -n $chain ]]; then problems+=("its chain is not valid: $chain") && status=invalid; fi
  if [[ -n $hosts && $hosts != none ]]; then problems+=("it does not name $hosts") && status=invalid; fi
  if ((left <= 0)); then status=expired; fi
  name() { openssl x509 -in "$dir/leaf" -noout "-$1" -nameopt RFC2253,-esc_msb,utf8 | cut -d= -f2-; }
  jq -cn --argjson target "$target" --arg status "$status" --arg problem "$(join "${problems[@]}")" \
    --arg subject "$(name subject)" --arg issuer "$(name issuer)" --arg serial "$(name serial)" \
    --argjson left "$left" --argjson from "$(instant "$dir/leaf" -startdate)" --argjson until "$not_after" \
    --argjson chainEnd "$chain_end" --arg chain "$chain" --arg hosts "$hosts" '{
      target: $target.name, kind: $target.kind, address: ($target.certificate // "\($target.host):\($target.port)"),
      status: $status, problem: (if $problem == "" then null else $problem end), readable: true,
      subject: $subject, issuer: $issuer, serial: $serial,
      notBefore: ($from | todate), notAfter: ($until | todate), expiry: $until, chainExpiry: $chainEnd, daysLeft: ($left / 864 | floor / 100),
      chainValid: ($chain == ""), hostNameValid: (if $hosts == "none" then null else $hosts == "" end) }'
}

# An instant of the certificate, in seconds since the epoch.
instant() { openssl x509 -in "$1" -noout "$2" | cut -d= -f2 | jq -R 'strptime("%b %d %H:%M:%S %Y %Z") | mktime'; }

# chain_problem <target> <dir> <kind> <instant>: why the chain is not valid then.
chain_problem() {
  local options=(-attime "$4") authority said
  authority=$(of "$1" .authority)
  if [[ -n $authority ]]; then
    if [[ ! -s $authority ]]; then echo "there is no authority in $authority" && return; fi
    options+=(-CAfile "$authority" -no-CApath -no-CAstore)
  fi
  if [[ $3 == endpoint ]]; then options+=(-purpose sslserver); fi
  if [[ -s $2/chain ]]; then options+=(-untrusted "$2/chain"); fi
  if said=$(openssl verify "${options[@]}" "$2/leaf" 2>&1); then return; fi
  # error 20 at 0 depth lookup: unable to get local issuer certificate
  said=$(grep -oE 'lookup: .*' <<<"$said" | head -n 1) && echo "${said#lookup: }" || echo 'openssl cannot read it'
}

# end_of_chain <target> <dir> <kind> <end of the certificate>: until when clients accept it. An authority may end before
# what it has signed. What is in the system's store is not looked through: it is kept by who keeps the system.
end_of_chain() {
  local authority ends end
  if [[ -z $(chain_problem "$1" "$2" "$3" $(($4 - 1))) ]]; then echo "$4" && return; fi
  authority=$(of "$1" .authority)
  ends=$(cat "$2/chain" ${authority:+"$authority"} | awk -v prefix="$2/issuer-" '
    /-----BEGIN CERTIFICATE-----/ { count++ } count { print > (prefix count) }' && for end in "$2"/issuer-*; do instant "$end" -enddate; done | sort -n)
  for end in $ends; do
    if ((end >= NOW)) && [[ -n $(chain_problem "$1" "$2" "$3" $((end + 1))) ]]; then echo "$end" && return; fi
  done
  echo "$4"
}

# host_problems <target> <dir> <kind>: the names for which it is not; "none" when none is asked for. The common name does
# not count: most clients have stopped reading it.
host_problems() {
  local names name missing=()
  names=$(jq -r --arg default "$(if [[ $3 == endpoint ]]; then server_name "$1"; fi)" \
    '.hostNames // (if $default == "" then [] else [$default] end) | .[]' <<<"$1")
  if [[ -z $names ]]; then echo none && return; fi
  while read -r name; do
    if ! names_host "$2/leaf" "$name"; then missing+=("$name"); fi
  done <<<"$names"
  join "${missing[@]}"
}

names_host() {
  local check=-checkhost said
  if is_address "$2"; then check=-checkip; fi
  if ! openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null | grep -qE 'DNS:|IP Address:'; then return 1; fi
  # OpenSSL tells it by words; whether by its status as well depends on its version.
  said=$(openssl x509 -in "$1" -noout "$check" "$2" 2>&1 || true)
  [[ $said == *'does match'* ]]
}

# broken <target> <why>: the result of a target that could not be judged.
broken() {
  jq -cn --argjson target "$1" --arg problem "$2" '{
    target: $target.name, kind: $target.kind, address: ($target.certificate // "\($target.host):\($target.port)"),
    status: (if $target.kind == "endpoint" then "unreachable" else "unreadable" end), problem: $problem, readable: false }'
}

join() {
  local all
  printf -v all '%s, ' "$@"
  echo "${all%, }"
}

in_words() {
  if (($1 >= 172800)); then echo "$(($1 / 86400)) days"; elif (($1 >= 7200)); then echo "$(($1 / 3600)) h"; else echo "$(($1 / 60)) min"; fi
}
