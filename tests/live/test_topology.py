# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs with switches and gateways: what is plugged in where, and plans that cannot be built."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twin.live import Gateway, Host, Internet, Lab, Plan, Router
from twin.live.cli.labfile import read

from tests.live.conftest import able

SEED = {
    "/ip/address": [
        {"address": "192.0.2.2/30", "interface": "ether1"},
        {"address": "192.168.10.2/24", "interface": "ether2"},
    ],
    "/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": "192.0.2.1"}],
}
OTHER = {"/ip/address": [{"address": "192.168.10.3/24", "interface": "ether1"}]}
# Two routers and two hosts in one LAN; a modem, a provider and the internet before the one.
PLAN = Plan(
    {
        "r1": Router({"ether1": "modem", "ether2": "lan"}, seed=SEED),
        "r2": Router({"ether1": "lan"}, seed=OTHER),
    },
    {
        "pc": Host("192.168.10.10/24", "192.168.10.2", "lan"),
        "printer": Host("192.168.10.11/24", switch="lan"),
        "user": Host("203.0.113.9/24", "203.0.113.1"),
    },
    Internet(
        {"isp": "198.51.100.1/24", "user": "203.0.113.1/24"},
        {"192.0.2.0/24": "198.51.100.2", "192.168.10.0/24": "198.51.100.2"},
    ),
    switches=("lan",),
    gateways={
        "modem": Gateway(
            {"r1": "192.0.2.1/30", "isp": "192.0.2.6/30"}, {"default": "192.0.2.5", "192.168.10.0/24": "192.0.2.2"}
        ),
        "isp": Gateway(
            {"modem": "192.0.2.5/30", "internet": "198.51.100.2/24"},
            {"default": "198.51.100.1", "192.0.2.0/30": "192.0.2.6", "192.168.10.0/24": "192.0.2.6"},
        ),
    },
)


def pings(lab: Lab, node: str, target: str, *more: str) -> bool:
    return lab.run(node, "ping", "-n", "-c", "1", "-W", "1", *more, target).status == 0


def test_packets_cross_switches_modems_and_providers() -> None:
    able()
    with Lab(PLAN) as lab:
        assert pings(lab, "pc", "203.0.113.9")
        assert pings(lab, "user", "192.168.10.10")
        assert pings(lab, "pc", "192.168.10.3")
        assert pings(lab, "pc", "192.168.10.11")
        assert not pings(lab, "printer", "203.0.113.9")
        # The switch itself can be listened on.
        with lab.capture("lan") as lines:
            pings(lab, "pc", "192.168.10.3")
        assert any("192.168.10.10" in line and "192.168.10.3" in line for line in lines)


def test_a_plan_outlives_its_json() -> None:
    assert Plan.load(PLAN.dump()) == PLAN
    assert Plan.load('{"routers": {"r": {"ports": {}}}}') == Plan({"r": Router({})})


def test_a_lab_file_has_switches_and_gateways() -> None:
    found: dict[str, Any] = {
        "routers": {"r": {"ports": {"ether1": "modem", "ether2": "lan"}}},
        "hosts": {"pc": {"address": "192.168.10.10/24", "switch": "lan"}},
        "switches": ["lan"],
        "gateways": {"modem": {"addresses": {"r": "192.0.2.1/30"}, "routes": {"default": "192.0.2.2"}}},
    }
    assert read(found, Path()) == Plan(
        {"r": Router({"ether1": "modem", "ether2": "lan"})},
        {"pc": Host("192.168.10.10/24", "", "lan")},
        switches=("lan",),
        gateways={"modem": Gateway({"r": "192.0.2.1/30"}, {"default": "192.0.2.2"})},
    )


def with_gateway(**more: str) -> dict[str, Gateway]:
    modem = PLAN.gateways["modem"]
    return {**PLAN.gateways, "modem": Gateway({**modem.addresses, **more}, modem.routes)}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"switches": ()}, "ether2 of r1 leads to lan, which is not there"),
        ({"switches": ("lan", "modem")}, "two nodes of the lab have the same name"),
        ({"hosts": {"pc": Host("192.0.2.9/24", switch="isp")}}, "host pc is plugged into isp, which is no switch"),
        ({"gateways": with_gateway(r2="192.0.2.9/30")}, "modem has an address for router r2, of which no port"),
        ({"gateways": with_gateway(internet="192.0.2.9/30")}, "the internet has no address for modem"),
        ({"gateways": {**PLAN.gateways, "isp": Gateway({})}}, "isp has no address for modem"),
        (
            {"gateways": {**PLAN.gateways, "modem": replace(PLAN.gateways["modem"], routes={"default": "10.0.0.1"})}},
            "modem has a route by 10.0.0.1, which is in none of its networks",
        ),
        (
            {"routers": {**PLAN.routers, "r2": Router({"ether1": "modem", "ether2": "modem"})}},
            "modem has no address for r2",
        ),
        (
            {"routers": {**PLAN.routers, "r1": Router({"ether1": "modem", "ether2": "lan", "ether3": "modem"})}},
            "several cables are in to-r1 of modem",
        ),
    ],
)
def test_what_cannot_be_built_is_told(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        replace(PLAN, **change).check()
