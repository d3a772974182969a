#!/usr/bin/env bash
# Installs the packages without letting them create a cluster, start a service or leave a configuration.
# install.sh [older major] [Debian release that has it]
set -euo pipefail
older=${1:-} suite=${2:-}
export DEBIAN_FRONTEND=noninteractive

# The only cluster is the one on a pod's volume.
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
# Build machines have no init system that could start anything, and containers never should.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d
printf 'path-exclude=/usr/share/%s/*\n' doc info locale man >/etc/dpkg/dpkg.cfg.d/trim
echo 'path-include=/usr/share/doc/*/copyright' >>/etc/dpkg/dpkg.cfg.d/trim

apt-get update
apt-get install --yes --no-install-recommends \
  bash ca-certificates curl jq openssl pgbackrest postgresql-17 procps tini \
  prometheus-pgbackrest-exporter prometheus-postgres-exporter

if [[ -n $older ]]; then
  if [[ -n $suite ]]; then
    # Whatever both releases have, the newer one's is taken: its version is higher.
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
      if [[ -e $list ]]; then sed "s/\b$release\b/$suite/g" "$list" >"/etc/apt/sources.list.d/older.${list##*.}"; fi
    done
    apt-get update
  fi
  apt-get install --yes --no-install-recommends "postgresql-$older"
  rm -f /etc/apt/sources.list.d/older.*
fi

rm /usr/sbin/policy-rc.d
# The packaged file names a stanza and a repository that no pod has: every pod mounts its own.
rm -f /etc/pgbackrest.conf
mkdir -p /etc/pgbackrest/conf.d
# Those of the exporters' services.
rm -rf /etc/default/prometheus* /var/lib/prometheus
