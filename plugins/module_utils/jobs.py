# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one task is to do: change something, or answer a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Flow
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.choose import Wanted
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.pings import Ping
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import SERVICES, Service
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import Asked

SEVERAL = "config"
"""The module that takes several menus at once."""


class BadArguments(ValueError):
    """The arguments do not fit the module; the text says which and what is allowed, without secrets."""


@dataclass(frozen=True)
class Guard:
    """How much care a change is to be made with."""

    when: str = "auto"
    """`auto`, `always` or `never`."""
    timeout: int = 120
    """Seconds after which the router undoes what nobody confirmed."""
    keep_open: tuple[Flow, ...] = ()
    """Traffic that the change must not cut, besides the session itself."""


@dataclass(frozen=True)
class Request:
    """One task's wish, and the secrets that must not be shown."""

    module: str
    intent: Intent
    secrets: tuple[str, ...] = ()
    guard: Guard = Guard()

    @property
    def several(self) -> bool:
        """Whether results are told by menu."""
        return self.module == SEVERAL

    @property
    def offline(self) -> bool:
        """Whether no router is needed."""
        return self.intent.state == "rendered"


@dataclass(frozen=True)
class Inquiry:
    """One task's question about what a router has."""

    fail_on: str
    menus: frozenset[str]
    """Paths of the menus that it is about."""
    wan: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    offline: bool = False
    services: tuple[Service, ...] = SERVICES
    sources: tuple[Asked, ...] = ()
    """Who may want to reach them; empty: everybody there is."""
    full_table: bool = False
    """Show also what a change leaves as it is, and members of lists who fare like strangers."""
    proposal: Intent | None = None
    """A change that is not made: the question is about what the router would have after it."""


@dataclass(frozen=True)
class OtherEnd:
    """What is known of the router at the other end of a tunnel."""

    peer: str
    """The name that it has for this one."""
    config: Mapping[str, Any] | None = None
    """Its entries, by module."""
    tunnels: Sequence[Mapping[str, Any]] = ()
    """How its tunnels are, as `status.shown` tells it."""


@dataclass(frozen=True)
class StatusQuestion:
    """One task's question about how tunnels are."""

    wanted: Wanted = field(default_factory=Wanted)
    wait: tuple[int, int] | None = None
    """Wait until all stand: for so many seconds, looking again after so many. None: only look."""
    pings: tuple[Ping, ...] = ()
    """What has to be answered through them."""
    other_end: OtherEnd | None = None
    enough: str = "all"
    """How many of the tunnels have to stand, `all` or `one`."""
    secrets: tuple[str, ...] = ()
    offline: bool = False


@dataclass(frozen=True)
class NetworkQuestion:
    """One task's question about interfaces, addresses and routes."""

    secrets: tuple[str, ...] = ()
    offline: bool = False


Job: TypeAlias = "Request | Inquiry | StatusQuestion | NetworkQuestion"
