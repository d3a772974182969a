#!/usr/bin/env bash
# Installs the exporters without letting them start a service, make users, or leave a configuration.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# Build machines have no init system that could start anything, and containers never should.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d
printf 'path-exclude=/usr/share/%s/*\n' doc info locale man >/etc/dpkg/dpkg.cfg.d/trim
echo 'path-include=/usr/share/doc/*/copyright' >>/etc/dpkg/dpkg.cfg.d/trim

apt-get update
apt-get install --yes --no-install-recommends \
  bash ca-certificates pgbackrest \
  prometheus-blackbox-exporter prometheus-pgbackrest-exporter prometheus-postgres-exporter prometheus-pushgateway

rm /usr/sbin/policy-rc.d
# The packaged file names a stanza and a repository that no pod has: every pod mounts its own.
rm -f /etc/pgbackrest.conf
mkdir -p /etc/pgbackrest/conf.d

# Perl is there for Debian's wrappers around PostgreSQL's programs and for adduser: no pod runs either.
for link in /usr/bin/*; do
  if [[ "$(readlink -f "$link")" == /usr/share/postgresql-common/pg_wrapper ]]; then rm "$link"; fi
done
rm -rf /usr/share/perl /usr/share/perl5 /usr/lib/*/perl /usr/lib/*/libperl.so*
rm -rf /usr/share/i18n /etc/postgresql /var/lib/postgresql /var/lib/prometheus /etc/default/prometheus*
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/cache/ldconfig/* /var/log/* /usr/share/doc/*/changelog*
