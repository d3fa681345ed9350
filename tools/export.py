# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies the checkout's tracked files, as they are now, to an empty folder; `--new` takes along what is not yet added.

A used checkout holds caches and environments that neither a tarball nor ansible-test may see.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def listed(*flags: str) -> list[Path]:
    """Files that git names, relative to the root; those deleted since are left out."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", *flags]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in names.split("\0") if name and (ROOT / name).is_file()]


def export(destination: Path, *flags: str) -> int:
    """Replace the destination by a copy of the files; returns their number."""
    shutil.rmtree(destination, ignore_errors=True)
    files = listed(*flags)
    for name in files:
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, destination / name, follow_symlinks=False)
    return len(files)


def main() -> None:
    """Export to the folder given."""
    flags = ["--cached", "--others", "--exclude-standard"] if "--new" in sys.argv[2:] else ["--cached"]
    try:
        export(Path(sys.argv[1]), *flags)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"cannot list the files of {ROOT}; is it a git clone, and is git installed? ({error})")


if __name__ == "__main__":
    main()
