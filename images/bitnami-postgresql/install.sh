#!/usr/bin/env bash
# Adds what the archiver, the sidecar and the backup jobs run, and the name by which they log in.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

# Peer authentication knows a process by the name of its user, so 1001 is called postgres. Some of Bitnami's images give
# that name to another number.
if getent passwd postgres >/dev/null; then
  usermod --uid 1001 postgres
else
  useradd --uid 1001 --gid 0 --no-create-home --home-dir / --shell /usr/sbin/nologin postgres
fi
# The packages refuse a postgres whose group is root, …
getent group postgres >/dev/null || groupadd --gid 1001 postgres
usermod --gid postgres postgres

apt-get update
apt-get install --yes --no-install-recommends bash ca-certificates curl jq openssl tini
# PostgreSQL 17 needs pgBackRest 2.52; Debian 12 has 2.45. Tried on Debian 13, where what Debian has is enough; the
# other branch has never been run.
candidate=$(apt-cache policy pgbackrest | awk '$1 == "Candidate:" { print $2 }')
if [[ $candidate == '(none)' ]] || dpkg --compare-versions "$candidate" lt 2.52; then
  codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
  curl --fail --silent --show-error --location --output /usr/share/keyrings/pgdg.asc \
    https://www.postgresql.org/media/keys/ACCC4CF8.asc
  echo "deb [signed-by=/usr/share/keyrings/pgdg.asc] https://apt.postgresql.org/pub/repos/apt $codename-pgdg main" \
    >/etc/apt/sources.list.d/pgdg.list
  apt-get update
fi
apt-get install --yes --no-install-recommends pgbackrest

# … while what Bitnami's scripts write outside of volumes belongs to that group.
usermod --gid 0 --groups '' postgres
# The packaged file names a stanza and a repository that no pod has: every pod mounts its own.
rm -f /etc/pgbackrest.conf
mkdir -p /etc/pgbackrest
# Some of Bitnami's images have a pgBackRest of their own, first in the path.
ln -sf /usr/bin/pgbackrest /opt/bitnami/postgresql/bin/pgbackrest
pgbackrest version

apt-get clean
rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log
