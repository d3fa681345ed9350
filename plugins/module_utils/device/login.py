# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs in over the API, in today's way or the one before 6.43."""

from __future__ import annotations

import hashlib

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.answers import Answer, converse
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.dial import where
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.link import Broken, Closed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import LoginRefused, Target, Unreachable
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.wire import Wire

TLS_ALERT = b"\x15\x03"
TLS_HINT = "if this port serves api-ssl, set routeros_transport to api-ssl"


def log_in(wire: Wire, target: Target) -> None:
    """Log in; raises LoginRefused, or Unreachable when the connection did not last that long."""
    name = f"=name={target.user}"
    try:
        answer = _ask(wire, name, f"=password={target.password}")
        if answer.ret is not None and not answer.trap:
            # Only routers before 6.43 give a challenge, and they answer the new form with it.
            answer = _ask(wire, name, f"=response={respond(answer.ret, target.password)}")
    except (Broken, ValueError) as error:
        raise Unreachable(where(target), _told(wire, target, error)) from None
    if answer.trap or answer.ret is not None:
        text = answer.trap.message if answer.trap else "it wants yet another challenge answered"
        problem = (
            f"the login of user {target.user} was refused ({text}); check ansible_user and ansible_password (with "
            "provider its username and password), and that the user's group has the policy api"
        )
        raise LoginRefused(where(target), problem)


def _ask(wire: Wire, *words: str) -> Answer:
    # Untagged, as every client does it: no router was seen to need more before login.
    answer = Answer()
    converse(wire, [["/login", *words]], {"": answer})
    return answer


def respond(challenge: str, password: str) -> str:
    """The response to a challenge in hexadecimal; librouteros' own takes ASCII passwords only."""
    told = b"\0" + password.encode("utf-8", "surrogateescape") + bytes.fromhex(challenge)
    return f"00{hashlib.md5(told, usedforsecurity=False).hexdigest()}"


def _told(wire: Wire, target: Target, error: Exception) -> str:
    if wire.link.greeting == TLS_ALERT:
        return f"what answers there speaks TLS; {TLS_HINT}"
    if isinstance(error, ValueError):
        return "what answers there gave a challenge that is none; check ansible_host and ansible_port"
    if isinstance(error, Closed):
        return (
            f"{error} before the login; check the addresses allowed for the service and its max-sessions{_or(target)}"
        )
    return f"{error} to the login; check ansible_host and ansible_port{_or(target)}"


def _or(target: Target) -> str:
    return f", and {TLS_HINT}" if target.transport == "api" else ""
