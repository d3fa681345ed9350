#!/usr/bin/env bash
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the reference of all plugins and roles as HTML, offline.
set -euo pipefail
cd "$(dirname "$0")/.."
export ANSIBLE_COLLECTIONS_PATH=$PWD/.collections
rm -rf .cache/docs
mkdir -p .cache/docs
antsibull-docs sphinx-init --use-current --squash-hierarchy --lenient --dest-dir .cache/docs vpnops.mikrotik
.cache/docs/build.sh
echo "open .cache/docs/build/html/index.html"
