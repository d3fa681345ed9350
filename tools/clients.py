# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unpacks community.routeros out of the `ansible` package to the folder given; the twin is tested with it.

The package holds some ninety collections and 400 MB; installing it for the sake of one is not worth the wait.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

WANTED = "ansible_collections/community/routeros/"


def unpack(wheel: Path, destination: Path) -> None:
    """Extract the wanted collection only."""
    with ZipFile(wheel) as archive:
        archive.extractall(destination, [name for name in archive.namelist() if name.startswith(WANTED)])


def main() -> None:
    """Download with pip, so that its settings hold, and unpack."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run([*pip, "--dest", folder, "ansible >= 12"], check=False).returncode:
            sys.exit("pip could not download the package `ansible`, which brings community.routeros for the tests")
        (wheel,) = Path(folder).glob("ansible-*.whl")
        unpack(wheel, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
