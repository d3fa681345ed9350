# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module firewall_analyse on a router, through Ansible."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from twin import Server
from twin.pytest_plugin import MakeTwin

from tests.integration.playing import PASSWORD, Play, content

Rules = Sequence[Mapping[str, str]]
ARTICLE: Rules = [
    {"chain": "input", "protocol": "udp", "port": "500,4500", "comment": "IKE"},
    {"chain": "input", "protocol": "udp", "port": "500", "limit": "10,5", "comment": "limit"},
    {"chain": "input", "action": "drop", "comment": "last"},
]


# What no firewall sees, so that a test is about the firewall.
CLOSED = {
    "/tool/mac-server": [{"allowed-interface-list": "none"}],
    "/tool/mac-server/mac-winbox": [{"allowed-interface-list": "none"}],
    "/ip/neighbor/discovery-settings": [{"discover-interface-list": "none"}],
    "/ipv6/settings": [{"disable-ipv6": "yes"}],
}


def analyse(**arguments: Any) -> dict[str, Any]:
    return {"name": "analyse", "vpnops.mikrotik.firewall_analyse": arguments}


def router(make_twin: MakeTwin, rules: Rules = (), **options: Any) -> Server:
    seed = {"/ip/firewall/filter": rules, **options.pop("seed", {})}
    return make_twin("7.22.3", users={"admin": PASSWORD}, seed=seed, **options)


@pytest.mark.parametrize("flags", [[], ["--check"]])
def test_findings_are_data_and_nothing_changes(make_twin: MakeTwin, play: Play, flags: list[str]) -> None:
    server = router(make_twin, ARTICLE)
    before = content(server)
    run = play(server, [analyse()], *flags)
    result = run["analyse"].result
    assert (run.status, result["changed"], result["not_judged"]) == (0, False, [])
    assert [(each["kind"], each["severity"], each["rule"].get("label")) for each in result["findings"]] == [
        ("management-cut", "error", "comment=last"),
        ("limit-after-accept", "error", "comment=limit"),
        ("port-either-side", "warning", "comment=IKE"),
        ("ipv6-open", "warning", None),
    ]
    limit = result["findings"][1]
    assert limit["menu"] == "/ip/firewall/filter"
    assert (limit["chain"], limit["rule"]["position"], limit["rule"]["number"]) == ("input", 2, 1)
    assert limit["packets"] == "UDP to port 500"
    assert [each["label"] for each in limit["others"]] == ["comment=IKE"]
    assert limit["advice"]
    assert content(server) == before


def test_it_fails_at_the_severity_that_is_asked_for(make_twin: MakeTwin, play: Play) -> None:
    notice: Rules = [
        {"chain": "input", "src-address": "192.0.2.0/24"},
        {"chain": "input", "src-address": "192.0.2.7"},
        {"chain": "input", "action": "drop"},
    ]
    server = router(make_twin, notice, seed={"/ipv6/settings": [{"disable-ipv6": "yes"}]})
    assert play(server, [analyse(fail_on="warning")]).status == 0
    run = play(server, [analyse(fail_on="notice")])
    assert run.status == 2
    finding = run.failure.result["findings"][0]
    assert (finding["kind"], finding["commands"]) == (
        "duplicate-rule",
        [f"/ip firewall filter remove {finding['rule']['id']}"],
    )
    assert run.failure.message == (
        "127.0.0.1: /ip/firewall/filter: rule 2 (#1, chain=input action=accept) never matches: "
        "rule 1 (#0, chain=input action=accept) above takes all of its packets"
    )


def test_every_finding_is_in_the_message(make_twin: MakeTwin, play: Play) -> None:
    run = play(router(make_twin, ARTICLE), [analyse(fail_on="error")])
    assert (
        "nobody can manage the router any more. /ip/firewall/filter: rule 2 (#1, comment=limit)" in run.failure.message
    )


def test_a_router_as_it_comes_from_the_factory_is_well(make_twin: MakeTwin, play: Play) -> None:
    server = make_twin("7.16.2", users={"admin": PASSWORD}, defconf=True)
    run = play(server, [analyse(fail_on="notice")])
    assert run.status == 0, run.output
    assert run["analyse"].result["findings"] == []


def test_members_of_lists_dynamic_addresses_and_menus_count(make_twin: MakeTwin, play: Play) -> None:
    rules: Rules = [
        {"chain": "input", "protocol": "tcp", "dst-port": "22", "in-interface": "ether1"},
        {"chain": "input", "protocol": "tcp", "dst-port": "23", "src-address-list": "filled"},
        {"chain": "input", "action": "drop"},
    ]
    seed = {
        "/interface/list": [{"name": "WAN"}],
        "/interface/list/member": [{"list": "WAN", "interface": "ether1"}],
        **CLOSED,
        "/ip/firewall/address-list": [{"list": "filled", "address": "192.0.2.1", "dynamic": "true"}],
        "/ip/firewall/nat": [
            {"chain": "srcnat", "action": "masquerade"},
            {"chain": "srcnat", "action": "masquerade", "protocol": "tcp"},
        ],
    }
    server = router(make_twin, rules, seed=seed)
    tasks = [analyse(), {**analyse(menus=["firewall_nat"]), "name": "nat"}, {**analyse(wan=["LAN"]), "name": "wan"}]
    run = play(server, tasks)
    kinds = {name: [each["kind"] for each in run[name].result["findings"]] for name in ("analyse", "nat", "wan")}
    assert kinds == {
        "analyse": ["management-open", "duplicate-rule"],
        "nat": ["duplicate-rule"],
        "wan": ["duplicate-rule"],
    }


def test_it_reads_in_one_round_trip(make_twin: MakeTwin, play: Play) -> None:
    server = router(make_twin, ARTICLE)
    run = play(server, [analyse()])
    assert run.status == 0
    assert server.round_trips == 2, "one for the login, one for all reads"


def test_wrong_arguments_and_no_router_are_told(make_twin: MakeTwin, play: Play) -> None:
    server = router(make_twin)
    assert "value of fail_on must be one of" in play(server, [analyse(fail_on="often")]).failure.message
    local = play({"here": {"ansible_connection": "local"}}, [analyse()])
    assert "no router to talk to" in local.failure.message


def test_it_runs_as_a_classic_module(make_twin: MakeTwin, play: Play) -> None:
    server = router(make_twin, ARTICLE)
    provider = {"host": "127.0.0.1", "port": server.port, "username": "admin", "password": PASSWORD, "transport": "api"}
    task = {**analyse(fail_on="error", provider=provider), "async": 60, "poll": 1}
    here = {"ansible_connection": "ansible.builtin.local", "ansible_python_interpreter": sys.executable}
    run = play({"here": here}, [task])
    assert run.status == 2
    assert "nobody can manage the router any more" in run.failure.message


OPENING = {
    "config": {
        "firewall_address_list": [{"list": "mgmt", "address": "192.0.2.0/28"}],
        "firewall_filter": [
            {
                "chain": "input",
                "protocol": "tcp",
                "dst_port": ["22"],
                "src_address_list": "mgmt",
                "comment": "mgmt: SSH",
            }
        ],
    }
}


def test_who_can_reach_a_router_as_it_comes_from_the_factory(make_twin: MakeTwin, play: Play) -> None:
    server = make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True)
    result = play(server, [analyse()])["analyse"].result
    assert [" ".join(line.partition(": defconf")[0].split()) for line in result["reach_table"]][:8] == [
        "from verdict services decided by",
        "anybody from WAN accept ping input 3",
        "anybody from WAN drop all but ping input 5",
        "anybody from WAN, IPv6 accept ike, nat-t input 6",
        "anybody from WAN, IPv6 accept esp input 8",
        "anybody from WAN, IPv6 accept ah input 7",
        "anybody from WAN, IPv6 accept ping input 3",
        "anybody from WAN, IPv6 drop all others input 10",
    ]
    assert max(map(len, result["reach_table"])) <= 100


def test_reach_is_data_with_the_rule_that_decides(make_twin: MakeTwin, play: Play) -> None:
    server = make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True)
    (first, *_dummy) = play(server, [analyse(reach={"services": ["ssh"]})])["analyse"].result["reach"]
    assert first == {
        "from": "anybody from WAN",
        "family": "IPv4",
        "addresses": [],
        "interfaces": ["ether1"],
        "service": "ssh",
        "protocol": "tcp",
        "port": 22,
        "verdict": "drop",
        "rule": "input 5 (comment=defconf: drop all not coming from LAN)",
        "decided_by": [
            {
                "table": "filter",
                "chain": "input",
                "position": 5,
                # A dynamic rule comes first.
                "number": 5,
                "comment": "defconf: drop all not coming from LAN",
                "id": "*5",
            }
        ],
        "why": "",
    }


def test_a_proposal_is_judged_and_not_made(make_twin: MakeTwin, play: Play) -> None:
    server = make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True)
    before = content(server)
    reach = {"services": ["ssh", "ping"], "sources": [{"address": "mgmt", "interface": "WAN"}, {"interface": "WAN"}]}
    run = play(server, [analyse(proposal=OPENING, reach=reach)])
    result = run["analyse"].result
    assert (run.status, result["changed"], content(server)) == (0, False, before)
    assert result["reach_table"] == [
        "from           now   then    services  decided by",
        "mgmt from WAN  drop  accept  ssh       input 5: mgmt: SSH",
        "left out: 5 unchanged lines (full_table shows all)",
    ]
    assert [each["from"] for each in result["reach"] if each["changes"]] == ["mgmt from WAN"]
    assert len(result["commands"]) == 2
    assert server.round_trips == 2
    full = play(server, [analyse(proposal=OPENING, reach={**reach, "full_table": True})])["analyse"].result
    assert [" ".join(line.split()) for line in full["reach_table"]][:3] == [
        "from now then services decided by",
        "mgmt from WAN drop accept ssh input 5: mgmt: SSH",
        "mgmt from WAN accept accept ping input 3: defconf: accept ICMP",
    ]
    assert (len(full["reach_table"]), full["reach"]) == (7, result["reach"])


def test_what_a_proposal_would_break_is_found_and_can_fail_the_task(make_twin: MakeTwin, play: Play) -> None:
    server = make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True)
    wrong = {"config": {"firewall_filter": [{"chain": "input", "action": "accept", "in_interface_list": "WAN"}]}}
    tasks = [analyse(fail_on="error"), {**analyse(proposal=wrong, fail_on="error"), "name": "proposed"}]
    run = play(server, tasks)
    assert run.failure.task == "proposed"
    assert "from outside, anybody can reach TCP 22 (SSH)" in run.failure.message
    assert run.failure.result["reach_table"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"reach": {"sources": [{"address": "mgnt"}]}},
            "127.0.0.1: reach.sources[0].address: 'mgnt' was given, "
            "allowed is an IPv4 address, prefix or range, or an address list of the router",
        ),
        (
            {"proposal": {"config": {"ipsec_identity": [{"peer": "nobody", "secret": "a-secret-nobody-reads"}]}}},
            "127.0.0.1: /ip/ipsec/identity peer=nobody: peer: 'nobody' was given, but /ip/ipsec/peer has no such entry",
        ),
        (
            {"proposal": {"config": {"ipsec_peer": [{"name": "b", "address": "?"}]}}},
            "127.0.0.1: /ip/ipsec/peer name=b: ",
        ),
    ],
)
def test_what_the_router_does_not_have_is_told(
    make_twin: MakeTwin, play: Play, arguments: dict[str, Any], message: str
) -> None:
    run = play(router(make_twin), [analyse(**arguments)])
    assert run.failure.message.startswith(message)
    assert "a-secret-nobody-reads" not in run.failure.message


def test_the_tables_that_the_documentation_shows(make_twin: MakeTwin, play: Play) -> None:
    page = (Path(__file__).parents[2] / "docs" / "analysis.md").read_text()
    shown = re.findall(r"^```yaml\n((?:[^`]|`[^`])*)^```(?:[^`]|`[^`])*^```text\n(from .*?)^```$", page, re.M | re.S)
    assert len(shown) == 2
    for tasks, text in shown:
        server = make_twin("7.22.3", users={"admin": PASSWORD}, defconf=True)
        run = play(server, yaml.safe_load(tasks))
        assert run.outcomes[0].result["reach_table"] == text.splitlines()
