# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a session to a router over the transport that its target names."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.api import open_api
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import BadSettings, Session, Target


def open_session(target: Target) -> Session:
    """A logged-in session; raises BadSettings, Unreachable, LoginRefused or Untrusted, and nothing was changed then."""
    if target.timeout <= 0:
        raise BadSettings(target.host, f"routeros_timeout cannot be {target.timeout}; give seconds above 0")
    if target.port is not None and not 0 < target.port < 65536:
        raise BadSettings(target.host, f"ansible_port cannot be {target.port}; a port is 1 to 65535")
    if target.transport in ("api", "api-ssl"):
        return open_api(target)
    if target.transport == "ssh":
        problem = "the transport ssh is not available yet; set routeros_transport to api-ssl"
    else:
        problem = f"there is no transport {target.transport}; set routeros_transport to api-ssl or api"
    raise BadSettings(target.host, problem)
