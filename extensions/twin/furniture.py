# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in a router before anybody configures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import Row, Values
from .verbs.writing import create, fill_defaults, put

if TYPE_CHECKING:
    from .router import Router
    from .table import Table


def furnish(router: Router, identity: str, ethernets: int) -> None:
    """Built-in entries of every menu, the interfaces, the package and the user admin without password."""
    for table in router.tables.values():
        if table.menu.singleton:
            _singleton(router, table)
        for id_, given in table.menu.rows_at_start:
            _builtin(router, table, id_, dict(given))
    router.tables["/system/identity"].rows[0].values["name"] = identity
    _interfaces(router, ethernets)
    version = {"name": "routeros", "version": router.persona.version, "build-time": "2026-01-01 00:00:00"}
    create(router, router.tables["/system/package"], {**version, "scheduled": ""})
    create(router, router.tables["/user"], {"name": "admin", "group": "*3", "password": ""})


def _singleton(router: Router, table: Table) -> None:
    row = Row("*0", {})
    values: Values = {}
    fill_defaults(router, table, values)
    table.store(row, values)
    table.insert(row)


def _builtin(router: Router, table: Table, id_: str, given: Values) -> None:
    values: Values = {}
    for name, value in given.items():
        field = table.fields[name]
        if field.read_only:
            values[name] = value
        else:
            put(router, table, values, name, value)
    fill_defaults(router, table, values)
    row = Row(id_, {}, builtin=True)
    table.store(row, values)
    table.insert(row)
    router.behaviours[table.menu.path].placed(row, False)


def _interfaces(router: Router, ethernets: int) -> None:
    table = router.tables["/interface"]
    for number in range(1, ethernets + 1):
        mac = f"02:00:00:00:00:{number:02X}"
        values = {"name": f"ether{number}", "default-name": f"ether{number}", "type": "ether", "mac-address": mac}
        create(router, table, dict(values))
        create(router, router.tables["/interface/ethernet"], {name: values[name] for name in values if name != "type"})
    if router.persona.since("7.14"):
        # 7.14 brought an interface `lo`; the values it prints are unverified.
        create(router, table, {"name": "lo", "type": "loopback", "mtu": "65536", "mac-address": "00:00:00:00:00:00"})
