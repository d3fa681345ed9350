# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demos have in common: the example inventory, run against rehearsal routers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs" / "example"
SECRETS = yaml.safe_load((EXAMPLE / "group_vars" / "routers" / "secrets.yml").read_text())


def heading(text: str) -> None:
    """Set the parts of the output apart."""
    print(f"\n\033[1m=== {text}\033[0m" if sys.stdout.isatty() else f"\n=== {text}", flush=True)


def join(inventory: Path, *arguments: str) -> tuple[int, str]:
    """Run the playbook that joins sites, with an inventory on top of the example's; gives its status and output."""
    command = ["ansible-playbook", "-i", str(EXAMPLE / "inventory.yml"), "-i", str(inventory), *arguments]
    environment = {
        **os.environ,
        "ANSIBLE_FORCE_COLOR": "1" if sys.stdout.isatty() else "0",
        "ANSIBLE_HOME": ".cache/demo/home",
    }
    command.append("vpnops.mikrotik.site_to_site")
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, env=environment)
    print(done.stdout, flush=True)
    return done.returncode, done.stdout
