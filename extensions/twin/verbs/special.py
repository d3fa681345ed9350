# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that exist in a few menus only."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..actor import Actor
from ..command import Command, Reply
from ..errors import missing, no_match
from ..references import resolve
from ..table import Table
from ..values.basic import number
from . import certificates
from .ping import ping
from .writing import DONE, create

if TYPE_CHECKING:
    from ..router import Router

_COUNT = number(1, 100)

Verb = Callable[["Router", Table, Command, Actor], list[Reply]]


def generate_key(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """An RSA key entry; no key material is made."""
    size = command.get("key-size") or "2048"
    if size not in ("2048", "4096", "8192"):
        raise no_match("key-size")
    name = command.get("name")
    if not name:
        raise missing("name")
    create(router, table, {"name": name, "key-size": size, "private-key": "true", "rsa": "true"})
    return DONE


def generate(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """A batch of one-time keys for one peer."""
    peer = resolve(router.tables, table.fields["peer"], command.get("peer") or "")
    for _dummy in range(int(_COUNT.canon("count", command.get("count") or "1"))):
        create(router, table, {"peer": peer, "id": secrets.token_hex(16), "key": secrets.token_hex(64)})
    return DONE


def flush(router: Router, table: Table, _command: Command, _actor: Actor) -> list[Reply]:
    """Drop every row, as installed-sa/flush and active-peers/kill-connections do."""
    for row in list(table.rows):
        table.discard(row)
        router.behaviours[table.menu.path].dropped(row)
        router.removed(table, row.id)
    return DONE


def reset_counters(router: Router, table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """Counters grow where there is something that moves packets, and only there."""
    named = command.get("numbers") or command.get(".id")
    router.plane.reset_counters(table, table.each(named) if named else list(table.rows))
    return DONE


def log(router: Router, _table: Table, command: Command, _actor: Actor) -> list[Reply]:
    router.note(f"script,{command.verb}", command.get("message") or "")
    return DONE


VERBS: dict[str, Verb] = {
    "generate-key": generate_key,
    "generate": generate,
    "flush": flush,
    "kill-connections": flush,
    "ping": ping,
    "sign": certificates.sign,
    "issued-revoke": certificates.revoke,
    "import": certificates.import_,
    "export-certificate": certificates.export,
    "reset-counters": reset_counters,
    "reset-counters-all": reset_counters,
    **dict.fromkeys(("debug", "error", "info", "warning"), log),
}
