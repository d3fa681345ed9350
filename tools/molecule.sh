#!/usr/bin/env bash
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs every molecule scenario on rehearsal routers; arguments go to molecule.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export ANSIBLE_COLLECTIONS_PATH=$root/.collections PYTHONPATH=$root/extensions
export MOLECULE_EPHEMERAL_DIRECTORY=$root/.cache/molecule

molecule test --all --report "$@" </dev/null
