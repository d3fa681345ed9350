# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the virtual environment at the path given, or says in one sentence what is missing. Runs on any Python 3."""

import sys

VERSION = "{}.{}".format(*sys.version_info[:2])


def main() -> None:
    """Make the environment, replacing one that is there."""
    if sys.version_info < (3, 11):  # noqa: UP036 - it is here to be told apart
        sys.exit(f"Python >= 3.11 is needed, and {sys.executable} is {VERSION}: try make PYTHON=python3.12")
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        sys.exit(
            f"{sys.executable} cannot make virtual environments, as it lacks ensurepip: on Debian or Ubuntu,"
            f" apt-get install python{VERSION}-venv"
        )
    venv.create(sys.argv[1], clear=True, symlinks=True, with_pip=True)


if __name__ == "__main__":
    main()
