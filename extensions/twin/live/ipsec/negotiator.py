# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a daemon as a router's IPsec menus say, and the menus as the daemon finds things."""

from __future__ import annotations

import time
from collections.abc import Sequence
from ipaddress import ip_interface
from typing import TYPE_CHECKING

from ...model import Row, Values
from ...table import Table
from .. import netns
from ..netns import Broken
from ..nft.ruleset import Guards
from ..state import enabled, way_out
from .charon import Charon, Message
from .guards import TUNNEL, around, guards
from .seen import ESTABLISHED, NOTHING, Carried, associations, carried, generated, sessions, statistic
from .standby import Standby
from .wanted import IDENTITY, PEER, POLICY, PROFILE, PROPOSAL, Reader, Wanted
from .words import Teller

if TYPE_CHECKING:
    from ...router import Router

ACTIVE, INSTALLED, STATISTICS = "/ip/ipsec/active-peers", "/ip/ipsec/installed-sa", "/ip/ipsec/statistics"
WATCHED = frozenset((PEER, IDENTITY, POLICY, PROFILE, PROPOSAL, "/ip/dns/static", "/ip/address", "/certificate"))
# How long after a failure an end calls again; how long a router waits is unverified.
AGAIN = 3.0
# charon's states of a session that stands.
_STANDS = ("ESTABLISHED", "REKEYING")


class Negotiator:
    """One router's IKE. `kernel`: its system encrypts; else a daemon in user space does, by a device of its own."""

    def __init__(self, router: Router, node: str, *, kernel: bool) -> None:
        self.router = router
        self.kernel = kernel
        self.standby = Standby(router)
        self.reader = Reader(router, kernel, self.standby)
        self.charon = Charon(node, kernel=kernel)
        self.teller = Teller()
        self.standing = Wanted()
        self.called: dict[str, float] = {}
        self.node = node
        self.rules: set[str] = set()
        self._ids: dict[str, dict[str, str]] = {ACTIVE: {}, INSTALLED: {}, POLICY: {}}

    @property
    def tunnel(self) -> str:
        """The device that tunnelled packets come from and go to; empty where the system encrypts."""
        return "" if self.kernel else TUNNEL

    def check(self, table: Table, values: Values) -> None:
        """Raise Unmapped for an entry that cannot be put into effect."""
        self.reader.check(table, values)

    def guards(self) -> Guards:
        """What keeps protected packets from travelling in clear."""
        return guards(self.router.tables[POLICY], kernel=self.kernel)

    def behind(self) -> str:
        """The device by which tunnelled packets leave the router."""
        for peer in enabled(self.router.tables[PEER]):
            address = self.reader.address(peer)
            if address not in ("", "%any") and "/" not in address:
                return way_out(self.router, address)
        return way_out(self.router, "192.0.2.1")

    def settle(self) -> None:
        """Load what has changed, drop what is gone, call whom this end calls."""
        self._ways()
        wanted = self.reader.wanted()
        if wanted == self.standing or self.charon.killed:
            return
        self._secrets(wanted)
        for name, message in self.standing.connections.items():
            self._take_back(name, message, wanted.connections.get(name))
        for name, message in wanted.connections.items():
            if self.standing.connections.get(name) != message:
                self.charon.ask("load_conn", {name: message})
                self.called.pop(name, None)
        changed = {name for name in wanted.secrets if wanted.secrets[name] != self.standing.secrets.get(name)}
        for name in changed & set(self.standing.connections) & set(wanted.connections):
            # A session that was begun with the old secret ends, as on the router; its successor uses the new one.
            self._end(name)
        self.standing = wanted

    def _ways(self) -> None:
        """Keep the daemon's routes from what is not for it."""
        if self.kernel:
            return
        own = (str(ip_interface(row.values["address"]).network) for row in enabled(self.router.tables["/ip/address"]))
        wanted = around(self.router.tables[POLICY], own)
        netns.ip([f"rule del {rule}" for rule in sorted(self.rules - wanted)], self.node)
        netns.ip([f"rule add {rule}" for rule in sorted(wanted - self.rules)], self.node)
        self.rules = wanted

    def _secrets(self, wanted: Wanted) -> None:
        known = self.standing.secrets
        if wanted.credentials != self.standing.credentials:
            # Certificates cannot be taken back one by one.
            self.charon.ask("clear_creds")
            for pem in wanted.trusted:
                self._trust(pem)
            for pem in wanted.keys:
                self.charon.ask("load_key", {"type": "any", "data": pem.encode()})
            known = {}
        for name, secret in known.items():
            if wanted.secrets.get(name) != secret:
                self.charon.ask("unload_shared", {"id": name})
        for name, secret in wanted.secrets.items():
            if known.get(name) != secret:
                self.charon.ask("load_shared", secret.message(name))

    def _trust(self, pem: str) -> None:
        """As an authority, or where it is none as the certificate of one other end."""
        message = {"type": "X509", "data": pem.encode()}
        try:
            self.charon.ask("load_cert", {**message, "flag": "CA"})
        except Broken:
            self.charon.ask("load_cert", {**message, "flag": "NONE"})

    def _take_back(self, name: str, old: Message, new: Message | None) -> None:
        """A session that other policies need stays when one of them goes."""
        if new == old:
            return
        kept = {child for child, each in old["children"].items() if new and new["children"].get(child) == each}
        if new is None or not kept or {**new, "children": {}} != {**old, "children": {}}:
            self.charon.ask("unload_conn", {"name": name})
            self._end(name)
            return
        for child in old["children"].keys() - kept:
            self.charon.tell("terminate", {"ike": name, "child": child, "timeout": "-1"})

    def _end(self, name: str) -> None:
        """At once, whether or not the other end confirms it: its associations must not stand in a successor's way."""
        self.charon.tell("terminate", {"ike": name, "timeout": "-1", "force": "yes"})
        self.called.pop(name, None)

    def tick(self) -> None:
        """Call again where nothing stands, and log what was said."""
        sas = self.charon.sas()
        self._hand_over(sas)
        busy = {sa["name"] for sa in sas.values() if sa.get("state") == "CONNECTING"}
        up = {(each.connection, each.child) for each in carried(sas)}
        held = self._held(sas)
        now = time.monotonic()
        for name, children in self.standing.calls.items():
            missing = [child for child in children if (name, child) not in up and held.get(child, name) == name]
            if missing and name not in busy and now - self.called.get(name, -AGAIN) >= AGAIN:
                self.called[name] = now
                for child in missing:
                    self.charon.tell("initiate", {"ike": name, "child": child, "timeout": "-1", "init-limits": "no"})
        self._log()

    def _hand_over(self, sas: dict[str, Message]) -> None:
        """Policies whose peer is lost go to their next one."""
        standing = {sa["name"] for sa in sas.values() if sa.get("state") in ("CREATED", "CONNECTING", *_STANDS)}
        peers = self.standby.pass_on(self.called, standing)
        for name in [name for name in self.called if f"*{name.partition('_')[0]}" in peers]:
            del self.called[name]
        if peers:
            self.settle()

    def _held(self, sas: dict[str, Message]) -> dict[str, str]:
        """Connections that have associations for the packets of a child, if only for a last moment, by child.

        In user space, what goes last would take the route of what came meanwhile.
        """
        if self.kernel:
            return {}
        holders = {
            (tuple(each["local-ts"]), tuple(each["remote-ts"])): sa["name"]
            for sa in sas.values()
            for each in sa.get("child-sas", {}).values()
            if "local-ts" in each
        }
        found = {}
        for connection in self.standing.connections.values():
            for child, each in connection["children"].items():
                if holder := holders.get((tuple(each["local_ts"]), tuple(each["remote_ts"]))):
                    found[child] = holder
        return found

    def _log(self) -> None:
        for topics, message in self.teller.tell(self.charon.news()):
            self.router.note(topics, message)

    def refresh(self, path: str) -> None:
        """Bring one menu up to what the daemon holds."""
        if path == "/log":
            self._log()
        if path == STATISTICS and self.kernel:
            self._count()
        if path not in (ACTIVE, INSTALLED, POLICY):
            return
        sas = self.charon.sas()
        if path == ACTIVE:
            self._show(path, list(sessions(sas)))
        elif path == INSTALLED:
            self._show(path, list(associations(sas)))
        else:
            self._states(sas)

    def _count(self) -> None:
        """The kernel's own counters, by RouterOS's names."""
        (row,) = self.router.tables[STATISTICS].rows
        for line in netns.run(["cat", "/proc/net/xfrm_stat"], node=self.node).splitlines():
            name, number = line.split()
            if counter := statistic(name):
                row.values[counter] = number

    def _show(self, path: str, found: Sequence[tuple[str, Values]]) -> None:
        """Make the rows of a menu these, each known by a key, under which it keeps its id."""
        table, ids = self.router.tables[path], self._ids[path]
        wanted = dict(found)
        for key in [key for key in ids if key not in wanted]:
            if row := table.by_id(ids.pop(key)):
                table.discard(row)
        for key, values in wanted.items():
            row = table.by_id(ids[key]) if key in ids else None
            if row is None:
                row = Row(table.new_id(), {}, dynamic=True)
                ids[key] = row.id
                table.insert(row)
            comment = {"comment": row.values["comment"]} if row.values.get("comment") else {}
            table.store(row, {**values, **comment})

    def _states(self, sas: dict[str, Message]) -> None:
        up = carried(sas)
        counts: dict[str, int] = {}
        for each in up:
            counts[each.child] = counts.get(each.child, 0) + 1
        for row in self.router.tables[POLICY]:
            if row.values.get("template") == "true" or row.dynamic:
                continue
            count = counts.get(f"c{row.id.removeprefix('*')}", 0)
            row.values["ph2-count"] = str(count)
            row.values["ph2-state"] = ESTABLISHED if count else NOTHING
            row.values["active"] = "true" if count else "false"
            row.values.pop("backup", None)
            if count and self.standby.is_backup(row):
                row.values["backup"] = "true"
        self._show(POLICY, [(each.key, self._generated(each)) for each in up if each.child.startswith("t")])

    def _generated(self, one: Carried) -> Values:
        """A dynamic policy names its peer and the proposal of its template."""
        peer, template = one.connection.partition("_")[0], f"*{one.child[1:]}"
        row = self.router.tables[POLICY].by_id(template)
        return {**generated(one), "peer": f"*{peer}", "proposal": row.values["proposal"] if row else ""}

    def removed(self, path: str, id_: str) -> None:
        """Somebody took a session away: end it."""
        if path == INSTALLED and self._ids[INSTALLED]:
            # They go all at once; what is said of the others then finds nothing left to end.
            self.flush()
        if path != ACTIVE:
            return
        for key, known in list(self._ids[ACTIVE].items()):
            if known == id_:
                del self._ids[ACTIVE][key]
                self.charon.tell("terminate", {"ike-id": key.rpartition("#")[2], "timeout": "-1"})

    def flush(self) -> None:
        """End every association."""
        self._ids[INSTALLED].clear()
        for sa in self.charon.sas().values():
            for child in sa.get("child-sas", {}).values():
                self.charon.tell("terminate", {"child-id": child["uniqueid"], "timeout": "-1"})
            self.called.pop(sa["name"], None)

    def start(self) -> None:
        self.charon.start()

    def kill(self) -> None:
        """The daemon is gone at once; what the kernel holds stays."""
        self.charon.kill()

    def revive(self) -> None:
        """Start another daemon where one was killed; it is told everything at the next `settle`."""
        if not self.charon.killed:
            return
        if self.kernel:
            # What was half negotiated would keep its policy from ever asking again.
            netns.ip(["xfrm state flush", "xfrm policy flush"], self.node)
        self.charon.start()
        self.standing = Wanted()
        self.called.clear()

    def stop(self) -> None:
        """The daemon takes leave of the other ends by itself."""
        self.charon.stop()
