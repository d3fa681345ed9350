# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepares the home folder given so that ansible-test can install packages there as pip does elsewhere.

ansible-test fetches its pip installer from one fixed site and drops PIP_* from the environment; package indexes that
are configured there would be lost.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

INSTALLER = """\
import subprocess
import sys

# In a process of its own: it turns pip's settings off for the process it runs in.
subprocess.check_call([sys.executable, "-m", "ensurepip"])
wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
if wanted:
    subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *wanted])
"""


def pip_versions() -> set[str]:
    """The versions of pip that this ansible-test would ask for."""
    spec = find_spec("ansible_test")
    if spec is None or spec.submodule_search_locations is None:
        sys.exit("ansible-test is not installed beside this Python")
    source = Path(spec.submodule_search_locations[0]) / "_internal" / "python_requirements.py"
    return set(re.findall(r"""pip=['"]([\d.]+)['"]""", source.read_text()))


def pip_settings() -> str:
    """All settings of pip, from files and environment, as one configuration file."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    settings = {}
    for line in lines:
        name, _dummy, value = line.partition("=")
        section, _dummy, key = name.rpartition(".")
        if section in ("global", "install", ":env:"):
            settings[key] = value.strip("'\"").replace("\\n", "\n    ")
    return "[global]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def main() -> None:
    """Write the installer where ansible-test looks for a cached one, and pip's settings beside it."""
    home = Path(sys.argv[1])
    for version in pip_versions():
        (home / ".ansible/test/cache" / f"get_pip_{version.replace('.', '_')}.py").write_text(INSTALLER)
    config = home / ".config/pip/pip.conf"
    # An index may be named with a password.
    config.touch(mode=0o600)
    config.write_text(pip_settings())


if __name__ == "__main__":
    main()
