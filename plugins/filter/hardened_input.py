# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what the role hardened_input would ask of a router."""

from __future__ import annotations

DOCUMENTATION = r"""
name: hardened_input
short_description: Compile what may reach a router to the entries it needs
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Turns the options of the role P(vpnops.mikrotik.hardened_input#role) into entries for the module
    M(vpnops.mikrotik.config), without talking to a router.
  - Nothing is raised for options that are wrong or weak; the result says so in sentences.
positional: _input
options:
  _input:
    description:
      - Options of the role by name, without C(hardened_input_) in front; those left out have the role's defaults.
    type: dict
    required: true
  existing:
    description:
      - What the router has of the menus in C(reads), as M(vpnops.mikrotik.config) gathers it. The factory's own rules
        are found among those of C(firewall_filter) and C(ipv6_firewall_filter).
      - Without it no rule of the factory is replaced, and nothing goes to C(devices).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Look at the chain input that a router would get
  ansible.builtin.debug:
    msg: "{{ (options | vpnops.mikrotik.hardened_input).config.firewall_filter }}"
  vars:
    options:
      management: [192.168.10.0/28]
      ipsec_peers: [203.0.113.50]
"""

RETURN = r"""
_value:
  description: What one router needs.
  type: dict
  contains:
    config:
      description: Entries by module name, as the option C(config) of M(vpnops.mikrotik.config) takes them.
      type: dict
    scope:
      description: What these entries may replace, as the option C(scope) of M(vpnops.mikrotik.config) takes it.
      type: dict
    services:
      description: Entries for M(vpnops.mikrotik.ip_service); none unless C(services) is on.
      type: list
      elements: dict
    devices:
      description:
        - Settings by module name, as the option C(config) of M(vpnops.mikrotik.config) takes them; none unless
          C(devices) is on.
        - Menus that the router lacks have none.
      type: dict
    reads:
      description: The menus of which C(existing) is to have the entries, as the option C(config) of
        M(vpnops.mikrotik.config) takes them.
      type: dict
    problems:
      description: Sentences on options that are wrong or weak. If there are any, there are no entries.
      type: list
      elements: str
"""

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardened_input import Found, hardened_input


def compiled(options: object, *, existing: Found | None = None) -> dict[str, object]:
    """The compiled options as plain data."""
    if not isinstance(options, Mapping):
        raise AnsibleFilterError("hardened_input takes options by name, such as management")
    result = hardened_input(options, existing or {})
    return {
        "config": result.config,
        "scope": {"owner": list(result.owners), "chain": list(result.chains)},
        "services": list(result.services),
        "devices": dict(result.devices),
        "reads": dict(result.reads),
        "problems": list(result.problems),
    }


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., dict[str, object]]]:
        """What Ansible registers."""
        return {"hardened_input": compiled}
