# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds, for each tunnel of a router, the host of the inventory that is its other end."""

from __future__ import annotations

DOCUMENTATION = r"""
name: other_ends
short_description: Find the hosts at the other ends of tunnels between sites
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - For tunnels that the role P(vpnops.mikrotik.site_to_site#role) takes, tells which other host of the inventory has
    the same tunnel, seen from its own end.
  - That is the host whose tunnel has the same networks the other way round, or else the only tunnel of the host whose
    C(ansible_host) is the remote address.
positional: _input
options:
  _input:
    description: Tunnels, as the role's option C(site_to_site_tunnels) describes them.
    type: list
    elements: dict
    required: true
  hosts:
    description: The variables of all hosts, C(hostvars).
    type: dict
    required: true
  own:
    description: The name of this host, C(inventory_hostname).
    type: str
    required: true
  prefix:
    description: Begins the names of peers, for hosts that do not say otherwise.
    type: str
    default: s2s
"""

EXAMPLES = r"""
- name: Tell who is at the other ends
  ansible.builtin.debug:
    msg: "{{ tunnels | vpnops.mikrotik.other_ends(hostvars, inventory_hostname) }}"
  vars:
    tunnels:
      - name: branch
        remote_address: 203.0.113.50
        local_subnets: [192.168.10.0/24]
        remote_subnets: [192.168.20.0/24]
"""

RETURN = r"""
_value:
  description:
    - By the name of the peer here, C(host), the host at the other end, and C(peer), the name of the peer there. Tunnels
      whose other end is not in the inventory are left out.
  type: dict
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from ansible.errors import AnsibleFilterError

Hosts: TypeAlias = Mapping[str, Mapping[str, object]]


def other_ends(tunnels: object, hosts: Hosts, own: str, prefix: str = "s2s") -> dict[str, dict[str, str]]:
    """The host and the peer at the other end, by the name of the peer here."""
    if not isinstance(tunnels, list):
        raise AnsibleFilterError("other_ends takes a list of tunnels")
    found = {}
    for tunnel in tunnels:
        ends = list(_ends(tunnel, hosts, own)) if isinstance(tunnel, Mapping) else []
        if len(ends) == 1:
            host, there = ends[0]
            begin = hosts[host].get("site_to_site_prefix", prefix)
            found[f"{prefix}-{tunnel.get('name')}"] = {"host": host, "peer": f"{begin}-{there.get('name')}"}
    return found


def _ends(tunnel: Mapping[str, object], hosts: Hosts, own: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Tunnels of other hosts with the same networks the other way round; without one, of those with that address."""
    others = [(host, each) for host in hosts if host != own for each in _tunnels(hosts[host])]
    turned = [(host, each) for host, each in others if _networks(each) == _networks(tunnel)[::-1]]
    address = tunnel.get("remote_address")
    at = [(host, each) for host, each in others if address and hosts[host].get("ansible_host") == address]
    yield from turned or at


def _tunnels(variables: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = variables.get("site_to_site_tunnels")
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _networks(tunnel: Mapping[str, object]) -> tuple[list[str], list[str]]:
    """Those of this side, and those of the other one; empty for what is no list."""
    local, remote = tunnel.get("local_subnets"), tunnel.get("remote_subnets")
    return (
        sorted(map(str, local)) if isinstance(local, list) else [],
        sorted(map(str, remote)) if isinstance(remote, list) else ["?"],
    )


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., dict[str, dict[str, str]]]]:
        """What Ansible registers."""
        return {"other_ends": other_ends}
