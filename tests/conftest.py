# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes plain `pytest` work in a fresh clone: the collection is importable, and Ansible finds it."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from hypothesis import settings

pytest_plugins = ("twin.pytest_plugin",)

ROOT = Path(__file__).parents[1]
TREE = ROOT / ".collections"
CLIENTS = ROOT / ".cache" / "clients"


# The same examples each time, so that whoever changes nothing breaks nothing; HYPOTHESIS_PROFILE=search finds new ones.
# No deadlines: how fast a test is says more about the machine.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


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
