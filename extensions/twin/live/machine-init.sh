# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# The first process of a machine that `machine.py` boots, once the files of its host are there. Its argument is the
# folder with the job: `places` (directories of the host to be seen through the fresh /tmp and /run), `kernel` (where its
# modules are), `modules` (to be loaded), `command` (a shell script). It leaves `out`, `err` and, as the last of all,
# `status` there.

folder=$1

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm /dev/net /dev/held
mount -t devpts -o mode=0620,ptmxmode=0666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm

# What is to be seen of /tmp and /run is held elsewhere until those are fresh.
number=0
mkdir -p /dev/held/kernel /dev/held/job
mount --bind "$(head -n 1 "$folder/kernel")" /dev/held/kernel
while read -r place; do
    number=$((number + 1))
    mkdir -p "/dev/held/$number"
    mount --bind "$place" "/dev/held/$number"
done <"$folder/places"
mount --bind "$folder" /dev/held/job
mount -t tmpfs -o mode=0755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /tmp
mkdir -p /run/lock /run/kernel "$folder"
mount --move /dev/held/job "$folder"
mount --move /dev/held/kernel /run/kernel
number=0
while read -r place; do
    number=$((number + 1))
    mkdir -p "$place"
    mount --move "/dev/held/$number" "$place"
done <"$folder/places"

# The kernel looks for its modules in /lib/modules, where a folder of a user's is not.
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/kernel "$@"\n' >/run/modprobe
chmod 0755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
# What an older or newer kernel has not as a module is built in, or will be missed by whoever needs it.
xargs /run/modprobe -a <"$folder/modules" 2>/dev/null
[ -e /dev/net/tun ] && chmod 0666 /dev/net/tun

echo machine >/proc/sys/kernel/hostname
ip link set lo up

echo begun >"$folder/begun"
sh "$folder/command" </dev/null >"$folder/out" 2>"$folder/err"
status=$?
sync
echo "$status" >"$folder/status"
sync
# Not `poweroff`: it belongs to a package that containers do without.
echo o >/proc/sysrq-trigger
while :; do :; done
