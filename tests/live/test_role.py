# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role site_to_site on live twins: it waits for its tunnels, and names the two lines in which two ends differ."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.integration.playing import Run, play_on
from tests.live.sites import FAR, HOST, LAN, SECRET, WAN, Sites

ROLE = [{"role": "vpnops.mikrotik.site_to_site"}]


def host(sites: Sites, name: str, **variables: Any) -> dict[str, Any]:
    """A site's router as an inventory has it, with its tunnel to the other one."""
    far = FAR[name]
    tunnel = {
        "name": far,
        "remote_address": WAN[far],
        "local_subnets": [f"{LAN[name]}.0/24"],
        "remote_subnets": [f"{LAN[far]}.0/24"],
        "psk": SECRET,
    }
    return {
        "ansible_connection": "vpnops.mikrotik.routeros",
        "ansible_host": "127.0.0.1",
        "ansible_port": sites.lab.routers[name].port,
        "ansible_user": "admin",
        "ansible_password": "",
        "routeros_transport": "api",
        "site_to_site_tunnels": [tunnel],
        "site_to_site_verify_timeout": 15,
        "site_to_site_verify_ping": [{"address": HOST[far], "count": 1}],
        **variables,
    }


def join(sites: Sites, folder: Path, **of_b: Any) -> Run:
    hosts: Mapping[str, Any] = {"a": host(sites, "a"), "b": host(sites, "b", **of_b)}
    return play_on(folder, hosts, roles=ROLE)


def test_the_role_waits_until_pings_cross(sites: Sites, tmp_path: Path) -> None:
    sites.clear()
    run = join(sites, tmp_path)
    assert run.status == 0, run.output
    assert sites.ping()


def test_the_role_hears_both_ends_and_names_what_differs(sites: Sites, tmp_path: Path) -> None:
    sites.clear()
    run = join(sites, tmp_path, site_to_site_profile={"dh_group": ["ecp384"]})
    assert run.status != 0
    told = {each.host: each.message for each in run.outcomes if each.task.endswith("Tell why the tunnels do not stand")}
    assert "groups of phase 1: ecp256, modp2048 here, ecp384 there" in told["a"], run.output
    assert "groups of phase 1: ecp384 here, ecp256, modp2048 there" in told["b"], run.output
    assert SECRET not in run.output


def test_an_other_end_that_refused_its_tunnel_is_told_as_such(sites: Sites, tmp_path: Path) -> None:
    sites.clear()
    run = join(sites, tmp_path, site_to_site_profile={"enc_algorithm": ["aes-192"]})
    (told,) = [each.message for each in run.outcomes if each.task.endswith("Tell why the tunnels do not stand")]
    assert "b, the other end, was not heard: " in told
    assert "there is no peer s2s-a; there are: none" in told
