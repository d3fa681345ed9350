# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netwatch of a live twin asks real hosts, notices in time that one is gone, and keeps nobody waiting meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.live.sites import HOST, LAN, WAN, Sites, until

NETWATCH = "/tool/netwatch"
INTERVAL, TIMEOUT, SLACK = 1.0, 0.5, 1.0
"""Seconds; the last is for a machine that others use as well."""
NOBODY = "192.168.10.99"


@pytest.fixture
def watching(sites: Sites) -> Iterator[Sites]:
    yield sites
    menu = sites.path("a", NETWATCH)
    menu.remove(*(row[".id"] for row in sites.rows("a", NETWATCH)))


def watch(sites: Sites, name: str, host: str, **words: str) -> None:
    times = {"interval": f"{INTERVAL:g}s", "timeout": f"{TIMEOUT * 1000:g}ms", "start-delay": "0s"}
    more = {key.replace("_", "-"): value for key, value in words.items()}
    sites.path("a", NETWATCH).add(**{"name": name, "host": host, **times, **more})


def status(sites: Sites) -> dict[str, str]:
    return {row["name"]: row["status"] for row in sites.rows("a", NETWATCH)}


def said(sites: Sites) -> list[str]:
    return [row["message"] for row in sites.rows("a", "/log") if row["topics"] == "script,warning"]


def test_hosts_that_answer_are_up_and_others_down(watching: Sites) -> None:
    watch(watching, "simple", WAN["b"])
    watch(watching, "source", HOST["a"], src_address=f"{LAN['a']}.1")
    watch(watching, "no-such-source", HOST["a"], src_address="192.0.2.1")
    watch(watching, "icmp", WAN["b"], type="icmp", packet_count="5")
    watch(watching, "api", WAN["b"], type="tcp-conn", port="8728")
    watch(watching, "no-such-port", WAN["b"], type="tcp-conn", port="81")
    watch(watching, "nobody", NOBODY)
    wanted = {
        "simple": "up", "source": "up", "no-such-source": "down", "icmp": "up", "api": "up", "no-such-port": "down",
        "nobody": "down",
    }  # fmt: skip
    assert until(lambda: status(watching) == wanted, 10), status(watching)
    found = {row["name"]: row for row in watching.rows("a", NETWATCH)}
    assert (found["icmp"]["sent-count"], found["icmp"]["response-count"]) == (5, 5)


def test_a_host_that_is_cut_off_is_noticed_in_time_and_its_script_runs(watching: Sites) -> None:
    watch(watching, "b", WAN["b"], up_script="/log/warning back", down_script="/log/warning gone")
    assert until(lambda: status(watching) == {"b": "up"}, 10)
    began = time.monotonic()
    watching.lab.run("b", "ip", "link", "set", "ether1", "down")
    try:
        assert until(lambda: said(watching)[-1:] == ["gone"], 10)
        took = time.monotonic() - began
        assert TIMEOUT * 0.9 <= took <= INTERVAL + TIMEOUT + SLACK
        assert status(watching) == {"b": "down"}
    finally:
        watching.lab.run("b", "ip", "link", "set", "ether1", "up")
    # The way out went with the link; the router's own settings did not.
    watching.lab.run("b", "ip", "route", "replace", "default", "via", "203.0.113.1")
    assert until(lambda: said(watching)[-1:] == ["back"], 10)


def test_probes_without_an_answer_keep_nobody_waiting(watching: Sites) -> None:
    for number in range(10):
        watch(watching, f"n{number}", NOBODY, timeout="900ms")
    slowest = 0.0
    for _dummy in range(30):
        began = time.monotonic()
        watching.rows("a", "/ip/address")
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.05)
    assert slowest < 0.5
