# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a router is and how to reach it; nothing else."""

from __future__ import annotations

DOCUMENTATION = r"""
name: routeros
short_description: Reach MikroTik RouterOS routers over their API
version_added: "1.0.0"
author: the vpnops contributors (@vpnops)
description:
  - Says where a router is and how to log in, with the variables that every connection of Ansible uses.
  - The modules of this collection run on the controller and log in once per task. This plugin runs no commands and
    copies no files, so modules of other collections do not work over it.
options:
  host:
    description: Name or address of the router.
    default: inventory_hostname
    type: str
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: delegated_vars['ansible_host']
  remote_user:
    description:
      - User to log in as. Its group needs the policies C(api), C(read), C(write), C(test), C(policy) and C(sensitive).
    default: admin
    type: str
    vars:
      - name: ansible_user
    env:
      - name: ANSIBLE_NET_USERNAME
    ini:
      - section: defaults
        key: remote_user
    cli:
      - name: user
    keyword:
      - name: remote_user
  password:
    description: Password of the user.
    type: str
    default: ""
    vars:
      - name: ansible_password
      - name: ansible_ssh_pass
      - name: ansible_ssh_password
    env:
      - name: ANSIBLE_NET_PASSWORD
  port:
    description: TCP port. Without it, 8729 for V(api-ssl), 8728 for V(api).
    type: int
    vars:
      - name: ansible_port
    keyword:
      - name: port
  transport:
    description:
      - How to talk to the router, V(api-ssl) or V(api).
      - V(api) sends everything in clear text, passwords and pre-shared keys included; use it on trusted wires only.
    # No choices: Ansible would refuse another word without saying what is allowed.
    type: str
    default: api-ssl
    vars:
      - name: routeros_transport
  timeout:
    description: Seconds that connecting, or one answer, may take.
    type: int
    default: 30
    vars:
      - name: routeros_timeout
      - name: ansible_command_timeout
  ca_file:
    description: File with the authorities (PEM) that may vouch for the router; without it, those of the system.
    type: path
    vars:
      - name: routeros_ca_file
  fingerprint:
    description:
      - SHA-256 fingerprint of the router's certificate, in hexadecimal; colons are welcome.
      - Given, it replaces the check against authorities and of the host name.
    type: str
    vars:
      - name: routeros_fingerprint
  validate_certs:
    description: Whether the router's certificate is checked. Turned off, every task warns.
    type: bool
    default: true
    vars:
      - name: routeros_validate_certs
  anonymous:
    description:
      - Accept V(api-ssl) from a router whose service has no certificate (anonymous Diffie-Hellman).
      - Encrypted, but anybody in between can pretend to be the router; every task warns.
    type: bool
    default: false
    vars:
      - name: routeros_anonymous
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase

NO_COMMANDS = (
    "the connection vpnops.mikrotik.routeros runs no commands and copies no files; "
    "use it with the modules of vpnops.mikrotik, and set gather_facts to false"
)
SETTINGS = ("host", "password", "port", "transport", "timeout", "ca_file", "fingerprint", "validate_certs", "anonymous")


class Connection(ConnectionBase):  # type: ignore[misc]
    """Carries the settings of one router to the action plugin."""

    transport = "vpnops.mikrotik.routeros"
    has_pipelining = False

    def target(self) -> dict[str, t.Any]:
        """The settings by the names of `device.session.Target`."""
        settings = {name: self.get_option(name) for name in SETTINGS}
        return {**settings, "user": self.get_option("remote_user"), "password": settings["password"] or ""}

    def _connect(self) -> Connection:
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Refuse: routers are configured by modules."""
        raise AnsibleError(NO_COMMANDS)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Refuse: nothing is copied to a router."""
        raise AnsibleError(NO_COMMANDS)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Refuse: nothing is copied from a router."""
        raise AnsibleError(NO_COMMANDS)

    def reset(self) -> None:
        """Nothing is open between tasks."""

    def close(self) -> None:
        """Nothing is open between tasks."""
