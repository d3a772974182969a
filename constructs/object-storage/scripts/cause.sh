# shellcheck shell=bash disable=SC2034 # the results are for the script that sources this
# Tells apart what pgBackRest says. Its last line often misleads ("unable to find primary cluster" for a wrong
# certificate), so the whole text is judged, the most telling words first.

: "${STANZA:=main}"
: "${TLS_DIR:=/run/secrets/tls}"

REPLACED='; if a later incarnation has replaced this cluster, its keys were revoked on purpose: take it down'

# explain <text>: sets CAUSE_CODE, CAUSE and CAUSE_FIX.
explain() {
  local text host
  # The hint about recovery is printed whatever the cause.
  text=$(LC_ALL=C tr -cd '[:print:]\n' <<<"$1" | grep -v 'HINT: are all available clusters in recovery' || true)
  # 'vault.example:443', since 2.5x also 'vault.example:443 (192.0.2.7)'.
  host=$(grep -oE "'[A-Za-z0-9.-]+:[0-9]+( \([^)]*\))?'" <<<"$text" | head -n 1) || true
  host=${host%% *} host=${host//\'/}
  # A connection that was closed, which OpenSSL calls an error of TLS.
  text=$(sed -E 's/TLS error( \[[^]]*\])?:? *(unexpected eof)/connection closed: \2/' <<<"$text")
  case $text in
    *"does not match expected checksum"* | *"unable to open missing file"*"/backup/$STANZA/"[0-9]* | *"unable to load backup manifest"*)
      because damaged "the backup is damaged: $(first_match "$text" 'expected checksum|missing file|manifest')" \
        "restore from another backup, and bring back the file it names (a versioned bucket keeps what was overwritten or deleted)" ;;
    *XMinioStorageFull* | *QuotaExceeded* | *InsufficientCapacity* | *InsufficientStorage* | *"[507]"* | *"No space left on device"*)
      because full "there is no room: $(first_match "$text" '507|QuotaExceeded|Full|Insufficient|No space left')" \
        "give the store (or the volume it names) more room, or keep fewer backups; WAL waits on the database's volume until then" ;;
    *"does not match pg_control timeline"*)
      # pgBackRest reads the control file before it asks for a checkpoint, and only a checkpoint writes the timeline there.
      because promoted "the server was promoted a moment ago, and its control file does not tell the new timeline yet" \
        "try again: this attempt's own checkpoint has written it" ;;
    *"not match the database"* | *"do not match the stanza"* | *"system-id"*"does not match"* | \
      *"not match pg_control"* | *"version"*"system-id"*"do not match"* | *"[028]"* | *"[044]"*)
      because mismatch "the repository's stanza '$STANZA' belongs to another database (its system id or PostgreSQL version differs from this server's)" \
        "find out which of the two is the right one; if the server was initialised by mistake, wipe its volume and let it restore. Never run stanza-upgrade to get past this: it lets the next backups expire the old ones" ;;
    *"stop file exists"*)
      because stopped "pgBackRest was stopped by hand: a stop file exists" "run: pgbackrest --stanza=$STANZA start" ;;
    *"unable to acquire lock"* | *"is another pgBackRest process running"*)
      because locked "another pgBackRest job holds the lock" "wait for it to end, or end the job that hangs" ;;
    *SignatureDoesNotMatch*)
      because key "the object store rejects the secret key (SignatureDoesNotMatch)" \
        "set PGBACKREST_REPO<n>_S3_KEY_SECRET to the secret of this access key" ;;
    *InvalidAccessKeyId* | *InvalidToken* | *ExpiredToken*)
      because key "the object store does not know the access key, or it expired" \
        "set PGBACKREST_REPO<n>_S3_KEY and _S3_KEY_SECRET to a key that exists$REPLACED" ;;
    *RequestTimeTooSkewed*)
      because clock "the clocks of this node and of the object store differ too much (it is $(date -u +%FT%TZ) here)" \
        "set the clock that is wrong (NTP)" ;;
    *"certificate is not yet valid"*)
      because clock "the TLS certificate of ${host:-the other side} is not yet valid: the clock of this node is behind, or that of whoever made it was ahead (it is $(date -u +%FT%TZ) here)" \
        "set the clock that is wrong (NTP); make the certificate anew if it was made ahead of time" ;;
    *"is not later than latest backup label"*)
      because clock "the newest backup bears a time that is still to come: the clock of this node is behind, or was ahead when that one was made (it is $(date -u +%FT%TZ) here)" \
        "set the clock that is wrong (NTP); where it was wrong then, backups go on by themselves after that time" ;;
    *NoSuchBucket*)
      because bucket "the bucket does not exist${host:+ at $host}" \
        "deploy the vault first, or correct repo<n>-s3-bucket, -endpoint and -region" ;;
    *AccessDenied* | *"403 (Forbidden)"*)
      because access "the object store denies access (403)" \
        "let the key list, read and write this bucket and path, or use the right key$REPLACED" ;;
    *"option requires"* | *"requires option"* | *OptionRequired* | *OptionInvalid* | *"[031]"* | *"[032]"* | *"[037]"*)
      because config "pgBackRest's configuration is incomplete or wrong: $(first_error "$text")" \
        "correct /etc/pgbackrest and the PGBACKREST_REPO<n>_* variables" ;;
    *"access denied"* | *AccessError*)
      because client "the database's TLS server does not accept this client for stanza '$STANZA'" \
        "make tls-server-auth name the client certificate's CN with this stanza, or make the certificates anew (the TLS job, or cert-manager)" ;;
    *"CA certificate location"* | *"error setting certificate"* | *"error adding trust anchors"* | *"unable to load cert file"* | *"unable to load key file"* | *"group or other permissions"*)
      because files "a certificate or key file cannot be used: $(first_match "$text" 'CA certificate location|unable to load|permissions|error setting|error adding')" \
        "mount the whole Secret, its keys owned by this user or its fsGroup (item mode 0600), and let the TLS job, or cert-manager, fill it" ;;
    *"unable to verify certificate"* | *"unable to find hostname"* | *"certificate verify failed"* | *"tlsv1 alert"* | \
      *"TLS error"* | *"unknown ca"* | *"alert certificate"* | *"certificate is not"* | *"certificate has expired"* | *"SSL certificate problem"* | *"no alternative certificate"*)
      because certificate "the TLS certificate of ${host:-the other side} is not accepted: $(first_match "$text" 'verify certificate|find hostname|certificate|alert')" \
        "give repo<n>-storage-ca-file (object store) or $TLS_DIR/ca.crt (database) the CA that signed it, and make its names include the host; if it has expired, make a new one" ;;
    *"unable to get address"* | *"Name or service not known"* | *"name resolution"* | *"Could not resolve host"*)
      because name "the host name does not resolve: $(first_match "$text" 'unable to get address|resolve')" \
        "correct the host name in repo<n>-s3-endpoint or pg1-host, or repair DNS" ;;
    *DbConnectError* | *"starting up"* | *"shutting down"* | *"not accepting connections"*)
      because server "the database server is not ready (it starts, recovers or is down): $(first_match "$text" 'DbConnectError|starting up|shutting down|not accepting')" \
        "wait until it accepts writes; look at the postgres container's log, and that pg_hba.conf has: local all postgres peer" ;;
    *"was not archived before"*)
      because archive "the server does not archive its WAL: $(first_match "$text" 'not archived before')" \
        "look at the postgres container's log, which tells why its archive_command fails" ;;
    *"Connection refused"* | *HostConnectError* | *"unable to connect"* | *"timeout"* | *"timed out"* | *"No route to host"* | *"Failed to connect"* | \
      *"unexpected eof"* | *"the archive asynchronously after"*)
      because unreachable "no connection${host:+ to $host}: $(first_match "$text" 'unable to connect|refused|[Ff]ailed to connect|time|route|unexpected eof|asynchronously')" \
        "start what listens there, or open the network policy to it" ;;
    *"repo encrypted"* | *CryptoError* | *FormatError* | *"key/value found outside of section"* | *"[095]"* | *"[029]"*)
      because passphrase "the repository cannot be decrypted: wrong or missing cipher passphrase, or another cipher type" \
        "set PGBACKREST_REPO<n>_CIPHER_PASS to the passphrase the repository was created with (it is in the escrow)" ;;
    *"missing file"*.history*)
      because timeline "the repository has no such timeline: $(first_match "$text" '\.history')" \
        "choose a timeline that is there; pgbackrest info shows the WAL of each by its first eight digits" ;;
    *"Permission denied"*)
      because permission "permission denied: $(first_match "$text" 'Permission denied')" \
        "make the path owned by this container's user" ;;
    *"unable to find primary cluster"* | *"no database found"*)
      because server "the database server is a standby or still recovers" "wait until it accepts writes; look at the postgres container's log" ;;
    *)
      because unknown "$(first_error "$text")" "read the lines above" ;;
  esac
}

because() { CAUSE_CODE=$1 CAUSE=$2 CAUSE_FIX=$3; }

# shellcheck disable=SC2001 # the pattern is a regular expression
first_match() { grep -m 1 -E "$2" <<<"$1" | sed -E 's/^.*(WARN|ERROR): *//' | cut -c 1-240 || true; }
first_error() { (grep -m 1 -E 'ERROR|\[[A-Za-z]*Error\]' <<<"$1" || head -n 1 <<<"$1") | cut -c 1-300; }
