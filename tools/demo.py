# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins two rehearsal routers by IPsec with the example inventory, again, and shows what then stands on each of them.

The routers are read back with librouteros, not with the collection that configured them.
"""

from __future__ import annotations

import re
import ssl
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import librouteros
from example import SECRETS, heading, join
from rehearsal import Router, rehearsal

RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=0\s+failed=0", re.MULTILINE)

# Menus to show and the columns that say most about them.
MENUS = {
    "ip/ipsec/profile": ("name", "enc-algorithm", "hash-algorithm", "dh-group", "lifetime"),
    "ip/ipsec/proposal": ("name", "enc-algorithms", "auth-algorithms", "pfs-group", "lifetime"),
    "ip/ipsec/peer": ("name", "address", "exchange-mode", "profile"),
    "ip/ipsec/identity": ("peer", "auth-method", "secret"),
    "ip/ipsec/policy": ("peer", "src-address", "dst-address", "tunnel", "level", "proposal"),
    "ip/firewall/address-list": ("list", "address", "comment"),
    "ip/firewall/nat": ("chain", "action", "comment"),
    "ip/firewall/filter": ("chain", "action", "comment"),
}
ROUTERS = {
    "hq": Router("7.22.3", SECRETS["router_password"], ("198.51.100.7/24", "192.168.10.1/24")),
    "branch": Router("7.16.2", SECRETS["router_password"], ("203.0.113.50/24", "192.168.20.1/24")),
}


def play(inventory: Path) -> dict[str, int]:
    """Run the playbook; gives the number of changes per router, and ends the demo if anything went wrong."""
    # These routers move no packets, so no tunnel ever stands on them; `make demo-live` has some that do.
    status, output = join(inventory, "-e", "site_to_site_verify=false")
    changes = {name: int(count) for name, count in RECAP.findall(re.sub(r"\033\[[\d;]*m", "", output))}
    if status or changes.keys() != ROUTERS.keys():
        sys.exit("the playbook failed")
    return changes


@contextmanager
def reading(found: dict[str, Any]) -> Iterator[Any]:
    """A client of one router, over TLS."""
    context = ssl.create_default_context(cafile=found["ca_file"])
    api = librouteros.connect(
        found["host"],
        "ansible",
        SECRETS["router_password"],
        port=found["tls_port"],
        ssl_wrapper=lambda sock: context.wrap_socket(sock, server_hostname=found["host"]),
    )
    try:
        yield api
    finally:
        api.close()


def spelled(value: object) -> str:
    """A value as the router has it; librouteros makes a bool of `true`."""
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows with their columns aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def show(name: str, found: dict[str, Any]) -> None:
    """Print what stands on one router, menu by menu, rules in their order."""
    heading(f"What stands on {name} (RouterOS {found['version']})")
    with reading(found) as api:
        for menu, columns in MENUS.items():
            print(f"\n/{menu.replace('/', ' ')}")
            rows = [[spelled(row.get(column, "")) for column in columns] for row in api.path(*menu.split("/"))]
            if "secret" in columns:
                at = columns.index("secret")
                rows = [[*row[:at], "(set)" if row[at] else "", *row[at + 1 :]] for row in rows]
            table([columns, *rows])


def main() -> None:
    """The whole demonstration; ends with a false status when something is not as it should be."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vpnops-demo-")))
        heading("Two rehearsal routers start, with the factory firewall")
        routers = stack.enter_context(rehearsal(ROUTERS, folder))
        for name, found in routers.items():
            print(f"  {name}: RouterOS {found['version']}, api-ssl on {found['host']}:{found['tls_port']}")
        heading("ansible-playbook joins the sites")
        first = play(folder / "inventory.yml")
        heading("The same again: nothing is to change")
        second = play(folder / "inventory.yml")
        for name, found in routers.items():
            show(name, found)
        heading(f"Changed tasks, first run: {first}; second run: {second}")
        if not all(first.values()) or any(second.values()):
            sys.exit("the first run should change both routers, and the second none")


if __name__ == "__main__":
    main()
