# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what the role site_to_site would ask of a router."""

from __future__ import annotations

DOCUMENTATION = r"""
name: site_to_site
short_description: Compile tunnels between sites to the entries of one router
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Turns the tunnels that the role P(vpnops.mikrotik.site_to_site#role) takes into entries for the module
    M(vpnops.mikrotik.config), without talking to a router.
  - Nothing is raised for tunnels that are wrong or weak; the result says so in sentences.
positional: _input
options:
  _input:
    description: Tunnels, as the role's option C(site_to_site_tunnels) describes them.
    type: list
    elements: dict
    required: true
  prefix:
    description: Begins the name or comment of everything that is made.
    type: str
    default: s2s
  profile:
    description: Options of M(vpnops.mikrotik.ipsec_profile) for all tunnels, on top of the built-in ones.
    type: dict
    default: {}
  proposal:
    description: Options of M(vpnops.mikrotik.ipsec_proposal) for all tunnels, on top of the built-in ones.
    type: dict
    default: {}
  allow_weak:
    description: Take choices that are weaker than they should be.
    type: bool
    default: false
  firewall:
    description: Let peers and tunnel traffic through, for tunnels that do not say otherwise themselves.
    type: bool
    default: true
  nat_bypass:
    description:
      - Keep tunnel traffic, and what the router sends from the tunnels' local addresses, from being translated, for
        tunnels that do not say otherwise themselves.
    type: bool
    default: true
  mss_clamp:
    description: Lower the segment size of TCP connections through the tunnels to what leaves in one piece.
    type: bool
    default: false
  outer_mtu:
    description: Largest packet on the way between the routers, for O(mss_clamp).
    type: int
    default: 1500
  existing:
    description:
      - What stands on the router under the prefix, as M(vpnops.mikrotik.config) gathers it for C(ipsec_peer)
        and C(firewall_address_list), so that what other tunnels need is kept.
      - Without it the given tunnels are taken for the only ones.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Look at the policies that a tunnel needs
  ansible.builtin.debug:
    msg: "{{ (tunnels | vpnops.mikrotik.site_to_site).config.ipsec_policy }}"
  vars:
    tunnels:
      - name: branch
        remote_address: 203.0.113.50
        local_subnets: [192.168.10.0/24]
        remote_subnets: [192.168.20.0/24]
        certificate: [hq.example.com]
        remote_id: fqdn:branch.example.com
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
    problems:
      description: Sentences on tunnels that are wrong or weak. If there are any, there are no entries.
      type: list
      elements: str
    reads:
      description:
        - What has to be read of the router, as state C(gathered) of M(vpnops.mikrotik.config) takes it, and given with
          O(existing), so that remote networks inside local ones are known to be none of the router's own.
      type: dict
"""

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.neighbours import Found
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.settings import Settings, settings_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.site_to_site import site_to_site


def compiled(
    tunnels: object,
    *,
    profile: Mapping[str, object] | None = None,
    proposal: Mapping[str, object] | None = None,
    existing: Found | None = None,
    **settings: object,
) -> dict[str, object]:
    """The compiled tunnels as plain data; `settings` are those of `patterns.settings.Settings`."""
    if not isinstance(tunnels, list) or not all(isinstance(tunnel, Mapping) for tunnel in tunnels):
        raise AnsibleFilterError("site_to_site takes a list of tunnels, each with its options by name")
    try:
        chosen = settings_from(Settings, settings, ("profile", "proposal", "existing"))
    except ValueError as error:
        raise AnsibleFilterError(f"site_to_site: {error}") from None
    result = site_to_site(tunnels, chosen, profile or {}, proposal or {}, existing or {})
    return {
        "config": result.config,
        "owners": list(result.owners),
        "problems": list(result.problems),
        "reads": result.reads,
    }


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., dict[str, object]]]:
        """What Ansible registers."""
        return {"site_to_site": compiled}
