# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a router how its tunnels are; each look is one round trip."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Reply,
    Session,
    Target,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.choose import NoSuchTunnel, Wanted, choose
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import (
    Rows,
    Told,
    Tunnel,
    number,
    tunnels,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments, StatusQuestion
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets

# Keys are among the properties of associations: they are never asked for.
QUESTIONS = {
    "/ip/ipsec/peer": ("name", "address", "current-address", "disabled", "dynamic", "comment"),
    "/ip/ipsec/active-peers": (
        *("state", "side", "local-address", "remote-address", "uptime", "last-seen", "natt-peer"),
        *("rx-bytes", "tx-bytes"),
    ),
    "/ip/ipsec/policy": (
        *("src-address", "dst-address", "peer", "ph2-state", "active", "disabled", "template", "comment"),
    ),
    "/ip/ipsec/installed-sa": (
        *("spi", "src-address", "dst-address", "state", "enc-algorithm", "enc-key-size", "auth-algorithm", "hw-aead"),
        *("seen-traffic", "current-bytes", "current-packets", "expires-in"),
    ),
    "/log": ("time", "topics", "message"),
    "/ip/ipsec/statistics": (),
}


def status(question: StatusQuestion, target: Target, secrets: Secrets) -> dict[str, Any]:
    """Return the module's result; raises BadArguments for a tunnel that the router does not have."""
    secrets.learn([target.password])
    session = open_session(target)
    try:
        found, counters = observe(session, target.host)
    finally:
        session.close()
    wanted = chosen(found, question.wanted, target.host)
    result = {
        "changed": False,
        "warnings": list(session.warnings),
        "tunnels": [shown(each) for each in wanted],
        "statistics": counters,
    }
    return secrets.deep_mask(result)


def observe(session: Session, router: str) -> tuple[list[Tunnel], dict[str, int]]:
    """All tunnels of a router, and its counters of IPsec."""
    replies = session.run([
        Command(path, "print", {".proplist": ",".join(names)} if names else {}) for path, names in QUESTIONS.items()
    ])  # fmt: skip
    rows = [_rows(router, path, reply) for path, reply in zip(QUESTIONS, replies, strict=True)]
    counters = {name.replace("-", "_"): number(row, name) for row in rows[5] for name in row if name[0] != "."}
    return tunnels(Told(*rows[:5])), counters


def _rows(router: str, path: str, reply: Reply) -> Rows:
    # Who may not read the log can still be told of tunnels.
    return reply.rows if path == "/log" else reply.wanted(router, f"{path} print")


def chosen(found: list[Tunnel], wanted: Wanted, router: str) -> list[Tunnel]:
    """The tunnels meant; raises BadArguments for those that the router does not have."""
    try:
        return choose(found, wanted)
    except NoSuchTunnel as error:
        raise BadArguments(f"{router}: {error}") from None


def shown(tunnel: Tunnel) -> dict[str, Any]:
    """A tunnel as data."""
    return {
        "peer": tunnel.peer,
        "address": tunnel.address,
        "disabled": tunnel.disabled,
        "stands": tunnel.stands,
        "phase1": tunnel.phase1,
        "phase2": tunnel.phase2,
        "sessions": [asdict(each) for each in tunnel.sessions],
        "policies": [asdict(each) for each in tunnel.policies],
        "associations": [asdict(each) for each in tunnel.associations],
        "last_error": tunnel.last_error,
        "comment": tunnel.comment,
    }
