# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which ciphers tunnels use, and whether hardware does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
name: offload
short_description: Tell whether hardware encrypts the tunnels of a router
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Reads what M(vpnops.mikrotik.ipsec_info) tells of tunnels. RouterOS has no switch for hardware; its driver takes
    the algorithms that it can, and shows which at each security association.
positional: _input
options:
  _input:
    description: Tunnels, as C(tunnels) of M(vpnops.mikrotik.ipsec_info).
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Look at the tunnels
  vpnops.mikrotik.ipsec_info:
  register: ipsec

- name: Tell what does the work
  ansible.builtin.debug:
    msg: "{{ ipsec.tunnels | vpnops.mikrotik.offload }}"
"""

RETURN = r"""
_value:
  description: A sentence for each tunnel, such as "s2s-branch aes-cbc of 256 bits with sha256 by the CPU".
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.performance import offload


def told(tunnels: object) -> list[str]:
    """The sentences, by tunnel."""
    if not isinstance(tunnels, list) or not all(isinstance(tunnel, Mapping) for tunnel in tunnels):
        raise AnsibleFilterError("offload takes the tunnels that ipsec_info returns")
    return offload(tunnels)


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """What Ansible registers."""
        return {"offload": told}
