#!/bin/sh
# Gives the node its own view of the file system, then holds it until it is killed.
# Run by `unshare --mount`: with the last process in here, every mount below disappears by itself, and what
# kubelet and containerd take for /var/lib, /var/log and /run was never the machine's.
#
# usage: node-mounts.sh <node's folder> <cache folder>
set -eu
node=$1
cache=$2

# -n, because the list of mounts that `mount` would keep lies in the /run that is being covered.
# Unmounts on the machine still arrive here, so that nothing of it is kept busy; nothing goes back.
mount -n --make-rslave /

mkdir -p "$node/lib/cni/net.d" "$node/lib/kubelet" "$node/lib/containerd" "$node/lib/volumes" "$node/log" "$node/run"
mount -n -t tmpfs -o mode=0755 run "$node/run"
mkdir "$node/run/cache"
mount -n --bind "$cache" "$node/run/cache"
mount -n --move "$node/run" /run
# From here on the cache is reached through its copy: the next mounts may cover the place it came from.
inside="/run/cache${node#"$cache"}"
mount -n --bind "$inside/lib" /var/lib
mount -n --bind "$inside/log" /var/log
if [ ! -e "$node/lib" ]; then
  mkdir -p "$cache"
  mount -n --bind /run/cache "$cache"
fi

# Mounts that kubelet makes for a pod have to show up in containers that ask for it.
mount -n --make-rshared /
touch /var/lib/node-mounted
exec sleep infinity
