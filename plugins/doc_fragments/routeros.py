# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation of all modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """How the modules reach a router, and what Ansible may expect of them."""

    DOCUMENTATION = r"""
options:
  provider:
    description:
      - The router to talk to, for tasks on a host that is not the router itself, such as a jump host with a way to it.
      - Not needed, and best left out, where the host's connection is P(vpnops.mikrotik.routeros#connection).
    type: dict
    suboptions:
      host:
        description: Name or address of the router.
        type: str
        required: true
      username:
        description:
          - User to log in as.
          - Its group needs the policies C(api), C(read), C(write), C(test), C(policy) and C(sensitive).
        type: str
        default: admin
      password:
        description: Password of the user.
        type: str
      port:
        description: TCP port; without it 8729 for V(api-ssl) and 8728 for V(api).
        type: int
      transport:
        description: V(api-ssl) is encrypted; V(api) sends everything, the password included, as plain text.
        type: str
        choices: [api-ssl, api]
        default: api-ssl
      timeout:
        description: Seconds that connecting, or one answer of the router, may take.
        type: float
        default: 30.0
      ca_file:
        description: PEM file with the authorities to trust; without it those that the system trusts.
        type: path
      fingerprint:
        description: SHA-256 of the router's certificate in hexadecimal, to trust that certificate and no authority.
        type: str
      validate_certs:
        description: Whether the router's certificate is checked; V(false) warns on every run.
        type: bool
        default: true
      anonymous:
        description:
          - Accept a router whose C(api-ssl) service has no certificate at all.
          - The connection is then encrypted, but nobody knows with whom.
        type: bool
        default: false
attributes:
  check_mode:
    description: Whether the task can say what it would change without changing it.
    support: full
  diff_mode:
    description: Whether the task can show the changes as a diff.
    support: full
  idempotent:
    description: Whether a second run of the same task changes nothing.
    support: full
  async:
    description: Whether the task can run in the background with C(async).
    support: partial
    details: Works with O(provider); refused over the connection P(vpnops.mikrotik.routeros#connection).
  platform:
    description: What the task manages.
    platforms: RouterOS
    support: full
  action_group:
    description: The group that sets defaults for all these modules by C(module_defaults).
    support: full
    membership:
      - vpnops.mikrotik.routeros
requirements:
  - librouteros, where the module runs
notes:
  - Options have RouterOS's names with C(_) for C(-), and RouterOS's values. Spellings that mean the same, such as
    V(24h) and V(1d), a list in another order, or an address with and without V(/32), are no change.
  - Over the connection P(vpnops.mikrotik.routeros#connection) the module runs on the controller and logs in once.
  - An option that the router's version does not have is refused before anything is written.
seealso:
  - plugin: vpnops.mikrotik.routeros
    plugin_type: connection
    description: How to reach routers, with the variables of the inventory.
"""

    TUNNELS = r"""
options:
  tunnels:
    description: Names of the peers whose tunnels are asked for.
    type: list
    elements: str
    default: []
  owner:
    description:
      - Marks that the comments of peers, or of their policies, begin with; V(s2s-*) takes all that begin with V(s2s-).
    type: list
    elements: str
    default: []
  destinations:
    description: Addresses or networks; the tunnels are those whose policies lead there.
    type: list
    elements: str
    default: []
"""
