# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# The first process of a user-mode-linux that `uml.py` boots. Its argument is the folder with the job:
# `places` (directories of the host to be seen through the fresh /tmp and /run), `modules` (to be loaded),
# `command` (a shell script). It leaves `out`, `err` and, as the last of all, `status` there.

folder=$1

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /dev/pts /dev/shm /dev/net
mount -t devpts -o mode=0620,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mkdir -p /run/lock "$folder"
mount -t hostfs -o "$folder" hostfs "$folder"
while read -r place; do
    mkdir -p "$place"
    mount -t hostfs -o "$place" hostfs "$place"
done <"$folder/places"

# The kernel looks for its modules in /lib/modules, where the package does not put them and not everyone may.
mkdir -p /run/kmod/lib
ln -s /usr/lib/uml/modules /run/kmod/lib/modules
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/kmod "$@"\n' >/run/kmod/modprobe
chmod 0755 /run/kmod/modprobe
echo /run/kmod/modprobe >/proc/sys/kernel/modprobe
# What an older or newer kernel has not as a module is built in, or will be missed by whoever needs it.
xargs /run/kmod/modprobe -a <"$folder/modules"
[ -e /dev/net/tun ] && chmod 0666 /dev/net/tun

# What is written to the host's files shall get there soon: somebody may be watching.
echo 20 >/proc/sys/vm/dirty_writeback_centisecs
echo 20 >/proc/sys/vm/dirty_expire_centisecs
echo uml >/proc/sys/kernel/hostname
ip link set lo up

echo begun >"$folder/begun"
sh "$folder/command" </dev/null >"$folder/out" 2>"$folder/err"
status=$?
sync
echo "$status" >"$folder/status"
sync
# Not `poweroff`: it belongs to a package that containers do without.
echo o >/proc/sysrq-trigger
sleep 60
