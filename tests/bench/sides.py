# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two collections compared: how each reaches a twin, and how the same wish is written for it."""

from __future__ import annotations

import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twin import Refusal, Router, Seat, Server

from tests.integration.playing import PASSWORD, Run, Task, place, play_on

Rows = Sequence[Mapping[str, Any]]
Wish = tuple[str, Rows]
FOLDERS = {"ipsec": "ip ipsec", "firewall": "ip firewall"}


def words_of(menu: str) -> str:
    """`firewall_address_list` is `ip firewall address-list` on the router."""
    folder, _dummy, name = menu.partition("_")
    return f"{FOLDERS[folder]} {name.replace('_', '-')}"


def path_of(menu: str) -> str:
    """The menu as the API names it."""
    return "/" + words_of(menu).replace(" ", "/")


@contextmanager
def fresh(seed: Mapping[str, Rows] | None = None, seat: Seat | None = None) -> Iterator[Server]:
    """A twin that holds these rows; with none it is an empty router. With a seat its firewall acts on us, too."""
    router = Router()
    router.set_user("admin", PASSWORD)
    router.seed({path_of(menu): rows for menu, rows in (seed or {}).items()})
    with Server(router, seat=seat) as server:
        yield server


class Side(ABC):
    """One collection. A mode says what a task owns: see OPTIONS of each side."""

    name: str

    @abstractmethod
    def wish(self, menu: str, rows: Rows, mode: str = "given") -> Task:
        """The task that wants these rows, written in RouterOS's words."""

    @abstractmethod
    def adjust(self, menu: str, find: Mapping[str, str], values: Mapping[str, str]) -> Task:
        """The task that sets values of the entries found."""

    @abstractmethod
    def together(self, wishes: Sequence[Wish]) -> list[Task]:
        """The wishes in as few tasks as possible."""

    @abstractmethod
    def without(self, wishes: Sequence[Wish]) -> list[Task]:
        """What the wishes are for site B is removed, in as few tasks as possible."""

    @abstractmethod
    def reach(self, server: Server) -> tuple[dict[str, Any], dict[str, Any]]:
        """Variables of the host and keywords of the play that lead to the twin."""

    def play(self, server: Server, tasks: Sequence[Task], *flags: str, **environment: str) -> Run:
        """Run the tasks with ansible-playbook, whatever comes of it."""
        host, keywords = self.reach(server)
        with tempfile.TemporaryDirectory() as folder:
            return play_on(Path(folder), {"router": host}, tasks, *flags, environment=environment, **keywords)

    def make(self, server: Server, *tasks: Task, flags: Sequence[str] = (), **environment: str) -> Run:
        """Run the tasks; one that fails is an error of the comparison and no finding."""
        run = self.play(server, tasks, *flags, **environment)
        if run.status:
            raise RuntimeError(f"{self.name} failed:\n{run.output}")
        return run


EXACT = {"handle_absent_entries": "remove", "handle_entries_content": "remove_as_much_as_possible"}


class Theirs(Side):
    """`api_modify` and `api_find_and_modify` of community.routeros."""

    name = "community.routeros"
    OPTIONS: Mapping[str, Mapping[str, Any]] = {
        "given": {},
        "of the peer": {**EXACT, "restrict": [{"field": "peer", "values": ["site-b"]}]},
        "own": {**EXACT, "ensure_order": True, "restrict": [{"field": "comment", "regex": "^own: "}]},
        "own, but for what the router switches": {**EXACT, "restrict": [{"field": "comment", "regex": "^own: "}]},
        "chain": {**EXACT, "ensure_order": True, "restrict": [{"field": "chain", "values": ["input"]}]},
        "forward": {**EXACT, "ensure_order": True, "restrict": [{"field": "chain", "values": ["forward"]}]},
    }

    def wish(self, menu: str, rows: Rows, mode: str = "given") -> Task:
        words = {"path": words_of(menu), "data": list(rows), **self.OPTIONS[mode]}
        return {"name": menu, "community.routeros.api_modify": words}

    def adjust(self, menu: str, find: Mapping[str, str], values: Mapping[str, str]) -> Task:
        words = {"path": words_of(menu), "find": dict(find), "values": dict(values), "require_matches_min": 1}
        return {"name": menu, "community.routeros.api_find_and_modify": words}

    def together(self, wishes: Sequence[Wish]) -> list[Task]:
        return [self.wish(menu, rows) for menu, rows in wishes]

    def without(self, wishes: Sequence[Wish]) -> list[Task]:
        tasks: list[Task] = []
        for menu, rows in reversed(wishes):
            restrict = [{"field": "name" if "name" in rows[0] else "peer", "values": ["site-b"]}]
            words = {"path": words_of(menu), "data": [], **EXACT, "restrict": restrict}
            tasks.append({"name": menu, "community.routeros.api_modify": words})
        return tasks

    def reach(self, server: Server) -> tuple[dict[str, Any], dict[str, Any]]:
        host = {"ansible_connection": "ansible.builtin.local", "ansible_python_interpreter": sys.executable}
        defaults = {"hostname": "127.0.0.1", "port": server.port, "username": "admin", "password": PASSWORD}
        return host, {"module_defaults": {"group/community.routeros.api": defaults}}


class Ours(Side):
    """The modules of this collection."""

    name = "vpnops.mikrotik"
    OPTIONS: Mapping[str, Mapping[str, Any]] = {
        "given": {},
        "of the peer": {"state": "overridden", "scope": {"peer": ["site-b"]}},
        "own": {"state": "overridden", "scope": {"owner": ["own"]}},
        "own, but for what the router switches": {
            "state": "overridden",
            "scope": {"owner": ["own"]},
            "keep": ["disabled"],
        },
        "chain": {"state": "overridden", "scope": {"chain": ["input"]}},
        "forward": {"state": "overridden", "scope": {"chain": ["forward"]}},
    }

    def wish(self, menu: str, rows: Rows, mode: str = "given") -> Task:
        return {"name": menu, f"vpnops.mikrotik.{menu}": {"config": options(rows), **self.OPTIONS[mode]}}

    def adjust(self, menu: str, find: Mapping[str, str], values: Mapping[str, str]) -> Task:
        return self.wish(menu, [{**find, **values}])

    def together(self, wishes: Sequence[Wish]) -> list[Task]:
        config = {menu: options(rows) for menu, rows in wishes}
        return [{"name": "config", "vpnops.mikrotik.config": {"config": config}}]

    def without(self, wishes: Sequence[Wish]) -> list[Task]:
        config = {menu: options(rows) for menu, rows in wishes}
        return [{"name": "config", "vpnops.mikrotik.config": {"config": config, "state": "deleted"}}]

    def reach(self, server: Server) -> tuple[dict[str, Any], dict[str, Any]]:
        return place(server), {}


def options(rows: Rows) -> list[dict[str, Any]]:
    """Fields of RouterOS as options of our modules."""
    return [{name.replace("-", "_"): value for name, value in row.items()} for row in rows]


def refuse(server: Server, nth: int) -> None:
    """Let the router refuse the nth change that comes from now on, and no other."""
    server.faults.refuse = Refusal(nth=nth)
