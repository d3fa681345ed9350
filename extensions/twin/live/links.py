# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the kernel's devices for the interfaces of a router that users make: GRE, IPIP and VRRP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..behaviour.made import Made
from ..behaviour.tunnels import Tunnels
from ..model import Row, Values
from ..table import Table
from ..values.addresses import is_name, unspecified
from ..values.basic import parse_duration
from . import netns, vrrp
from .keepalive import Keepalives, Kept
from .needs import makes
from .nft import Unmapped
from .state import device, enabled

if TYPE_CHECKING:
    from ..router import Router

INTERFACE, GRE, EOIP, VRRP = "/interface", "/interface/gre", "/interface/eoip", "/interface/vrrp"
KINDS = {GRE: "gre", "/interface/ipip": "ipip"}
WATCHED = frozenset((*KINDS, VRRP, "/ip/dns/static"))
# What IPIP has unless somebody says else: whoever does means it to have an effect.
KEEPALIVE = "10s,10"
# What routers write into the packets outside is unverified. ip(8) lets an IPIP device have no TTL of its own unless it
# forbids fragments.
TTL = {"gre": "64", "ipip": "inherit"}
TABLE = "ip links"


@dataclass(frozen=True)
class Link:
    """A device as the kernel shall have it."""

    kind: str
    local: str
    remote: str
    more: str
    mtu: int
    clamps: bool
    kept: Kept | None

    def line(self, name: str) -> str:
        return f"link add {name} mtu {self.mtu} type {self.kind} local {self.local} remote {self.remote} {self.more}"


@dataclass(frozen=True)
class VirtualLink:
    """A second MAC on a port, which is up while the router is master."""

    port: str
    vrid: int

    def line(self, name: str) -> str:
        # In mode private a master would take another one's adverts, from the same MAC, for its own that come back.
        mac = f"00:00:5e:00:01:{self.vrid:02x}"
        return f"link add link {self.port} name {name} address {mac} type macvlan mode vepa"


class Links:
    """One router's devices that users make; `ports` are those that the lab made."""

    def __init__(self, router: Router, node: str, ports: frozenset[str]) -> None:
        self.router = router
        self.node = node
        self.ports = ports
        self.standing: dict[str, Link | VirtualLink] = {}
        self.keepalives = Keepalives(node, self._told)
        self._tuned: set[str] = set()
        self._clamps = ""
        self._open: set[str] = set()

    def check(self, table: Table, values: Values) -> None:
        """Raise Unmapped for an interface that cannot be made; `/interface` enables those of its kinds, too."""
        if table.menu.path != INTERFACE:
            _refuse(table.menu.path, values)
            return
        for path in (*KINDS, EOIP, VRRP):
            if found := self.router.tables[path].by_name(values["name"]):
                _refuse(path, {**found.values, "disabled": values["disabled"]})

    def changes(self) -> tuple[list[str], set[str]]:
        """What to tell the kernel, and the devices that go by it, maybe to come anew."""
        wanted = self._wanted()
        gone = {name for name, link in self.standing.items() if wanted.get(name) != link}
        self._open -= gone
        lines = [f"link del {name}" for name in sorted(gone)]
        lines += [link.line(name) for name, link in wanted.items() if self.standing.get(name) != link]
        self.standing = wanted
        return lines, gone

    def finish(self) -> None:
        """What is left to do once the devices are there."""
        self._clamp()
        self._accept()
        self.keepalives.watch({name: link.kept for name, link in self._ends().items() if link.kept})

    def _ends(self) -> dict[str, Link]:
        return {name: link for name, link in self.standing.items() if isinstance(link, Link)}

    def _accept(self) -> None:
        """A keepalive of the far end comes out of the tunnel with this end's own address, and is to go back."""
        tunnels = self._ends()
        made = tunnels.keys() - self._open

        def write() -> None:
            for name in made:
                Path(f"/proc/sys/net/ipv4/conf/{name}/accept_local").write_text("1")

        if made:
            netns.within(self.node, write)
        self._open = set(tunnels)

    def _told(self, name: str, silent: bool) -> None:
        """The far end of a device fell silent, or speaks again."""
        with self.router.lock:
            for path in KINDS:
                behaviour = self.router.behaviours[path]
                assert isinstance(behaviour, Tunnels)
                if row := behaviour.table.by_id(f"*{name.removeprefix('link-')}"):
                    behaviour.heard(row, silent)
            self.router.plane.settle()

    def _clamp(self) -> None:
        """What opens a TCP connection through a tunnel asks for no larger segments than the tunnel takes."""
        rules = [
            f'iifname "{name}" tcp flags syn / syn,rst tcp option maxseg size set {link.mtu - 40}'
            for name, link in self.standing.items()
            if isinstance(link, Link) and link.clamps
        ]
        text = "\n".join(
            [f"table {TABLE} {{ chain clamp {{ type filter hook prerouting priority -150;", *rules, "}", "}"]
        )
        if rules or self._clamps:
            self._load(text)

    def _load(self, text: str) -> None:
        if text != self._clamps:
            netns.run(["nft", "-f", "-"], node=self.node, text=f"table {TABLE}\ndelete table {TABLE}\n{text}\n")
            self._clamps = text

    @property
    def tunnels(self) -> set[str]:
        return set(self._ends())

    @property
    def virtual(self) -> set[str]:
        """The devices of virtual routers, which are up or down as elections go."""
        return {name for name, link in self.standing.items() if isinstance(link, VirtualLink)}

    def tune(self) -> None:
        """Let each device answer for its own addresses alone: the virtual MAC is for the virtual ones."""
        ports = {link.port for link in self.standing.values() if isinstance(link, VirtualLink)}
        wanted = ports | self.virtual
        changes = dict.fromkeys(self._tuned - wanted, ("0", "0")) | dict.fromkeys(wanted, ("1", "2"))
        for name, (ignore, announce) in changes.items():
            netns.configure(
                self.node, {f"ipv4/conf/{name}/arp_ignore": ignore, f"ipv4/conf/{name}/arp_announce": announce}
            )
        self._tuned = wanted

    def _wanted(self) -> dict[str, Link | VirtualLink]:
        tunnels, virtual = dict(self._tunnels()), dict(self._virtual())
        ends = [(link.kind, link.local, link.remote) for link in tunnels.values()]
        if len(set(ends)) < len(ends):
            raise Unmapped("two tunnel interfaces of one kind between the same addresses")
        if len(set(virtual.values())) < len(virtual):
            raise Unmapped(f"two of {VRRP} with the same vrid on the same interface")
        return {**tunnels, **virtual}

    def _virtual(self) -> Iterator[tuple[str, VirtualLink]]:
        for row in enabled(self.router.tables[VRRP]):
            vrrp.refuse(row.values)
            port = device(self.router, row.values["interface"])
            if port in self.ports:
                yield device(self.router, row.id), VirtualLink(port, int(row.values["vrid"]))

    def _tunnels(self) -> Iterator[tuple[str, Link]]:
        for path, kind in KINDS.items():
            for row in enabled(self.router.tables[path]):
                _refuse(path, row.values)
                if remote := self._remote(row):
                    yield device(self.router, row.id), self._link(path, kind, row, remote)

    def _remote(self, row: Row) -> str:
        """Where the far end is; empty while its name stands for nothing."""
        written = row.values["remote-address"]
        return (self.router.addresses_of(written) or [""])[0] if is_name(written) else written

    def _link(self, path: str, kind: str, row: Row, remote: str) -> Link:
        behaviour, values = self.router.behaviours[path], row.values
        assert isinstance(behaviour, Made)
        dscp = "inherit" if values["dscp"] == "inherit" else f"0x{int(values['dscp']) << 2:02x}"
        # The kernel hands down `don't fragment` unless told otherwise, and of IPIP cannot be told.
        ignores = " ignore-df" if kind == "gre" and values["dont-fragment"] == "no" else ""
        local = "" if unspecified(values["local-address"]) else values["local-address"]
        return Link(
            kind,
            local or "any",
            remote,
            f"ttl {TTL[kind]} tos {dscp} nopmtudisc{ignores}",
            int(behaviour.mirrored(row)["actual-mtu"]),
            values["clamp-tcp-mss"] == "true",
            _kept(kind, local, remote, values.get("keepalive", "")),
        )


def _kept(kind: str, local: str, remote: str, keepalive: str) -> Kept | None:
    interval, _comma, retries = keepalive.partition(",")
    seconds = (parse_duration(interval) or 0) / 1000
    return Kept(remote, seconds, int(retries), local) if seconds and kind == "gre" else None


def _refuse(path: str, values: Values) -> None:
    if values.get("disabled") == "true" or path not in (*KINDS, EOIP, VRRP):
        return
    if path == EOIP:
        raise Unmapped(path)
    if path == VRRP:
        vrrp.refuse(values)
        return
    if not makes(KINDS[path]):
        raise Unmapped(f"{path}, since this kernel has none")
    if values.get("ipsec-secret"):
        raise Unmapped(f"ipsec-secret of {path}; a policy with tunnel=no does the same")
    if path != GRE and values.get("keepalive", "") not in ("", KEEPALIVE):
        raise Unmapped(f"keepalive of {path} other than {KEEPALIVE}, which has no effect; those of {GRE} have")
    if unspecified(values["remote-address"]):
        raise Unmapped(f"{path} without a remote-address")
