#!/usr/bin/env bash
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs galaxy-importer on the built tarball. Its status is true even when it found errors, so its log decides.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh .cache/importer
cd .cache/importer
unset PYTHONPATH
status=0
python -m galaxy_importer.main vpnops-mikrotik-*.tar.gz >importer.log 2>&1 || status=$?
if ((status)) || grep -E '^(ERROR|WARNING|CRITICAL)|Traceback' importer.log; then
    cat importer.log
    exit 1
fi
