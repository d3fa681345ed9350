# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `/interface/vrrp` says for the protocol, and what the protocol says for `/interface/vrrp`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ...actor import SYSTEM
from ...behaviour.tunnels import VirtualRouters as Behaviour
from ...events import launch
from ...model import Row, Values
from ...values.basic import parse_duration
from ..needs import second_macs
from ..nft import Unmapped
from ..state import device, enabled
from .election import BACKUP, FAILURE, MASTER, Virtual
from .speaker import News, Speaker

if TYPE_CHECKING:
    from ...router import Router

VRRP, ADDRESS, INTERFACE = "/interface/vrrp", "/ip/address", "/interface"
WATCHED = frozenset((VRRP, ADDRESS, INTERFACE))
SCRIPTS = {MASTER: "on-master", BACKUP: "on-backup", FAILURE: "on-fail"}


class VirtualRouters:
    """The virtual routers of one router; `told` is called in any thread when `tell` has something to do."""

    def __init__(self, router: Router, node: str, told: Callable[[], None]) -> None:
        self.router = router
        self.table = router.tables[VRRP]
        self.speaker = Speaker(node, told)
        self.killed = False
        behaviour = router.behaviours[VRRP]
        assert isinstance(behaviour, Behaviour)
        self.states: dict[str, str] = {}
        behaviour.states = self.states
        self._synchronised: set[str] = set()

    def retire(self, running: frozenset[str]) -> None:
        """Leave what is no longer wanted, while its device is still there."""
        if not self.killed:
            self.speaker.keep(self._wanted(running))

    def settle(self, running: frozenset[str]) -> None:
        """Take part for every enabled row whose port runs and has an address; the others have failed."""
        if self.killed:
            return
        wanted = self._wanted(running)
        self.speaker.play(wanted)
        rows = {device(self.router, row.id): row for row in enabled(self.table)}
        for id_ in set(self.states) - {row.id for row in rows.values()}:
            del self.states[id_]
        for name, row in rows.items():
            if name not in wanted and self.states.get(row.id) != FAILURE:
                self._enter(row, FAILURE)
                self.speaker.news.append(News(name, FAILURE, "its interface does not run or has no address"))
                self.speaker.told()
        self._warn()

    def _warn(self) -> None:
        synchronised = {
            row.values["name"] for row in enabled(self.table) if row.values["sync-connection-tracking"] == "true"
        }
        for name in sorted(synchronised - self._synchronised):
            self.router.note("vrrp,warning", f"{name}: sync-connection-tracking has no effect on a live twin")
        self._synchronised = synchronised

    def _wanted(self, running: frozenset[str]) -> dict[str, Virtual]:
        """Those that take part, by device; raises Unmapped for an owner of an address, who has priority 255."""
        rows = (row.values for row in enabled(self.router.tables[ADDRESS]))
        real = {values["address"].partition("/")[0] for values in rows if not self.table.by_id(values["interface"])}
        found = {virtual.device: virtual for virtual in self._each() if virtual.port in running and virtual.own}
        for virtual in found.values():
            if owned := real & set(virtual.hosts):
                raise Unmapped(f"a virtual address that the router has on another interface, too: {owned.pop()}")
        return found

    def _each(self) -> Iterator[Virtual]:
        for row in enabled(self.table):
            values = row.values
            own = self._addresses(values["interface"])
            yield Virtual(
                device(self.router, row.id),
                device(self.router, values["interface"]),
                own[0].partition("/")[0] if own else "",
                int(values["vrid"]),
                int(values["priority"]),
                _seconds(values["interval"]),
                values["preemption-mode"] == "true",
                int(values["version"]),
                tuple(self._addresses(row.id)),
                values.get("v3-checksum-as-v2") == "true",
                self._leader(values),
            )

    def _leader(self, values: Values) -> str:
        """The device of the one whose state it has; the manual says that members of a group have the same."""
        named = values.get("group-authority", "") or values.get("group-master", "")
        return device(self.router, named) if self.table.by_id(named) else ""

    def _addresses(self, interface: str) -> list[str]:
        rows = (row.values for row in enabled(self.router.tables[ADDRESS]))
        return [values["address"] for values in rows if values["interface"] == interface]

    def tell(self) -> None:
        """Show what has become of elections, and run the scripts for it; called while the router is locked."""
        while self.speaker.news:
            news = self.speaker.news.popleft()
            row = self.table.by_id(f"*{news.device.removeprefix('link-')}")
            if row is None or row.values["disabled"] == "true":
                continue
            self._enter(row, news.state)
            name = row.values["name"]
            self.router.note("vrrp,info", f"{name} now {news.state.upper()}, {news.why}")
            if script := row.values[SCRIPTS[news.state]]:
                told = f"executing script of {name} ({SCRIPTS[news.state]}) failed, please check it manually"
                # Who runs these scripts, and with which rights, is unverified; netwatch's have these.
                launch(self.router, script, SYSTEM, name, told)

    def _enter(self, row: Row, state: str) -> None:
        self.states[row.id] = state
        self.router.changed(self.table, row)
        if interface := self.router.tables[INTERFACE].by_id(row.id):
            self.router.changed(self.router.tables[INTERFACE], interface)

    def kill(self) -> None:
        """End as by a crash."""
        self.killed = True
        self.speaker.kill()

    def revive(self) -> None:
        """All elections begin anew at the next `settle`."""
        self.killed = False
        self.states.clear()

    def stop(self) -> None:
        self.speaker.stop()


def refuse(values: Values) -> None:
    """Raise Unmapped for a row that cannot be played; `sync-connection-tracking` is taken and only told in the log."""
    seconds, version = _seconds(values["interval"]), values["version"]
    for wrong, what in (
        (version == "3" and values["v3-protocol"] == "ipv6", "v3-protocol=ipv6"),
        (values["authentication"] != "none", "authentication"),
        (values["arp"] != "enabled", f"arp={values['arp']}"),
        (version == "2" and seconds % 1 != 0, "an interval of parts of seconds with version=2"),
        (version == "3" and seconds > 40.95, "an interval of more than 40.95 s, which version 3 cannot say,"),
    ):
        if wrong:
            raise Unmapped(f"{what} of {VRRP}")
    if not second_macs():
        raise Unmapped(f"{VRRP}, since this kernel has no macvlan")


def _seconds(interval: str) -> float:
    return (parse_duration(interval) or 0) / 1000
