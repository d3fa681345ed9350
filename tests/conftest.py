# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes plain `pytest` work in a fresh clone: the collection is importable, and Ansible finds it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

pytest_plugins = ("twin.pytest_plugin",)

ROOT = Path(__file__).parents[1]
TREE = ROOT / ".collections"
CLIENTS = ROOT / ".cache" / "clients"


def plant() -> None:
    """Lead ansible_collections/vpnops/mikrotik back to this checkout."""
    link = TREE / "ansible_collections" / "vpnops" / "mikrotik"
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.symlink_to("../../..")
    except FileExistsError:
        return
    # pytest has put the tree on the path before it was there.
    importlib.invalidate_caches()


plant()
os.environ["ANSIBLE_COLLECTIONS_PATH"] = f"{TREE}:{CLIENTS}"
os.environ.pop("ANSIBLE_CONFIG", None)
