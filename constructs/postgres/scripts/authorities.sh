# shellcheck shell=bash
# Whose certificates are accepted: who signed one's own, and who signed the other side's, where that is told apart
# (cert-manager; the TLS job puts both into ca.crt). While an authority is being replaced these are two.

: "${TLS_AUTHORITIES:=${TMPDIR:-/tmp}/tls-authorities.crt}"

# gather_authorities: puts them into one file, as pgBackRest's configuration names it.
gather_authorities() {
  local file new=$TLS_AUTHORITIES.$$
  for file in "$TLS_DIR"/ca.crt "$TLS_DIR"/peer-ca.crt; do
    # The last line may lack its end.
    if [[ -s $file ]]; then awk 1 "$file"; fi
  done >"$new"
  mv "$new" "$TLS_AUTHORITIES"
}
