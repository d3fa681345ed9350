# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbook `rehearse.yml` needs done: twins of the routers it has read, and variables that lead to them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cli.record import Record, inventory, variables, write
from ..needs import makes
from .drawing import Drawing, draw, flows, places
from .flows import Flow


@dataclass(frozen=True)
class Prepared:
    """A rehearsal that can begin."""

    drawing: Drawing
    flows: list[Flow]

    def write(self, folder: Path, begun: Record) -> None:
        """Flows to try, what to apply to the twins, and the variables that lead to them, as files of the folder."""
        found = inventory(self.drawing.plan, begun.routers)["all"]["hosts"]
        twins = {name: found[node] for name, node in self.drawing.nodes.items()}
        files = {"flows": [each.asked() for each in self.flows], "configs": self.drawing.configs, "twins": twins}
        for name, content in {**files, "vars": variables(twins)}.items():
            write(folder / f"{name}.json", json.dumps(content) + "\n")

    def told(self) -> dict[str, Any]:
        """What people should know of the lab."""
        networks = [
            {"network": str(each.own.network), "router": each.router, "host": str(each.host)}
            for each in self.drawing.networks
        ]
        return {"routers": [*self.drawing.nodes], "networks": networks, "notes": self.drawing.notes}


def prepare(survey: Mapping[str, Any]) -> Prepared:
    """A lab for what was read off routers; raises ValueError with a sentence for what cannot be rehearsed."""
    menus = {
        name: {menu: entries for menu, entries in gathered.items() if menu not in survey["leave_out"]}
        for name, gathered in survey["menus"].items()
    }
    routers = {name: {**found, "gathered": menus[name]} for name, found in survey["networks"].items()}
    # Whoever changes the twins needs no password of a real router.
    account = ("rehearsal", secrets.token_hex(16))
    found = draw(routers, account, places(survey["flows"]), ["vrrp", *filter(makes, ("gre", "ipip"))])
    return Prepared(found, flows(found, survey["flows"]))
