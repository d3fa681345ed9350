#!/usr/bin/env bash
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs `ansible-test sanity` for the running Python, without containers and without an ignore file.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
copy=$root/.cache/ansible_collections/vpnops/mikrotik
home=$root/.cache/sanity-home
version=$(python -c 'import sys; print("{}.{}".format(*sys.version_info))')

# ansible-test wants a real folder below ansible_collections, so it gets a copy.
python tools/export.py "$copy" --new
if compgen -G "$copy/tests/sanity/ignore*" >/dev/null; then
    echo "tests/sanity/ignore*: this collection has no ignore file" >&2
    exit 1
fi

# In a checkout it asks git for the files, and ours would say that it ignores all of them.
git init --quiet "$copy"

# Its virtual environments want a pip script from a site that need not be reachable: pip comes with Python, too.
# They live in a home of their own, so nothing is left in the user's, and pip's settings follow them there.
mkdir -p "$home/.ansible/test/cache" "$home/.config/pip"
python tools/pip_for_sanity.py "$home"
trap 'rm -rf "$home/.config"' EXIT

# A pyenv shim answers for Pythons that are not selected, and then fails.
path=$(tr ':' '\n' <<<"$PATH" | grep -v '/shims$' | paste -sd ':')

cd "$copy"
unset PYTHONPATH ANSIBLE_COLLECTIONS_PATH
status=0
HOME=$home PATH=$path ansible-test sanity --local --color no --python "$version" "$@" </dev/null >sanity.log 2>&1 || status=$?
# Nothing to look at counts as well done for it, but not for us.
if ((status)) || grep 'All targets skipped' sanity.log; then
    cat sanity.log
    exit 1
fi
