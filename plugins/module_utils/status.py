# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a router how its tunnels are, once or until they stand; each look is one round trip."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import BadArguments, StatusQuestion
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Refused,
    Reply,
    Session,
    Target,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import shown as entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.ends import differences, end_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.explain import explain, sentence
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.tunnels import (
    Rows,
    Told,
    Tunnel,
    number,
    tunnels,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import REAL, Watch
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets

ENDS = tuple(menu for menu in MENUS if menu.path.startswith("/ip/ipsec/") and not menu.single)
"""What the ends of a tunnel are compared by."""
# Keys are among the properties of associations: they are never asked for.
QUESTIONS = {
    "/ip/ipsec/peer": ("name", "address", "current-address", "disabled", "dynamic"),
    "/ip/ipsec/active-peers": (
        *("state", "side", "local-address", "remote-address", "uptime", "last-seen", "natt-peer"),
        *("rx-bytes", "tx-bytes"),
    ),
    "/ip/ipsec/policy": ("src-address", "dst-address", "peer", "ph2-state", "active", "disabled", "template"),
    "/ip/ipsec/installed-sa": (
        *("spi", "src-address", "dst-address", "state", "enc-algorithm", "enc-key-size", "auth-algorithm", "hw-aead"),
        *("seen-traffic", "current-bytes", "current-packets", "expires-in"),
    ),
    "/log": ("topics", "message"),
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
    wanted = chosen(found, question.tunnels, target.host)
    result = {
        "changed": False,
        "warnings": list(session.warnings),
        "tunnels": [shown(each) for each in wanted],
        "statistics": counters,
    }
    return secrets.deep_mask(result)


def verify(question: StatusQuestion, target: Target, secrets: Secrets, watch: Watch = REAL) -> dict[str, Any]:
    """Wait until tunnels stand and return the module's result, which is a failure with the reasons if they do not."""
    secrets.learn([target.password])
    session = open_session(target)
    try:
        seen = _seen(question, session, target.host, watch)
        differ = _compared(question, session, target.host) if seen.down else []
    finally:
        session.close()
    result = {
        "changed": False,
        "warnings": list(session.warnings),
        "tunnels": [shown(each) for each in seen.tunnels],
        "observed": seen.observed,
        "waited": seen.waited,
    }
    if seen.down:
        told = ". ".join(sentence(each) for each in seen.down)
        if question.other_end:
            told += f". The ends differ: {'; '.join(differ)}" if differ else ". The ends fit, as far as can be compared"
            result["differences"] = differ
        reasons = [{"peer": each.peer, **_reason(each)} for each in seen.down]
        result |= {"failed": True, "msg": f"{target.host}: after {seen.waited} s: {told}", "reasons": reasons}
    return secrets.deep_mask(result)


def _compared(question: StatusQuestion, session: Session, router: str) -> list[str]:
    """In what the two ends of the tunnel asked about do not fit; raises BadArguments for a peer that is not there."""
    if not question.other_end:
        return []
    config, peer = question.other_end
    _dummy, tables = read(session, router, ENDS, with_dynamic=False)
    ours = {str(menu.module): [*entries(menu, found, secrets=False)] for menu, found in tables.items()}
    here, there = end_of(ours, question.tunnels[0]), end_of(config, peer)
    if there is None:
        known = ", ".join(str(each.get("name")) for each in config.get("ipsec_peer", ())) or "none"
        raise BadArguments(f"{router}: other_end.peer: the other end has no peer {peer}; there are: {known}")
    return differences(here, there) if here else []


@dataclass
class _Seen:
    """What was seen of tunnels in the course of time."""

    tunnels: list[Tunnel] = field(default_factory=list)
    observed: list[dict[str, Any]] = field(default_factory=list)
    waited: int = 0

    @property
    def down(self) -> list[Tunnel]:
        return [each for each in self.tunnels if not each.stands]

    def note(self, tunnels: list[Tunnel], after: int) -> None:
        """Keep what is now, and what of it has changed."""
        self.observed += _news(tunnels, self.observed, after)
        self.tunnels, self.waited = tunnels, after


def _seen(question: StatusQuestion, session: Session, router: str, watch: Watch) -> _Seen:
    """Look until all stand or the time is over, at least once."""
    timeout, interval = question.wait or (0, 1)
    seen, began = _Seen(), watch.now()
    while True:
        found, _dummy = observe(session, router)
        meant = [each for each in found if question.tunnels or not each.disabled]
        passed = watch.now() - began
        seen.note(chosen(meant, question.tunnels, router), round(passed))
        if not seen.down or passed >= timeout:
            return seen
        watch.pause(min(interval, timeout - passed))


def _news(tunnels: list[Tunnel], observed: list[dict[str, Any]], after: int) -> list[dict[str, Any]]:
    """What has changed since it was last seen."""
    last = {each["peer"]: (each["phase1"], each["phase2"]) for each in observed}
    return [
        {"after": after, "peer": each.peer, "phase1": each.phase1, "phase2": each.phase2}
        for each in tunnels
        if last.get(each.peer) != (each.phase1, each.phase2)
    ]


def _reason(tunnel: Tunnel) -> dict[str, str]:
    found = explain(tunnel)
    return {"kind": found.kind, "meaning": found.meaning, "advice": found.advice, "log": tunnel.last_error}


def observe(session: Session, router: str) -> tuple[list[Tunnel], dict[str, int]]:
    """All tunnels of a router, and its counters of IPsec."""
    replies = session.run([
        Command(path, "print", {".proplist": ",".join(names)} if names else {}) for path, names in QUESTIONS.items()
    ])  # fmt: skip
    rows = [_rows(router, path, reply) for path, reply in zip(QUESTIONS, replies, strict=True)]
    counters = {name.replace("-", "_"): number(row, name) for row in rows[5] for name in row if name[0] != "."}
    return tunnels(Told(*rows[:5])), counters


def _rows(router: str, path: str, reply: Reply) -> Rows:
    if reply.trap and path != "/log":
        raise Refused(router, f"{path} print: {reply.trap.message}")
    return reply.rows


def chosen(found: list[Tunnel], names: tuple[str, ...], router: str) -> list[Tunnel]:
    """The tunnels of these peers, or all; raises BadArguments for names that no peer has."""
    known = {each.peer: each for each in found}
    if missing := [name for name in names if name not in known]:
        there = ", ".join(known) or "none"
        raise BadArguments(f"{router}: /ip/ipsec/peer: there is no peer {', '.join(missing)}; there are: {there}")
    return [known[name] for name in names] if names else found


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
    }
