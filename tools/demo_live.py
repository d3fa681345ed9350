# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two sites with an internet between them, joined by the example playbook: what crosses, what leaks, what goes wrong.

Nothing here asks the collection whether it worked: the hosts ping each other, and a capture on the internet says what
it saw.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from example import ROOT, SECRETS, heading, join

sys.path.insert(0, str(ROOT / "extensions"))

from twin.live import Host, Internet, Lab, Plan, Router, Trouble, missing

VERIFY = {"site_to_site_verify_timeout": 20}
PCS = {"hq": "192.168.10.10", "branch": "192.168.20.10"}


def site(version: str, outside: str, gateway: str, inside: str, pc: str) -> Router:
    """A router from the factory that has its addresses and a default route."""
    rows = {
        "/ip/address": [
            {"address": outside, "interface": "ether1"},
            {"address": inside, "interface": "ether2"},
        ],
        "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": gateway}],
    }
    users = {"ansible": SECRETS["router_password"]}
    return Router({"ether1": "internet", "ether2": pc}, version, defconf=True, seed=rows, users=users, tls=True)


PLAN = Plan(
    {
        "hq": site("7.22.3", "198.51.100.7/24", "198.51.100.1", "192.168.10.1/24", "pc-hq"),
        "branch": site("7.16.2", "203.0.113.50/24", "203.0.113.1", "192.168.20.1/24", "pc-branch"),
    },
    {
        "pc-hq": Host("192.168.10.10/24", "192.168.10.1"),
        "pc-branch": Host("192.168.20.10/24", "192.168.20.1"),
    },
    Internet({"hq": "198.51.100.1/24", "branch": "203.0.113.1/24"}),
)


class Demo:
    """The lab, and an inventory that leads Ansible to it."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self.lab = lab
        self.inventory = folder / "inventory.yml"
        hosts = {
            name: {
                "ansible_host": place.host,
                "ansible_port": place.tls_port,
                "routeros_ca_file": place.ca_file,
                # Who has to answer, for the role to be content at its end.
                "site_to_site_verify_ping": [{"address": PCS["branch" if name == "hq" else "hq"]}],
            }
            for name, place in lab.routers.items()
        }
        self.inventory.write_text(json.dumps({"all": {"hosts": hosts, "vars": VERIFY}}))

    def ping(self, count: int = 5) -> bool:
        """Let the one LAN host ping the other; prints what it saw."""
        done = self.lab.run("pc-hq", "ping", "-c", str(count), "-i", "0.2", "-W", "1", PCS["branch"])
        print("\n".join(f"  pc-hq$ {line}" for line in done.out.splitlines()[-4:] if line), flush=True)
        return done.status == 0

    def captured(self) -> list[str]:
        """What a capture on the internet shows while the hosts ping each other."""
        with self.lab.capture("internet") as lines:
            self.ping()
        return lines


def expect(holds: bool, what: str) -> None:
    """End the demo where something is not as it should be."""
    if not holds:
        sys.exit(f"this should not be: {what}")


def show(lines: list[str]) -> tuple[int, int]:
    """Print some of a capture; gives how many packets were encrypted, and how many of the sites' were not."""
    esp = [line for line in lines if "ESP(spi" in line]
    clear = [line for line in lines if re.search(r"192\.168\.\d+\.\d+", line)]
    print("\n".join(f"  internet$ {line}" for line in (clear or esp)[:4]))
    print(f"  {len(esp)} encrypted packets, {len(clear)} in clear")
    return len(esp), len(clear)


def run(demo: Demo) -> None:
    """The whole demonstration."""
    heading("Before: the sites do not reach each other")
    expect(not demo.ping(2), "an answer without a tunnel")

    heading("ansible-playbook joins the sites, and waits until pings cross")
    expect(join(demo.inventory)[0] == 0, "the playbook failed")
    heading("After: pings cross, and a capture in the middle shows what of it can be seen there")
    encrypted, clear = show(demo.captured())
    expect(encrypted >= 10 and not clear, "packets that are not encrypted")

    heading("Somebody changes the pre-shared key at one end only")
    status, told = join(demo.inventory, "--limit", "branch", "-e", "psk_hq_branch=another-secret-that-only-one-end-has")
    expect(status == 2 and "pre-shared keys" in told, "no explanation of the failure")
    expect("With what hq says" in told, "nothing of what the other end says")
    heading("Meanwhile nothing crosses, and nothing leaves unencrypted")
    expect(show(demo.captured())[1] == 0, "packets that are not encrypted")

    heading("The key is put right")
    expect(join(demo.inventory)[0] == 0, "the playbook failed")
    expect(demo.ping(), "no answer through the tunnel")


def main() -> None:
    """Say what is missing, or show it; ends with a false status when something is not as it should be."""
    if lacking := missing():
        sys.exit("\n".join(["live twins cannot run here:", *(f"  {each}" for each in lacking)]))
    with tempfile.TemporaryDirectory(prefix="vpnops-live-") as folder:
        heading("Two live twins start, with the factory firewall, and an internet between them")
        try:
            with Lab(PLAN) as lab:
                for name, place in lab.routers.items():
                    print(f"  {name}: RouterOS {place.version}, api-ssl on {place.host}:{place.tls_port}")
                print(f"  ESP is made by: {'the kernel' if lab.ipsec == 'kernel' else 'strongSwan, in user space'}")
                run(Demo(lab, Path(folder)))
        except Trouble as error:
            sys.exit(f"the lab: {error}")


if __name__ == "__main__":
    main()
