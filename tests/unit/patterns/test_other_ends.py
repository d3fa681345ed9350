# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host of an inventory is the other end of a tunnel."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.filter.other_ends import other_ends

HQ = {"name": "branch", "remote_address": "203.0.113.50", "local_subnets": ["192.168.10.0/24"]}
BRANCH = {"name": "hq", "remote_address": "198.51.100.7", "remote_subnets": ["192.168.10.0/24"]}
HQ["remote_subnets"] = BRANCH["local_subnets"] = ["192.168.20.0/24"]
FOUND = {"s2s-branch": {"host": "branch", "peer": "s2s-hq"}}


def hosts(**branch: Any) -> dict[str, dict[str, Any]]:
    return {"hq": {"site_to_site_tunnels": [HQ]}, "branch": branch, "laptop": {}}


def test_networks_the_other_way_round_are_the_same_tunnel() -> None:
    assert other_ends([HQ], hosts(site_to_site_tunnels=[BRANCH]), "hq") == FOUND
    named = hosts(site_to_site_tunnels=[BRANCH], site_to_site_prefix="vpn")
    assert other_ends([HQ], named, "hq") == {"s2s-branch": {"host": "branch", "peer": "vpn-hq"}}


def test_where_networks_differ_the_address_decides() -> None:
    wrong = {**BRANCH, "local_subnets": ["192.168.21.0/24"]}
    assert other_ends([HQ], hosts(site_to_site_tunnels=[wrong]), "hq") == {}
    assert other_ends([HQ], hosts(site_to_site_tunnels=[wrong], ansible_host="203.0.113.50"), "hq") == FOUND
    several = hosts(site_to_site_tunnels=[wrong, {**wrong, "name": "x"}], ansible_host="203.0.113.50")
    assert other_ends([HQ], several, "hq") == {}


def test_tunnels_that_go_away_and_what_is_no_tunnel_have_no_other_end() -> None:
    assert other_ends([{"name": "old", "state": "absent"}, "x"], hosts(site_to_site_tunnels="y"), "hq") == {}
    with pytest.raises(AnsibleFilterError, match="a list of tunnels"):
        other_ends("x", hosts(), "hq")
