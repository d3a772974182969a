#!/bin/sh
# Runs a command in an unpacked image as a pod would: on a copy that is thrown away, as the image's user.
# Run by `unshare --mount --pid`: with the command's end everything mounted here disappears by itself.
#
# usage: enter-rootfs.sh <root file system> <empty folder> <user:group> <ro|rw> <directory> [mount...] -- command...
# mounts: tmpfs:<target>:<mode> and bind:<ro|rw>:<source>:<target>
set -eu
lower=$1
scratch=$2
user=$3
access=$4
directory=$5
shift 5

mount -n -t tmpfs -o mode=0755 scratch "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
root=$scratch/root
mount -n -t overlay -o "lowerdir=$lower,upperdir=$scratch/upper,workdir=$scratch/work" root "$root"
mkdir -p "$root/proc" "$root/dev" "$root/tmp"
mount -n -t proc proc "$root/proc"
mount -n -t tmpfs -o mode=0755 dev "$root/dev"
for device in null zero full random urandom; do
  : >"$root/dev/$device"
  mount -n --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/shm"
mount -n -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

while [ "$1" != -- ]; do
  kind=${1%%:*}
  rest=${1#*:}
  shift
  case $kind in
    tmpfs)
      mkdir -p "$root${rest%:*}"
      mount -n -t tmpfs -o "mode=${rest##*:}" tmpfs "$root${rest%:*}"
      ;;
    bind)
      mode=${rest%%:*}
      rest=${rest#*:}
      source=${rest%%:*}
      target=$root${rest#*:}
      if [ -d "$source" ]; then
        mkdir -p "$target"
      else
        mkdir -p "${target%/*}"
        [ -e "$target" ] || : >"$target"
      fi
      mount -n --bind "$source" "$target"
      [ "$mode" = rw ] || mount -n -o remount,bind,ro "$target"
      ;;
  esac
done
shift

[ "$access" = rw ] || mount -n -o remount,bind,ro "$root"
# This shell stays: it is the first process of its process namespace, and dies with the one that runs it, which a
# process that has changed its user would not do.
# Not by `cd` here: the folder is the image's.
# shellcheck disable=SC2016 # the shell inside expands it
chroot --userspec="$user" --groups= "$root" /bin/sh -c 'cd "$1" && shift && exec "$@"' sh "$directory" "$@"
