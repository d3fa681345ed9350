# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom, which code may touch the outside world, and how long functions and files may grow."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLLECTION = "ansible_collections.vpnops.mikrotik"
OURS = f"{COLLECTION}.plugins."
UTILS = f"{OURS}module_utils."

# Nothing here reads a clock, a file, a socket or a dice: same input, same output.
PURE = [
    *("__future__", "abc", "base64", "bisect", "collections", "contextlib", "copy", "dataclasses", "difflib", "enum"),
    *("fnmatch", "functools", "graphlib", "hashlib", "heapq", "ipaddress", "itertools", "json", "math", "operator"),
    *("re", "string", "textwrap", "types", "typing", "unicodedata"),
]
EFFECTS = {"open", "print", "input", "exec", "eval", "__import__", "breakpoint"}

STDLIB = sorted(sys.stdlib_module_names)
# Which imports a folder may use: the first pattern that fits a file counts. `x.*` means x or anything below it.
ALLOWED = {
    "plugins/module_utils/schema/*": [*PURE, f"{UTILS}schema.*"],
    # What the rules of a firewall mean, stated once; all that asks about rules asks there.
    "plugins/module_utils/firewall/*": [*PURE, f"{UTILS}schema.*", f"{UTILS}engine.entry.*", f"{UTILS}firewall.*"],
    "plugins/module_utils/engine/*": [*PURE, f"{UTILS}schema.*", f"{UTILS}engine.*", f"{UTILS}firewall.*"],
    "plugins/module_utils/patterns/*": [*PURE, f"{UTILS}schema.*", f"{UTILS}patterns.*"],
    "plugins/module_utils/device/*": [*STDLIB, "librouteros", f"{UTILS}schema.*", f"{UTILS}device.*"],
    # Where arguments, engine and device meet.
    "plugins/module_utils/*": [*STDLIB, "ansible", f"{UTILS}*"],
    "plugins/modules/*": ["__future__", "ansible.module_utils.basic", f"{UTILS}runner"],
    "plugins/action/*": [*STDLIB, "ansible", f"{UTILS}*", f"{OURS}action.config"],
    "plugins/connection/*": [*STDLIB, "ansible", f"{UTILS}device.*"],
    "plugins/filter/*": [*PURE, "ansible.errors", "ansible.module_utils.parsing.*", f"{UTILS}patterns.*"],
    "plugins/doc_fragments/*": ["__future__"],
    # An independent witness knows nothing of what it is to judge.
    "extensions/twin/live/*": [*STDLIB, "vici", "yaml"],
    "extensions/twin/*": [*STDLIB, "pytest", "cryptography"],
}
PURE_FOLDERS = ("schema", "firewall", "engine", "patterns")

LONGEST_FUNCTION = 30
LONGEST_FILE = 400


def files(*folders: str) -> list[Path]:
    return sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py"))


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imports(name: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of every import, wherever it stands; of relative ones within the collection as well."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (not node.level or name.startswith("plugins/")):
            stem = [COLLECTION, *name.split("/")][: -node.level] if node.level else []
            module = ".".join([*stem, *filter(None, [node.module])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def fits(imported: str, allowed: str) -> bool:
    stem = allowed.removesuffix(".*").removesuffix("*").removesuffix(".")
    return imported == stem or imported.startswith(f"{stem}.")


def allowed_for(name: str) -> list[str]:
    return next(allowed for pattern, allowed in ALLOWED.items() if fnmatch(name, pattern))


def strangers(name: str, source: str) -> list[str]:
    """The imports of a file that its layer may not have."""
    allowed = allowed_for(name)
    return [
        f"{name}:{line} imports {imported}"
        for line, imported in imports(name, ast.parse(source))
        if not any(fits(imported, pattern) for pattern in allowed)
    ]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def long_functions(name: str, source: str) -> list[str]:
    """Functions longer than the house allows, counted from `def` to their last line."""
    lengths = ((node, (node.end_lineno or node.lineno) - node.lineno + 1) for node in functions(ast.parse(source)))
    return [f"{name}:{node.lineno} {node.name}: {lines} lines" for node, lines in lengths if lines > LONGEST_FUNCTION]


@pytest.mark.parametrize("file", files("plugins", "extensions/twin"), ids=name_of)
def test_a_file_imports_only_what_its_layer_may(file: Path) -> None:
    assert strangers(name_of(file), file.read_text()) == []


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("plugins/module_utils/schema/x.py", "import yaml"),
        ("plugins/module_utils/schema/x.py", f"from {UTILS}engine.plan import plan"),
        ("plugins/module_utils/firewall/x.py", f"from {UTILS}engine.plan import plan"),
        ("plugins/module_utils/firewall/findings/x.py", "from ...engine.plan import plan"),
        ("plugins/module_utils/firewall/x.py", "from ..engine import plan"),
        ("plugins/module_utils/engine/x.py", "import socket"),
        ("plugins/module_utils/engine/x.py", "def late():\n    import time"),
        ("plugins/module_utils/engine/x.py", f"from {UTILS}device.session import Session"),
        ("plugins/module_utils/engine/x.py", f"from {UTILS}device import session"),
        ("plugins/module_utils/patterns/x.py", f"from {UTILS}engine.plan import plan"),
        ("plugins/module_utils/patterns/x.py", "from random import random"),
        ("plugins/module_utils/device/x.py", f"from {UTILS}engine.changes import Add"),
        ("plugins/module_utils/runner.py", "import twin"),
        ("plugins/modules/x.py", f"from {UTILS}schema.model import Menu"),
        ("plugins/action/x.py", "from twin import Server"),
        ("extensions/twin/menus/x.py", f"from {UTILS}schema.menus import MENUS"),
    ],
)
def test_a_forbidden_import_is_noticed(name: str, line: str) -> None:
    assert len(strangers(name, line)) == 1


@pytest.mark.parametrize("file", files(*(f"plugins/module_utils/{folder}" for folder in PURE_FOLDERS)), ids=name_of)
def test_deciding_code_touches_nothing_outside(file: Path) -> None:
    called = (node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    assert [node.id for node in called if isinstance(node, ast.Name) and node.id in EFFECTS] == []


@pytest.mark.parametrize("file", files("plugins", "extensions", "tools", "tests"), ids=name_of)
def test_functions_are_short(file: Path) -> None:
    assert long_functions(name_of(file), file.read_text()) == []


def test_a_long_function_is_noticed() -> None:
    body = "    pass\n" * LONGEST_FUNCTION
    assert long_functions("x.py", f"def f():\n{body}") == [f"x.py:1 f: {LONGEST_FUNCTION + 1} lines"]


@pytest.mark.parametrize(
    "file",
    # A module is mostly the documentation that ansible-doc shows.
    [file for file in files("plugins", "extensions", "tools", "tests") if file.parent.name != "modules"],
    ids=name_of,
)
def test_files_are_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= LONGEST_FILE
