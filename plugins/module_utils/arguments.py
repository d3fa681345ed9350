# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a module's arguments into an Intent, and connection settings into a Target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Row
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import Flow
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.mask import Mask
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.order import Place
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import Scope
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.choose import Wanted
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.status.pings import Ping
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import SEVERITIES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.situation import JUDGED
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Packet
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import (
    KNOWN,
    Service,
    service_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import Asked
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import (
    SEVERAL,
    BadArguments,
    Guard,
    Inquiry,
    Job,
    NetworkQuestion,
    OtherEnd,
    Request,
    StatusQuestion,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.firewall import FILTER
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import (
    GUARD,
    GUARDS,
    LONGEST,
    MOST_PINGS,
    PLACES,
    SHORTEST,
    analyse_argument_spec,
    argument_spec,
    config_argument_spec,
    network_argument_spec,
    status_argument_spec,
    to_words,
    verify_argument_spec,
)

UNKNOWN = "there is no such option: "
SCOPED = ("overridden", "deleted", "gathered")
MAKING = ("merged", "replaced", "overridden")
ANALYSE = "firewall_analyse"
STATUS = "ipsec_info"
VERIFY = "ipsec_verify"
NETWORK = "network_info"
"""The modules that only ask."""


def spec_of(module: str) -> dict[str, Any]:
    """The Ansible argument spec of a module."""
    if module == ANALYSE:
        return analyse_argument_spec([menu.module for menu in JUDGED if menu.module], SEVERITIES, list(KNOWN))
    if module == STATUS:
        return status_argument_spec()
    if module == VERIFY:
        return verify_argument_spec()
    if module == NETWORK:
        return network_argument_spec()
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
    if module == NETWORK:
        return NetworkQuestion()
    if module == STATUS:
        return StatusQuestion(_wanted(arguments))
    if module == VERIFY:
        wait = (_seconds(arguments, "timeout", 0), _seconds(arguments, "interval", 1))
        pings = tuple(_ping(given) for given in arguments["ping"])
        return StatusQuestion(_wanted(arguments), wait, pings, _other_end(arguments), arguments["enough"])
    if module != ANALYSE:
        return request_from(module, arguments)
    menus = frozenset(BY_MODULE[name].path for name in arguments["menus"])
    proposal = _proposal(arguments["proposal"]) if arguments["proposal"] else None
    reach = arguments["reach"] or {"services": [*KNOWN], "sources": None, "full_table": False}
    return Inquiry(
        arguments["fail_on"],
        menus,
        tuple(arguments["wan"]),
        proposal.secrets if proposal else (),
        services=tuple(_service(text) for text in reach["services"]),
        sources=tuple(_source(given) for given in reach["sources"] or ()),
        full_table=reach["full_table"],
        proposal=proposal.intent if proposal else None,
    )


def _wanted(arguments: Mapping[str, Any]) -> Wanted:
    return Wanted(*(tuple(arguments[name]) for name in ("tunnels", "owner", "destinations")))


def _ping(given: Mapping[str, Any]) -> Ping:
    for name in ("address", "src_address"):
        try:
            ip_address(given[name] or "::")
        except ValueError:
            raise BadArguments(f"ping: {name} cannot be {given[name]}; give an address") from None
    if not 1 <= given["count"] <= MOST_PINGS:
        raise BadArguments(f"ping: count cannot be {given['count']}; give 1 to {MOST_PINGS}")
    return Ping(given["address"], given["src_address"] or "", given["count"])


def _other_end(arguments: Mapping[str, Any]) -> OtherEnd | None:
    given = arguments["other_end"]
    if not given:
        return None
    if len(arguments["tunnels"]) != 1 or arguments["owner"] or arguments["destinations"]:
        raise BadArguments("other_end is the end of one tunnel; name that one, and nothing else, in tunnels")
    if given["config"] is None and given["tunnels"] is None:
        raise BadArguments("other_end: give config or tunnels of the other router, or both")
    return OtherEnd(given["peer"], given["config"], tuple(given["tunnels"] or ()))


def _seconds(arguments: Mapping[str, Any], name: str, least: int) -> int:
    seconds = int(arguments[name])
    if not least <= seconds <= LONGEST:
        raise BadArguments(f"{name} cannot be {seconds}; give {least} to {LONGEST} seconds")
    return seconds


def _proposal(given: Mapping[str, Any]) -> Request:
    """A change as the module that takes several menus would have it; raises BadArguments."""
    config = {"config": config_argument_spec()["config"]}
    try:
        return request_from(SEVERAL, {**given, **validate(config, {"config": given["config"]})})
    except BadArguments as bad:
        raise BadArguments(f"proposal: {bad}") from None


def _service(text: str) -> Service:
    try:
        return service_of(text)
    except ValueError as error:
        raise BadArguments(f"reach.services: {error}") from None


def _source(given: Mapping[str, str | None]) -> Asked:
    return Asked(**{name: text for name, text in given.items() if text})


def request_from(module: str, arguments: Mapping[str, Any]) -> Request:
    """The wish behind validated arguments; raises BadArguments when entries of `config` do not fit their menus."""
    state = arguments["state"]
    scope = arguments.get("scope") or {}
    if any(scope.values()) and state not in SCOPED:
        raise BadArguments(
            f"scope has no meaning with state {state}, only with {', '.join(SCOPED[:-1])} or {SCOPED[-1]}"
        )
    within = _scope(scope, state)
    wants, places = _wants(module, arguments)
    if places and state not in MAKING:
        raise BadArguments(f"place_before and place_after have no meaning with state {state}")
    if not wants:
        wants = {menu: [] for menu in _unnamed(module, arguments, within)}
    effective = arguments.get("effective") is not False
    intent = Intent(wants, state, within, _keep(module, arguments), places, effective)
    return Request(module, intent, tuple(_secrets(wants)), guard_from(arguments.get("guard")))


def _keep(module: str, arguments: Mapping[str, Any]) -> dict[Menu, frozenset[str]]:
    """The fields that are the router's to change, by menu; raises BadArguments."""
    given = arguments.get("keep")
    if not given:
        return {}
    if arguments["state"] not in MAKING:
        told = f"{', '.join(MAKING[:-1])} or {MAKING[-1]}"
        raise BadArguments(f"keep has no meaning with state {arguments['state']}, only with {told}")
    fields = given.items() if module == SEVERAL else [(module, given)]
    return dict(_kept_of(name, options) for name, options in fields)


def _kept_of(name: str, options: object) -> tuple[Menu, frozenset[str]]:
    menu = BY_MODULE.get(name)
    if menu is None or not menu.adds:
        raise BadArguments(f"keep: {name} was given; it takes names of modules that add entries, such as ipsec_policy")
    if not isinstance(options, list):
        raise BadArguments(f"keep: {name} takes a list of options, such as [disabled]")
    return menu, frozenset(_kept(menu, str(option)) for option in options)


def _kept(menu: Menu, option: str) -> str:
    """The field of an option that may be left to the router."""
    item = menu.by_option.get(option)
    if item is None or item.name in menu.key:
        allowed = ", ".join(each.option for each in menu.fields if each.name not in menu.key)
        raise BadArguments(f"keep: {option} of {menu.module} was given; it can be {allowed}")
    return item.name


def _scope(given: Mapping[str, Any], state: str) -> Scope:
    """What a task may touch; raises BadArguments where nobody is named whose entries could go."""
    if state == "deleted":
        for name, values in given.items():
            if values is not None and not any(values):
                raise BadArguments(f"scope.{name} is empty; with state deleted, name at least one, or leave it out")
    owner = given.get("owner")
    fields = {name.replace("_", "-"): tuple(values) for name, values in given.items() if values and name != "owner"}
    return Scope(None if owner is None else tuple(owner), fields)


def _unnamed(module: str, arguments: Mapping[str, Any], scope: Scope) -> Iterator[Menu]:
    """The menus that a task is about which names none; raises BadArguments where it has to."""
    state = arguments["state"]
    if state != "gathered" and not (state == "deleted" and scope.narrows):
        what = "config is missing" if module != SEVERAL or arguments.get("config") is None else "config names no menu"
        instead = ", unless scope says what is to go" if state == "deleted" else ""
        raise BadArguments(f"{what}; it is required when state is {state}{instead}")
    for menu in BY_MODULE.values() if module == SEVERAL else [BY_MODULE[module]]:
        if state == "gathered" or module != SEVERAL or (menu.mark and menu.adds and not menu.single):
            yield menu


def guard_from(given: Any) -> Guard:
    """The guard that an argument asks for: a word, or options; raises BadArguments."""
    if given is None or isinstance(given, str | bool):
        word = {"True": "always", "False": "never"}.get(str(given), given or "auto")
        if word not in GUARDS:
            raise BadArguments(f"guard: {given} was given; it can be {', '.join(GUARDS)}, or options")
        return Guard(str(word))
    if not isinstance(given, Mapping):
        raise BadArguments(f"guard: it can be {', '.join(GUARDS)}, or options such as timeout")
    # What a template leaves empty is as good as not given, as Ansible has it of options within options.
    options = validate(GUARD, {name: value for name, value in given.items() if value is not None}, "guard: ")
    if not SHORTEST <= options["timeout"] <= LONGEST:
        raise BadArguments(f"guard: timeout cannot be {options['timeout']}; give {SHORTEST} to {LONGEST} seconds")
    return Guard(options["when"], options["timeout"], tuple(map(_flow, options["keep_open"])))


def _flow(given: Mapping[str, Any]) -> Flow:
    """What is to stay open: a new connection and the packets that follow."""
    shown = " ".join(f"{name}={value}" for name, value in given.items() if value is not None and name != "name")
    known = {name: value for name, value in given.items() if name != "name"}
    try:
        FILTER.by_name["protocol"].kind.normal(known["protocol"].removeprefix("!") if known["protocol"] else "")
        new = Packet(**known, connection_state="new", tcp_flags=frozenset({"syn"}))
    except ValueError as error:
        raise BadArguments(f"guard: keep_open {shown}: {error}") from None
    for name in ("src_port", "dst_port"):
        if known[name] is not None and not 0 < known[name] < 65536:
            raise BadArguments(f"guard: keep_open {shown}: {name} cannot be {known[name]}; a port is 1 to 65535")
    later = replace(new, connection_state="established", tcp_flags=frozenset({"ack"}))
    return Flow(given["name"] or shown, ((new,), (later,), (_answer(later),)))


def _answer(packet: Packet) -> Packet:
    """What comes back."""
    return replace(
        packet,
        chain={"input": "output", "output": "input"}.get(packet.chain, packet.chain),
        src=packet.dst,
        dst=packet.src,
        src_port=packet.dst_port,
        dst_port=packet.src_port,
        in_interface=packet.out_interface,
        out_interface=packet.in_interface,
    )


Wants = tuple[dict[Menu, Sequence[Row]], dict[Menu, list[Place | None]]]


def _wants(module: str, arguments: Mapping[str, Any]) -> Wants:
    """The rows that are wanted in each menu, and where the user wants each; raises BadArguments."""
    given = dict(_entries(module, arguments))
    rows: dict[Menu, Sequence[Row]] = {
        menu: [to_words(menu, _plain(entry)) for entry in entries] for menu, entries in given.items()
    }
    places = {menu: [_place(menu, entry) for entry in entries] for menu, entries in given.items()}
    return rows, {menu: each for menu, each in places.items() if any(each)}


def _entries(module: str, arguments: Mapping[str, Any]) -> Iterator[tuple[Menu, list[Mapping[str, Any]]]]:
    config = arguments.get("config")
    if module != SEVERAL:
        menu = BY_MODULE[module]
        if config is not None:
            yield menu, [config] if menu.single else config
        return
    for menu in MENUS:
        given = (config or {}).get(menu.module) if menu.module else None
        if given is not None:
            spec = {"config": argument_spec(menu)["config"]}
            checked = validate(spec, {"config": given}, f"{menu.module}: ")["config"]
            yield menu, [checked] if menu.single else checked


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in PLACES}


def _place(menu: Menu, entry: Mapping[str, Any]) -> Place | None:
    """Where the user wants an entry; raises BadArguments for one above one entry and below another."""
    given = [(name, str(entry[name])) for name in PLACES if entry.get(name)]
    if len(given) > 1:
        raise BadArguments(f"{menu.module}: place_before and place_after were both given; an entry has one of them")
    return Place(given[0][0].removeprefix("place_"), given[0][1]) if given else None


def _secrets(wants: Mapping[Menu, Sequence[Row]]) -> Iterator[str]:
    for menu, rows in wants.items():
        secret = [item.name for item in menu.fields if item.secret]
        for row in rows:
            yield from (row[name] for name in secret if row.get(name))


def target_from(provider: Mapping[str, Any]) -> Target:
    """The router that a `provider` argument names."""
    given = {name: value for name, value in provider.items() if value is not None}
    given["user"] = given.pop("username", "admin")
    return Target(**given)
