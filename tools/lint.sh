#!/usr/bin/env bash
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs every linter, shows its findings under a heading, and fails at the end when one of them failed.
set -uo pipefail
cd "$(dirname "$0")/.."
export ANSIBLE_COLLECTIONS_PATH=$PWD/.collections PYTHONPATH=$PWD/.collections:$PWD/extensions
failed=()

check() {
    local name=$1 started=$SECONDS
    shift
    printf '\n== %s\n' "$name"
    if "$@"; then
        printf 'ok, %s s\n' $((SECONDS - started))
    else
        failed+=("$name")
    fi
}

types() {
    mypy -p ansible_collections.vpnops.mikrotik.plugins -p twin && mypy tools/*.py && mypy -p tools.failover
}

ansible_lint() {
    ansible-lint --profile production --strict --offline
}

changelog() {
    antsibull-changelog lint
}

docs_lint() {
    antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self .
}

check "ruff: rules" ruff check .
check "ruff: format" ruff format --check .
check "mypy --strict" types
check "module documentation follows the schema" python tools/sync_docs.py --check
check "antsibull-changelog" changelog
check "antsibull-docs" docs_lint
check "ansible-lint, profile production" ansible_lint
check "galaxy-importer on the tarball" tools/importer.sh
check "ansible-test sanity" tools/sanity.sh

if ((${#failed[@]})); then
    printf '\nfailed:\n'
    printf '  %s\n' "${failed[@]}"
    exit 1
fi
printf '\nall linters are content\n'
