# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with a twin in the same process, and guarded changes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Lost,
    Reply,
    RouterError,
    Trap,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import read_entries
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import stage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import (
    Guarded,
    Watch,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from twin import Router, SteppedClock
from twin.command import parse

FILTER, LISTS, SERVICE = (BY_MODULE[name] for name in ("firewall_filter", "firewall_address_list", "ip_service"))
ARM = ["/system/clock/print", "/system/script/add", "/system/scheduler/add", "/system/scheduler/add"]
SCRIPT, SCHEDULER = "/system/script", "/system/scheduler"
TIMEOUT = 60
NAME = "vpnops-guard"
Rows = Sequence[Mapping[str, str]]
Answer = Callable[[Command], Reply | None]


@dataclass
class Desk:
    """A session with a twin in this very process; it breaks at one sentence, and may not be made again."""

    router: Router
    cut: int = 0
    before: bool = False
    """It breaks before the sentence is carried out, not after."""
    instead: Answer = lambda _asked: None
    """Answers instead of the router."""
    shut: Callable[[int], RouterError | None] = lambda _login: None
    """Why a login fails, by its number."""
    sent: list[str] = field(default_factory=list)
    logins: int = 0
    broken: bool = False
    warnings: list[str] = field(default_factory=list)

    def run(self, commands: Sequence[Command]) -> list[Reply]:
        return [self._one(each) for each in commands]

    def _one(self, asked: Command) -> Reply:
        if self.broken:
            raise Lost("r1", "the session is gone")
        self.sent.append(f"{asked.path}/{asked.verb}")
        self.broken = len(self.sent) == self.cut
        reply = None if self.broken and self.before else self._answer(asked)
        if self.broken or reply is None:
            raise Lost("r1", "the router closed the connection")
        return reply

    def _answer(self, asked: Command) -> Reply:
        given = self.instead(asked)
        if given:
            return given
        words = [f"={name}={text}" for name, text in asked.words.items()]
        replies = self.router.run(parse([f"{asked.path}/{asked.verb}", *words, *asked.queries]))
        trap = next((Trap(each.attributes["message"]) for each in replies if each.word == "!trap"), None)
        rows = tuple(each.attributes for each in replies if each.word == "!re")
        return Reply(rows, replies[-1].attributes.get("ret"), trap)

    def renew(self) -> None:
        self.logins += 1
        if problem := self.shut(self.logins):
            raise problem
        self.broken = False

    def close(self) -> None:
        raise AssertionError("whoever opened the session closes it")


OLD = {"chain": "input", "action": "drop", "protocol": "tcp", "dst-port": "23", "comment": "telnet"}
NEW = {"chain": "input", "action": "drop", "protocol": "udp", "comment": "udp"}
WISHES: Mapping[str, Mapping[Menu, Rows]] = {
    "only-adds": {FILTER: [OLD, NEW]},
    "only-removes": {FILTER: []},
    "changes": {FILTER: [{**OLD, "dst-port": "25"}]},
    "a-service": {SERVICE: [{"name": "telnet", "disabled": "yes"}]},
    "for-an-hour": {LISTS: [{"list": "bad", "address": "192.0.2.66", "timeout": "1h"}]},
    "everything": {
        LISTS: [{"list": "bad", "address": "192.0.2.66", "timeout": "1h"}, {"list": "bad", "address": "192.0.2.67"}],
        FILTER: [{**OLD, "dst-port": "25"}, NEW],
        SERVICE: [{"name": "telnet", "disabled": "yes"}],
    },
}


def a_router() -> Router:
    router = Router("7.24.5", clock=SteppedClock())
    router.call("/ip/firewall/filter/add", OLD)
    return router


def guarded(desk: Desk, wish: str = "everything", timeout: int = TIMEOUT) -> Guarded:
    want = WISHES[wish]
    tables = {menu: read_entries(menu, desk.router.rows(menu.path)) for menu in want}
    state = "merged" if SERVICE in want else "overridden"
    staged = stage(plan(tables, Intent(want, state, effective=False), (7, 24)), tables)
    return Guarded(desk, "r1", staged, tables, (7, 24), timeout, watch_of(desk.router), token="our-own-token")


def watch_of(router: Router, pauses: list[float] | None = None) -> Watch:
    def pause(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)
        router.advance(seconds)

    return Watch(router.clock, pause)


def held(router: Router) -> dict[str, list[dict[str, str]]]:
    counted = ("bytes", "packets", "timeout", "creation-time")
    return {
        path: [{name: text for name, text in row.items() if name not in counted} for row in rows]
        for path, rows in router.dump().items()
    }


def done(wish: str) -> dict[str, list[dict[str, str]]]:
    desk = Desk(a_router())
    guarded(desk, wish).run()
    return held(desk.router)


def answering(path: str, verb: str, reply: Reply, nth: int = 1) -> Answer:
    """Give one reply to the nth sentence of a sort."""
    seen = []

    def instead(asked: Command) -> Reply | None:
        if (asked.path, asked.verb) != (path, verb):
            return None
        seen.append(asked)
        return reply if len(seen) == nth else None

    return instead


def refused(message: str) -> Reply:
    return Reply(trap=Trap(message))
