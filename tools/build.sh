#!/usr/bin/env bash
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the collection's tarball from the tracked files into the folder given, and nothing else is left there.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1

rm -rf "$out"
mkdir -p "$out" .cache
python tools/export.py .cache/export
ansible-galaxy collection build .cache/export --output-path "$out" --force >"$out/build.log" || { cat "$out/build.log"; exit 1; }
rm -r "$out/build.log" .cache/export
echo "built $(ls "$out"/*.tar.gz)"
