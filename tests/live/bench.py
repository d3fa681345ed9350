# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One live router between a LAN host and a server outside, for tests of what single rules do."""

from __future__ import annotations

import sys
from typing import Any

import librouteros
from twin.live import Host, Lab, Plan, Router

from tests.live.sites import until

LAN, SERVER, ROUTER, OUTSIDE = "192.168.10.10", "203.0.113.10", "192.168.10.1", "203.0.113.1"
FIREWALL = tuple(f"/ip/firewall/{name}" for name in ("filter", "nat", "raw", "address-list"))
# Tells whoever connects by which address it knows him.
_SERVING = """
import socket, threading
def serve(port):
    with socket.create_server(("", port)) as door:
        while True:
            client, (address, _port) = door.accept()
            with client:
                client.sendall(address.encode())
for port in (80, 81):
    threading.Thread(target=serve, args=(port,)).start()
"""
_ASKING = """
import errno, socket, sys
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])) as found:
        print(found.recv(99).decode(errors="replace"))
except TimeoutError:
    print("silence")
except OSError as error:
    print(errno.errorcode[error.errno])
"""


def plan() -> Plan:
    seed = {
        "/interface/list": [{"name": "WAN"}, {"name": "LAN"}],
        "/interface/list/member": [{"list": "WAN", "interface": "ether1"}, {"list": "LAN", "interface": "ether2"}],
        "/ip/address": [
            {"address": f"{OUTSIDE}/24", "interface": "ether1"},
            {"address": f"{ROUTER}/24", "interface": "ether2"},
        ],
    }
    hosts = {"lan": Host(f"{LAN}/24", ROUTER), "server": Host(f"{SERVER}/24", OUTSIDE)}
    return Plan({"r": Router({"ether1": "server", "ether2": "lan"}, seed=seed)}, hosts)


class Bench:
    """The lab, spoken to by the router's API."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.api = librouteros.connect("127.0.0.1", "admin", "", port=lab.routers["r"].port)
        # What `/ip/settings` of a router says; the kernel's own time between two errors is a second.
        lab.run("r", "sh", "-c", "echo 10 > /proc/sys/net/ipv4/icmp_ratelimit")
        lab.start("server", sys.executable, "-c", _SERVING)
        assert until(lambda: self.connect(SERVER, 81) == LAN, 10)

    def close(self) -> None:
        self.api.close()

    def path(self, menu: str) -> Any:
        return self.api.path(*menu.strip("/").split("/"))

    def clear(self) -> None:
        """Take away all rules and lists."""
        for menu in FIREWALL:
            if ids := [row[".id"] for row in self.path(menu)]:
                self.path(menu).remove(*ids)

    def add(self, table: str, chain: str, action: str = "accept", **words: str) -> str:
        """Add a rule at the end, or where `place_before` says; gives its id."""
        named = {name.replace("_", "-"): value for name, value in words.items()}
        return str(self.path(f"/ip/firewall/{table}").add(chain=chain, action=action, **named))

    def enlist(self, name: str, address: str, **words: str) -> str:
        return str(self.path("/ip/firewall/address-list").add(list=name, address=address, **words))

    def listed(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self.path("/ip/firewall/address-list") if row["list"] == name]

    def counted(self, table: str = "filter") -> list[int]:
        """What the rules of a table have counted, in their order."""
        return [row["packets"] for row in self.path(f"/ip/firewall/{table}")]

    def call(self, table: str, verb: str, **words: str) -> None:
        tuple(self.path(f"/ip/firewall/{table}")(verb, **words))

    def ping(self, target: str = ROUTER, source: str = "lan", count: int = 1) -> int:
        """How many of so many pings are answered."""
        done = self.lab.run(source, "ping", "-n", "-q", "-c", str(count), "-W", "0.5", "-i", "0.002", target)
        return int(done.out.partition(" received")[0].rpartition(" ")[2])

    def connect(self, target: str, port: int, source: str = "lan", patience: float = 3.0) -> str:
        """What a server says, or what became of the attempt: `silence`, or the name of an error."""
        return self.lab.run(source, sys.executable, "-c", _ASKING, target, str(port), str(patience)).out.strip()
