# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/console/inspect`: the tree as the console describes it; child, syntax and completion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..command import Command, Reply
from ..errors import no_match, no_such_prefix
from ..model import Field
from ..signature import commands

if TYPE_CHECKING:
    from ..router import Router

Answer = list[dict[str, str]]


def inspect(router: Router, command: Command) -> list[Reply]:
    """One `!re` per child, argument or completion of the comma separated path."""
    parts = [part for part in (command.get("path") or "").split(",") if part]
    request = command.get("request")
    if request == "child":
        rows = _children(router, parts)
    elif request == "syntax":
        rows = _syntax(router, parts)
    elif request == "completion":
        rows = _completion(router, parts)
    elif request == "highlight":
        rows = []
    else:
        raise no_match("request")
    return [*(Reply("!re", row) for row in rows), Reply("!done")]


def _split(router: Router, parts: list[str]) -> tuple[str, list[str]]:
    """The deepest folder of the path and what is left of it."""
    for length in range(len(parts), -1, -1):
        path = "".join(f"/{part}" for part in parts[:length])
        if path in router.prefixes:
            return path, parts[length:]
    raise no_such_prefix()


def _children(router: Router, parts: list[str]) -> Answer:
    path, rest = _split(router, parts)
    table = router.tables.get(path)
    known = commands(table.menu, router.persona) if table else {}
    if not rest:
        folders = sorted({prefix[len(path) + 1 :].split("/")[0] for prefix in _below(router, path)})
        return [_child(name, "dir") for name in folders] + [_child(name, "cmd") for name in sorted(known)]
    if len(rest) == 1 and rest[0] in known:
        return [_child(name, "arg") for name in sorted(known[rest[0]])]
    return []


def _below(router: Router, path: str) -> list[str]:
    return [prefix for prefix in router.prefixes if prefix.startswith(f"{path}/")]


def _child(name: str, kind: str) -> dict[str, str]:
    return {"type": "child", "name": name, "node-type": kind}


def _field(router: Router, parts: list[str]) -> Field | None:
    path, rest = _split(router, parts)
    table = router.tables.get(path)
    return table.fields.get(rest[1]) if table and len(rest) == 2 else None


def _syntax(router: Router, parts: list[str]) -> Answer:
    field = _field(router, parts)
    if field is None or not field.kind.help:
        return []
    text = {"symbol": "", "symbol-type": "explanation", "nested": "0", "nonorm": "false", "text": field.kind.help}
    return [{"type": "syntax", **text}]


def _completion(router: Router, parts: list[str]) -> Answer:
    field = _field(router, parts)
    if field is None:
        return []
    words = list(field.kind.words)
    if field.refers is not None:
        table = router.tables.get(field.refers.menu)
        words = [*field.refers.keywords, *(row.values.get("name", "") for row in table or ())]
    return [
        {"type": "completion", "completion": word, "style": "none", "offset": "0", "preference": "96", "show": "true"}
        for word in words
    ]
