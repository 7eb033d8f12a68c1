#!/usr/bin/env bash
# Runs a command in an image-like root: overlay.sh LOWER UPPER FOLDER [--read-only] [--bind FROM TO]... -- COMMAND...
# LOWER is a list of folders separated by colons, UPPER takes the changes. Runs under `unshare --mount`, so that nothing is
# left mounted. With --read-only there is nowhere to write but the binds and /tmp.
set -euo pipefail
lower=$1 upper=$2 folder=$3
shift 3
root=$folder/root
mkdir -p "$upper" "$folder/work" "$root"
mount --make-rprivate /
if [ "${1:-}" = --read-only ]; then
  shift
  mount -t overlay overlay -o "lowerdir=$upper:$lower" "$root"
else
  mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$folder/work" "$root"
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while [ "$1" = --bind ]; do
  if [ -d "$2" ]; then mkdir -p "$root$3"; fi
  mount --bind "$2" "$root$3"
  shift 3
done
shift
exec chroot "$root" "$@"
