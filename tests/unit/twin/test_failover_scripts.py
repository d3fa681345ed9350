# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever scripts that switch from one tunnel to another are made of."""

from __future__ import annotations

import pytest
from twin import Router, SteppedClock, Trap

POLICY, NETWATCH = "/ip/ipsec/policy", "/tool/netwatch"
SA, ACTIVE, CONNECTION = "/ip/ipsec/installed-sa", "/ip/ipsec/active-peers", "/ip/firewall/connection"
HA_B = '[find where comment~"^ha-b"]'


@pytest.fixture
def router() -> Router:
    """Two tunnels of which the second waits, what came of the first, and two hosts that are watched."""
    found = Router("7.22.3", clock=SteppedClock())
    found.add("/ip/address", address="192.0.2.1/24", interface="ether1")
    found.add("/ip/ipsec/peer", name="a", address="203.0.113.1")
    for name, disabled in (("ha-a", "no"), ("ha-b", "yes"), ("ha-b2", "yes"), ("other", "no")):
        words = {"src_address": "192.168.10.0/24", "dst_address": "192.168.20.0/24", "peer": "a", "tunnel": "yes"}
        if name != "ha-a":
            words |= {"dst_address": f"10.{len(name)}.{name.count('2')}.0/24"}
        found.add(POLICY, comment=name, disabled=disabled, **words)
    found.seed({
        SA: [{"src-address": "203.0.113.1", "dst-address": "198.51.100.2", "spi": "0xA"}],
        ACTIVE: [
            {"remote-address": "203.0.113.1", "state": "established"},
            {"remote-address": "203.0.113.9", "state": "message-1-sent"},
        ],
    })  # fmt: skip
    found.add(NETWATCH, host="192.0.2.1", name="up", comment="up", start_delay="0s", interval="1s")
    found.add(NETWATCH, host="192.0.2.9", comment="down", start_delay="0s", interval="1s", timeout="100ms")
    found.add("/system/scheduler", name="job", disabled="yes", interval="1s", on_event=":log info tick")
    found.advance(0.5)
    return found


def run(router: Router, source: str) -> str:
    return router.call("/execute", {"script": source, "as-string": ""})[0]["ret"]


def on(router: Router) -> list[str]:
    return [row["comment"] for row in router.rows(POLICY) if row["disabled"] == "false" and row.get("comment")]


def said(router: Router, topics: str = "script,warning") -> list[str]:
    return [row["message"] for row in router.rows("/log") if row["topics"] == topics]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (f"/ip/ipsec/policy/enable {HA_B}", ["ha-a", "ha-b", "ha-b2", "other"]),
        ('/ip/ipsec/policy/disable [find where comment~"^ha-"]', ["other"]),
        ('/ip ipsec policy disable [/ip ipsec policy find where comment~"^ha-a"]', ["other"]),
        ('/ip/ipsec/policy; disable [find comment="ha-a"]; enable [find comment="ha-b"]', ["ha-b", "other"]),
        ('/ip/ipsec/policy/disable [find where comment~"^nobody"]', ["ha-a", "other"]),
        ('/ip/ipsec/policy/set [find where comment~"^ha-"] disabled=no', ["ha-a", "ha-b", "ha-b2", "other"]),
        (
            ':foreach p in=[/ip/ipsec/policy/find where comment~"^ha-" disabled=yes] do={/ip/ipsec/policy/enable $p}',
            ["ha-a", "ha-b", "ha-b2", "other"],
        ),
    ],
)
def test_policies_are_switched(router: Router, source: str, wanted: list[str]) -> None:
    assert run(router, source) == ""
    assert on(router) == wanted


@pytest.mark.parametrize(
    ("source", "output"),
    [
        (':put [/ip/ipsec/policy/get [find comment="ha-a"] disabled]', "false"),
        (':put [/ip/ipsec/policy/get [find comment="ha-a"] value-name=dst-address]', "192.168.20.0/24"),
        (':put [:len [/ip/ipsec/policy/find where comment~"^ha-b"]]', "2"),
        (':put [/tool/netwatch/get [find comment="up"] status]', "up"),
        (":put [/tool/netwatch get [find comment=down] status]", "down"),
        (':if ([/tool/netwatch/get [find name="up"] status] = "up") do={:put yes} else={:put no}', "yes"),
        (":put [:len [/tool/netwatch/find where status=down]]", "1"),
        ('/ip/ipsec/active-peers/print count-only where state="established"', "1"),
        (":put [:len [/ip/ipsec/active-peers/find where state=established remote-address=203.0.113.9]]", "0"),
        (":put [:len [/ip/ipsec/installed-sa/find]]", "1"),
        (":do {:error x} on-error={:put caught}", "caught"),
        (":do {/ip/ipsec/policy/enable nobody} on-error={:put caught}", "caught"),
    ],
)
def test_what_is_the_case_is_asked(router: Router, source: str, output: str) -> None:
    assert run(router, source) == output


def test_associations_are_flushed(router: Router) -> None:
    assert run(router, "/ip/ipsec/installed-sa/flush") == ""
    assert router.rows(SA) == []
    assert run(router, "/ip/ipsec/active-peers/kill-connections") == ""
    assert router.rows(ACTIVE) == []


def test_connections_are_removed(router: Router) -> None:
    router.seed({CONNECTION: [
        {"protocol": "udp", "src-address": "192.0.2.1:500", "dst-address": "203.0.113.1:500"},
        {"protocol": "udp", "src-address": "192.0.2.1:500", "dst-address": "203.0.113.2:500"},
    ]})  # fmt: skip
    assert run(router, '/ip/firewall/connection/remove [find where dst-address~"^203.0.113.1:"]') == ""
    assert [row["dst-address"] for row in router.rows(CONNECTION)] == ["203.0.113.2:500"]


def test_lines_are_logged(router: Router) -> None:
    run(router, '/log/warning "a b"; /log/warning message=c; /log warning d; :log warning "e"')
    assert said(router) == ["a b", "c", "d", "e"]


def test_entries_of_the_scheduler_are_switched(router: Router) -> None:
    run(router, "/system/scheduler/enable job")
    router.advance(2)
    run(router, "/system/scheduler/disable [find name=job]")
    router.advance(2)
    assert said(router, "script,info") == ["tick", "tick"]


def test_failures_are_counted_over_the_runs_of_one_owner(router: Router) -> None:
    """Three in a row switch; one success begins anew."""
    source = """
        :global haFails
        :if ([:typeof $haFails] = "nothing") do={ :set haFails 0 }
        :if ([/tool/netwatch/get [find comment="down"] status] = "down") do={
            :set haFails ($haFails + 1)
        } else={
            :set haFails 0
        }
        :if ($haFails = 3) do={ /system/script/run ha-switch }
    """
    router.add("/system/script", name="ha-check", policy="read,write,test", source=source)
    switch = f'/ip/ipsec/policy/enable {HA_B}\n/log/warning message="switched"'
    router.add("/system/script", name="ha-switch", policy="read,write", source=switch)
    router.add("/system/scheduler", name="check", interval="10s", on_event="ha-check", policy="read,write,test")
    router.advance(25)
    assert (said(router), on(router)) == ([], ["ha-a", "other"])
    router.advance(50)
    assert (said(router), on(router)) == (["switched"], ["ha-a", "ha-b", "ha-b2", "other"])
    assert router.failures == []


def test_down_script_of_netwatch_switches_and_up_script_switches_back(router: Router) -> None:
    alive = True
    router.echo = lambda _address, _source: alive
    for name, old, new in (("ha-down", "ha-a", "ha-b"), ("ha-up", "ha-b", "ha-a")):
        lines = (
            f'/ip/ipsec/policy/disable [find where comment~"^{old}"]',
            f'/ip/ipsec/policy/enable [find where comment~"^{new}"]',
            "/ip/ipsec/installed-sa/flush",
        )
        router.add("/system/script", name=name, policy="read,write,test", source="\r\n".join(lines))
    words = {"interval": "1s", "timeout": "100ms", "start_delay": "0s"}
    router.add(NETWATCH, host="192.0.2.7", name="w", up_script="ha-up", down_script="ha-down", **words)
    router.advance(0.5)
    assert on(router) == ["ha-a", "other"]
    alive = False
    router.advance(1.5)
    assert on(router) == ["ha-b", "ha-b2", "other"]
    alive = True
    router.advance(1.5)
    assert on(router) == ["ha-a", "other"]
    assert router.failures == []


def test_a_script_that_is_gone_is_an_error(router: Router) -> None:
    with pytest.raises(Trap, match="no such item"):
        router.call("/system/script/run", {"number": "nobody"})
    assert "no such item" in run(router, "/system/script/run nobody")


def test_a_point_in_brackets_is_a_point(router: Router) -> None:
    assert run(router, ':put ("203.0.113.1:4500" ~ "^203[.]0[.]113[.]1:")') == "true"
    assert run(router, ':put ("203.0.113.11:4500" ~ "^203[.]0[.]113[.]1:")') == "false"
    assert "does not play the pattern" in run(router, ':put ("1" ~ "^[[:digit:]]")')
