# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for the collection as a whole: licence headers, every module announced, every role as its page tells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
HEADER = """\
# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
RUNTIME = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
ROLES = sorted((ROOT / "roles").iterdir())
MODULES = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py"))


def code() -> list[Path]:
    folders = ("plugins", "extensions", "tools", "tests", "roles", "playbooks", "meta", "docs")
    found = [
        file for folder in folders for suffix in ("py", "sh", "yml") for file in (ROOT / folder).rglob(f"*.{suffix}")
    ]
    return sorted([*found, ROOT / ".ci" / "run", ROOT / "galaxy.yml"])


@pytest.mark.parametrize("file", code(), ids=lambda file: file.relative_to(ROOT).as_posix())
def test_code_begins_with_the_licence(file: Path) -> None:
    text = file.read_text()
    without_shebang = text.partition("\n")[2] if text.startswith(("#!", "---")) else text
    assert without_shebang.startswith(HEADER)


def test_every_module_takes_defaults_from_the_action_group() -> None:
    assert RUNTIME["action_groups"]["routeros"] == MODULES


def test_every_module_runs_in_the_worker() -> None:
    # A redirect in meta/runtime.yml would do as well, but documentation tools take it for an alias of the module.
    assert sorted(file.stem for file in (ROOT / "plugins" / "action").glob("*.py")) == MODULES


def names(options: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Options and those within them."""
    for name, option in options.items():
        yield name
        # What another module takes is told there.
        if not name.endswith("_verify_ping"):
            yield from names(option.get("options", {}))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_page_of_a_role_names_every_option_and_the_front_page_the_role(role: Path) -> None:
    options = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    told = "".join(re.findall(r"^\|.*", (role / "README.md").read_text(), re.MULTILINE))
    assert [name for name in names(options) if f"`{name}`" not in told] == []
    assert f"[`{role.name}`](roles/{role.name}/README.md)" in (ROOT / "README.md").read_text()


def test_there_is_no_sanity_ignore_file() -> None:
    assert list((ROOT / "tests").glob("sanity/ignore*")) == []
