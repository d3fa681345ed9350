# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dst-nat does to a packet before the filter sees it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import Firewall
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide, decide_chain

from tests.unit.engine.router import entries
from tests.unit.firewall.packets import MEMBERS, SSH, TRANSIT, short

case = pytest.param
PUBLIC = replace(SSH, dst_port=8080)
TO_SERVER = "dst-nat chain=dstnat protocol=tcp dst-port=8080 to-addresses=10.0.0.9 to-ports=80"
TO_ROUTER = "redirect chain=dstnat protocol=tcp dst-port=8080 to-ports=22"
FINAL = ("accept chain=forward connection-nat-state=dstnat dst-address=10.0.0.9 dst-port=80 protocol=tcp", "drop")


@pytest.mark.parametrize(
    ("nat", "filter_rules", "packet", "local", "said"),
    [
        case([TO_SERVER], FINAL, PUBLIC, frozenset({"203.0.113.1"}), "accept *0", id="to-a-server"),
        case([TO_SERVER], FINAL, PUBLIC, None, "cannot tell *1 *0", id="to-who-knows-where"),
        case([TO_SERVER], FINAL, PUBLIC, frozenset({"10.0.0.9"}), "drop *1", id="to-an-address-of-the-router"),
        case([TO_SERVER], FINAL, SSH, None, "drop *1", id="other-traffic"),
        case(
            [TO_SERVER], FINAL, replace(PUBLIC, connection_state="established"), None, "drop *1", id="not-a-new-packet"
        ),
        case(
            [TO_SERVER],
            FINAL,
            replace(PUBLIC, connection_state="related"),
            frozenset({"203.0.113.1"}),
            "cannot tell *0 *1",
            id="perhaps-a-new-packet",
        ),
        case([TO_ROUTER], ("accept dst-port=22 protocol=tcp", "drop"), PUBLIC, None, "accept *0", id="redirected"),
        case(["accept chain=dstnat", TO_SERVER], FINAL, PUBLIC, frozenset({"203.0.113.1"}), "drop *1", id="left-alone"),
        case(
            [TO_SERVER.replace("10.0.0.9", "10.0.0.8-10.0.0.9")],
            ("accept chain=forward dst-address=10.0.0.8/31", "drop chain=forward", "drop"),
            PUBLIC,
            frozenset({"203.0.113.1"}),
            "cannot tell *2 *0 *1",
            id="to-one-of-several",
        ),
        case(
            ["dst-nat chain=dstnat to-addresses=203.0.113.1"],
            ("accept connection-nat-state=dstnat", "drop"),
            SSH,
            frozenset({"203.0.113.1"}),
            "cannot tell *0 *1",
            id="to-where-it-was-going-anyway",
        ),
        case(["masquerade chain=srcnat"], ("accept",), PUBLIC, None, "accept *0", id="source-nat-comes-later"),
    ],
)
def test_dst_nat_comes_before_the_filter(
    nat: list[str], filter_rules: tuple[str, ...], packet: Packet, local: frozenset[str] | None, said: str
) -> None:
    firewall = Firewall(filter=entries(*filter_rules), nat=entries(*nat), members=MEMBERS, local=local)
    assert short(decide(firewall, packet)) == said


def test_one_chain_of_nat_tells_which_rule_translates() -> None:
    nat = entries("accept chain=srcnat ipsec-policy=out,ipsec", "masquerade chain=srcnat out-interface-list=WAN")
    firewall = Firewall(nat=nat, members=MEMBERS)
    leaving = replace(TRANSIT, in_interface="bridge", out_interface="ether1")
    found = decide_chain(firewall, "nat", "srcnat", leaving)
    assert str(found) == "accept: masquerade by rule *1 (nat srcnat)"
    assert short(decide_chain(firewall, "nat", "srcnat", replace(leaving, ipsec_out=True))) == "accept *0"
    with pytest.raises(ValueError, match="'forward' is not a built-in chain of nat: srcnat, dstnat, input, output"):
        decide_chain(firewall, "nat", "forward", leaving)


def test_many_doubtful_translations_are_no_trouble() -> None:
    lines = [f"dst-nat chain=dstnat to-addresses=10.0.0.{n} time=1h-2h limit=1,{n}:packet" for n in range(1, 60)]
    firewall = Firewall(filter=entries("drop", "drop chain=forward"), nat=entries(*lines), local=frozenset())
    assert short(decide(firewall, SSH)) == "drop *1 *0"
    firewall = Firewall(filter=entries("drop", "accept chain=forward"), nat=entries(*lines), local=frozenset())
    assert short(decide(firewall, SSH)) == "cannot tell *1 *0"
