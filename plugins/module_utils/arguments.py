# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a module's arguments into an Intent, and connection settings into a Target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.analysis.analyse import JUDGED
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.analysis.finding import SEVERITIES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Row
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Flow
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.mask import Mask
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.traffic.packet import Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import (
    GUARD,
    GUARDS,
    LONGEST,
    SHORTEST,
    analyse_argument_spec,
    argument_spec,
    config_argument_spec,
    to_words,
)

UNKNOWN = "there is no such option: "
SCOPED = ("overridden", "gathered")
SEVERAL = "config"
"""The module that takes several menus at once."""
ANALYSE = "firewall_analyse"
"""The module that only asks."""


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


Job: TypeAlias = "Request | Inquiry"


def spec_of(module: str) -> dict[str, Any]:
    """The Ansible argument spec of a module."""
    if module == ANALYSE:
        return analyse_argument_spec([menu.module for menu in JUDGED if menu.module], SEVERITIES)
    return config_argument_spec() if module == SEVERAL else argument_spec(BY_MODULE[module])


def validate(spec: Mapping[str, Any], arguments: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Arguments in their declared types and with their defaults; raises BadArguments."""
    result = ArgumentSpecValidator(dict(spec)).validate(dict(arguments))
    if result.error_messages:
        # The private attribute is the only source of the values of `no_log` options; a unit test holds it in place.
        told = (f"{UNKNOWN if isinstance(each, UnsupportedError) else ''}{each}" for each in result.errors)
        raise BadArguments(Mask(map(str, result._no_log_values)).text(f"{where}{'; '.join(told)}"))
    return dict(result.validated_parameters)


def job_from(module: str, arguments: Mapping[str, Any]) -> Job:
    """What a module is to do with validated arguments; raises BadArguments."""
    if module != ANALYSE:
        return request_from(module, arguments)
    menus = frozenset(BY_MODULE[name].path for name in arguments["menus"])
    return Inquiry(arguments["fail_on"], menus, tuple(arguments["wan"]))


def request_from(module: str, arguments: Mapping[str, Any]) -> Request:
    """The wish behind validated arguments; raises BadArguments when entries of `config` do not fit their menus."""
    state = arguments["state"]
    scope = arguments.get("scope") or {}
    if any(scope.values()) and state not in SCOPED:
        raise BadArguments(f"scope has no meaning with state {state}, only with {' or '.join(SCOPED)}")
    wants = {menu: rows for menu, rows in _wants(module, arguments) if rows is not None}
    if not wants and state != "gathered":
        what = "config names no menu" if arguments.get("config") == {} and module == SEVERAL else "config is missing"
        raise BadArguments(f"{what}; it is required when state is {state}")
    if not wants:
        wants = {menu: [] for menu in ([*BY_MODULE.values()] if module == SEVERAL else [BY_MODULE[module]])}
    owner = scope.get("owner")
    fields = {name.replace("_", "-"): tuple(values) for name, values in scope.items() if values and name != "owner"}
    intent = Intent(wants, state, Scope(None if owner is None else tuple(owner), fields))
    return Request(module, intent, tuple(_secrets(wants)), guard_from(arguments.get("guard")))


def guard_from(given: Any) -> Guard:
    """The guard that an argument asks for: a word, or options; raises BadArguments."""
    if given is None or isinstance(given, str | bool):
        word = {"True": "always", "False": "never"}.get(str(given), given or "auto")
        if word not in GUARDS:
            raise BadArguments(f"guard: {given} was given; it can be {', '.join(GUARDS)}, or options")
        return Guard(str(word))
    if not isinstance(given, Mapping):
        raise BadArguments(f"guard: it can be {', '.join(GUARDS)}, or options such as timeout")
    options = validate(GUARD, given, "guard: ")
    if not SHORTEST <= options["timeout"] <= LONGEST:
        raise BadArguments(f"guard: timeout cannot be {options['timeout']}; give {SHORTEST} to {LONGEST} seconds")
    return Guard(options["when"], options["timeout"], tuple(map(_flow, options["keep_open"])))


def _flow(given: Mapping[str, Any]) -> Flow:
    """What is to stay open: a new connection and the packets that follow."""
    shown = " ".join(f"{name}={value}" for name, value in given.items() if value is not None and name != "name")
    known = {name: value for name, value in given.items() if name != "name"}
    try:
        new = Packet(**known, connection_state="new", tcp_flags=frozenset({"syn"}))
    except ValueError as error:
        raise BadArguments(f"guard: keep_open {shown}: {error}") from None
    later = replace(new, connection_state="established", tcp_flags=frozenset({"ack"}))
    return Flow(given["name"] or shown, (new, later))


def _wants(module: str, arguments: Mapping[str, Any]) -> Iterator[tuple[Menu, list[Row] | None]]:
    config = arguments.get("config")
    if module != SEVERAL:
        yield BY_MODULE[module], _rows(BY_MODULE[module], config)
        return
    for menu in MENUS:
        given = (config or {}).get(menu.module) if menu.module else None
        if given is not None:
            spec = {"config": argument_spec(menu)["config"]}
            yield menu, _rows(menu, validate(spec, {"config": given}, f"{menu.module}: ")["config"])


def _rows(menu: Menu, config: Any) -> list[Row] | None:
    if config is None:
        return None
    return [to_words(menu, entry) for entry in ([config] if menu.single else config)]


def _secrets(wants: Mapping[Menu, list[Row]]) -> Iterator[str]:
    for menu, rows in wants.items():
        secret = [item.name for item in menu.fields if item.secret]
        for row in rows:
            yield from (row[name] for name in secret if row.get(name))


def target_from(provider: Mapping[str, Any]) -> Target:
    """The router that a `provider` argument names."""
    given = {name: value for name, value in provider.items() if value is not None}
    given["user"] = given.pop("username", "admin")
    return Target(**given)
