# shellcheck shell=bash
# Options of pgBackRest, which offers no way to ask for them.

: "${CONFIG_FILE:=${PGBACKREST_CONFIG:-/etc/pgbackrest/pgbackrest.conf}}"
: "${CONFIG_DIR:=${PGBACKREST_CONFIG_INCLUDE_PATH:-/etc/pgbackrest/conf.d}}"

# Read once: some options are asked for with every request.
CONFIGURATION=$(cat "$CONFIG_FILE" "$CONFIG_DIR"/*.conf 2>/dev/null || true)
configuration() { printf '%s\n' "$CONFIGURATION"; }

# configured <option>: its value in the configuration files, or nothing.
configured() {
  local line value=''
  while IFS= read -r line; do
    if [[ $line =~ ^[[:space:]]*$1[[:space:]]*=[[:space:]]*(.*[^[:space:]])[[:space:]]*$ ]]; then value=${BASH_REMATCH[1]}; fi
  done <<<"$CONFIGURATION"
  printf '%s\n' "$value"
}

# The numbers of the repositories that an object store with S3's interface holds.
s3_repositories() {
  configuration | sed -nE 's/^[[:space:]]*repo([0-9]+)-type[[:space:]]*=[[:space:]]*s3[[:space:]]*$/\1/p' | sort -nu
}
