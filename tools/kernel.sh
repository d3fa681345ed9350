#!/usr/bin/env bash
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Unpacks Debian's kernel and a static busybox into a folder, for machines that `twin.live.machine` emulates. Nothing is
# installed, and no root is needed.
set -euo pipefail
mkdir -p "$1"
target=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ {print $2}')
apt-get download -q "$image" busybox-static
rm -rf "$target/boot" "$target/lib" "$target/bin"
for package in ./*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$target" --exclude ./usr/share --no-same-owner
done
release=$(basename "$target"/boot/vmlinuz-*)
PATH=$PATH:/sbin:/usr/sbin depmod -b "$target" "${release#vmlinuz-}"
