# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what the role ha_backup_peer makes of connections, and lets it work with that."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ha_backup_peer
short_description: Compile connections with backup peers to the entries one router needs
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Turns connections, as the role P(vpnops.mikrotik.ha_backup_peer#role) takes them, into entries for
    M(vpnops.mikrotik.config). It needs no router, so it also serves to look at what would be made, scripts included.
positional: _input
options:
  _input:
    description: Connections of one router, as the role's option C(ha_backup_peer_tunnels) describes them.
    type: list
    elements: dict
    required: true
  method:
    description: How connections survive that do not say it themselves.
    type: str
    default: policy_switch
  detect:
    description: How a lost peer is noticed, as the role's option C(ha_backup_peer_detect) describes it.
    type: dict
    default: {}
  fail_back:
    description: Whether traffic goes back to a better peer.
    type: bool
    default: true
  fail_back_after:
    description: Seconds for which the better peer has to answer first.
    type: int
    default: 60
  uplinks:
    description: Ways to the internet, as the role's option C(ha_backup_peer_uplinks) describes them.
    type: list
    elements: dict
    default: []
  vrrp:
    description: Routers that share addresses, as the role's option C(ha_backup_peer_vrrp) describes them.
    type: dict
    default: {}
  host:
    description: Name of the router in the inventory, for O(vrrp).
    type: str
    default: ""
  hosts:
    description:
      - The variables of all hosts, C(hostvars), for O(vrrp). A member for which they describe other connections or
        another cluster is named as a problem, since it could not stand for this one.
    type: dict
    default: {}
  profile:
    description: Options of M(vpnops.mikrotik.ipsec_profile) for all connections.
    type: dict
    default: {}
  proposal:
    description: Options of M(vpnops.mikrotik.ipsec_proposal) for all connections.
    type: dict
    default: {}
  existing:
    description:
      - What state C(gathered) of M(vpnops.mikrotik.config) returns for C(ipsec_peer) and C(firewall_address_list), so
        that addresses that other connections need stay in the lists.
    type: dict
    default: {}
  prefix:
    description: Begins the name or comment of everything.
    type: str
    default: ha
  allow_weak:
    description: Take choices that would be refused as too weak.
    type: bool
    default: false
  firewall:
    description: Let the peers in and the traffic of the tunnels through.
    type: bool
    default: true
  nat_bypass:
    description:
      - Keep the traffic of the tunnels, and what the router sends from their local addresses, from being translated.
    type: bool
    default: true
  mss_clamp:
    description: Lower the segment size of TCP connections to what a tunnel takes.
    type: bool
    default: false
  outer_mtu:
    description: Largest packet on the way between the routers, for O(mss_clamp).
    type: int
    default: 1500
"""

EXAMPLES = r"""
- name: Show the script that switches
  ansible.builtin.debug:
    msg: "{{ (tunnels | vpnops.mikrotik.ha_backup_peer).config.system_script }}"
  vars:
    tunnels:
      - name: hq
        local_subnets: [192.168.20.0/24]
        remote_subnets: [192.168.10.0/24]
        certificate: [branch.example.com]
        remote_id: fqdn:hq.example.com
        peers:
          - name: first
            remote_address: 203.0.113.1
          - name: second
            remote_address: 203.0.113.129
"""

RETURN = r"""
_value:
  description: What one router needs.
  type: dict
  contains:
    config:
      description: Entries by module name, as the option C(config) of M(vpnops.mikrotik.config) takes them.
      type: dict
    owners:
      description: Marks for the option C(scope.owner) of M(vpnops.mikrotik.config).
      type: list
      elements: str
    keep:
      description: What the router switches by itself, as the option C(keep) of M(vpnops.mikrotik.config) takes it.
      type: dict
    peers:
      description: Names of the peers by connection; of each connection one has to stand.
      type: dict
    problems:
      description: Sentences on connections that are wrong or weak. If there are any, there are no entries.
      type: list
      elements: str
    reads:
      description:
        - What has to be read of the router, as state C(gathered) of M(vpnops.mikrotik.config) takes it, and given with
          O(existing), so that remote networks inside local ones are known to be none of the router's own.
      type: dict
"""

from collections.abc import Callable, Iterator, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.ha_backup_peer import ha_backup_peer
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Found
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings, settings_from


def compiled(
    tunnels: object,
    *,
    existing: Found | None = None,
    prefix: str = "ha",
    hosts: Mapping[str, Mapping[str, object]] | None = None,
    **options: object,
) -> dict[str, object]:
    """The compiled connections as plain data; `options` are those of the role without its name."""
    if not isinstance(tunnels, list):
        raise AnsibleFilterError("ha_backup_peer takes a list of connections, each with its options by name")
    given = {name: value for name, value in options.items() if name in OF_CONNECTIONS}
    rest = {name: value for name, value in options.items() if name not in given}
    try:
        settings = settings_from(Settings, {"prefix": prefix, **rest}, (*OF_CONNECTIONS, "hosts", "existing"))
    except ValueError as error:
        raise AnsibleFilterError(f"ha_backup_peer: {error}") from None
    result = ha_backup_peer({"tunnels": tunnels, **given}, settings, existing or {})
    if strangers := list(_strangers(tunnels, options, hosts or {})):
        return {**NOTHING, "problems": [*result.problems, *strangers]}
    return {
        "config": result.config,
        "owners": list(result.owners),
        "keep": {module: list(fields) for module, fields in result.keep.items()},
        "peers": {name: list(peers) for name, peers in result.peers.items()},
        "problems": list(result.problems),
        "reads": result.reads,
    }


NOTHING: dict[str, object] = {"config": {}, "owners": [], "keep": {}, "peers": {}, "reads": {}}
OF_CONNECTIONS = ("method", "detect", "fail_back", "fail_back_after", "uplinks", "vrrp", "host", "profile", "proposal")
"""Options that say what the connections are; the others hold for everything that is made."""


def _strangers(
    tunnels: list[object], options: Mapping[str, object], hosts: Mapping[str, Mapping[str, object]]
) -> Iterator[str]:
    """A sentence for every member of the cluster that is described as another one. What it does not say it shares."""
    vrrp = options.get("vrrp")
    members = vrrp.get("members") if isinstance(vrrp, Mapping) else None
    for name in members if isinstance(members, Mapping) else ():
        theirs = hosts[name] if name in hosts and name != options.get("host") else {}
        ours = {"tunnels": tunnels, **{key: options.get(key) for key in ("vrrp", "profile", "proposal")}}
        for key, own in ours.items():
            if (theirs.get(f"ha_backup_peer_{key}") or own) != own:
                told = "describe the members once, in variables of a group of both"
                yield f"vrrp.members: ha_backup_peer_{key} of {name} is not the same as here; {told}"


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., dict[str, object]]]:
        """What Ansible registers."""
        return {"ha_backup_peer": compiled}
