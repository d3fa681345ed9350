# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Menus as Ansible's module options, and entries between the form options have and RouterOS's words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import split
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu

Options = dict[str, Any]

STATES = ("merged", "replaced", "overridden", "deleted", "gathered", "rendered")
STATES_TO_TRY = ("merged", "replaced", "overridden", "deleted")
STATES_OF_FIXED = tuple(state for state in STATES if state != "deleted")
STATES_OF_SINGLE = ("merged", "replaced", "gathered", "rendered")
MARKS = {"type": "list", "elements": "str"}
EFFECTIVE: Options = {"type": "bool", "default": True}
PROVIDER: Options = {
    "host": {"type": "str", "required": True},
    "username": {"type": "str", "default": "admin"},
    "password": {"type": "str", "no_log": True},
    "port": {"type": "int"},
    "transport": {"type": "str", "choices": ["api-ssl", "api"], "default": "api-ssl"},
    "timeout": {"type": "float", "default": 30.0},
    "ca_file": {"type": "path"},
    "fingerprint": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "anonymous": {"type": "bool", "default": False},
}
GUARDS = ("auto", "always", "never")
SHORTEST, LONGEST = 5, 3600
"""Seconds that a guard may be set to."""
FLOW: Options = {
    "name": {"type": "str"},
    "chain": {"type": "str", "choices": ["input", "forward", "output"], "default": "input"},
    "src": {"type": "str"},
    "dst": {"type": "str"},
    "protocol": {"type": "str", "default": "tcp"},
    "src_port": {"type": "int"},
    "dst_port": {"type": "int"},
    "in_interface": {"type": "str"},
    "out_interface": {"type": "str"},
}
GUARD: Options = {
    "when": {"type": "str", "choices": list(GUARDS), "default": "always"},
    "timeout": {"type": "int", "default": 120},
    "keep_open": {"type": "list", "elements": "dict", "options": FLOW, "default": []},
}
PLACES = {
    "place_before": "Put the entry above the one with this comment or id (such as V(*1A)) instead of where it would be "
    "put by itself; V(first) stands for the first entry of the chain that this task does not place, V(last) for the "
    "last one. An entry that is above it already stays where it is. Not with O(place_after).",
    "place_after": "Put the entry below the one with this comment or id; see O(place_before).",
}
"""Options of the entries of an ordered menu that are no properties of theirs, and what they mean."""
MOST_PINGS = 10
"""Of one host: a router answers only when it is through with them, one each second."""
# A word or a dictionary: no type of Ansible's takes both, so `guard_from` reads it.
GUARD_OPTION: Options = {"type": "raw", "default": "auto"}
MAY_CUT = ("/ip/firewall/", "/ipv6/firewall/", *(menu.path for menu in MENUS if menu.cuts))
"""Menus whose changes may cut any session; those of IPsec cut the ones that come through a tunnel."""
# Sanity checks take options with such names for secrets unless they are told otherwise.
SUSPECT = re.compile(r"pass|secret|token|key")


def entry_options(menu: Menu) -> Options:
    """The options of one entry of the menu; required are only those without which no entry can be told apart."""
    places: Options = {name: {"type": "str"} for name in PLACES} if menu.ordered else {}
    return {**{item.option: _option(menu, item) for item in menu.fields}, **places}


def _option(menu: Menu, item: Field) -> Options:
    option: Options = dict(item.kind.option)
    if item.required and (item.name in menu.key or item.name == menu.chain):
        option["required"] = True
    if item.secret or SUSPECT.search(item.option):
        option["no_log"] = item.secret
    return option


def argument_spec(menu: Menu) -> Options:
    """The argument spec of the menu's own module."""
    config: Options = {"type": "dict", "options": entry_options(menu)}
    if not menu.single:
        config |= {"type": "list", "elements": "dict"}
    states = STATES_OF_SINGLE if menu.single else STATES if menu.adds else STATES_OF_FIXED
    spec: Options = {"config": config, "state": _choice(states)}
    if not menu.single:
        scopes = {menu.by_name[name].option: dict(MARKS) for name in menu.scopes}
        spec["scope"] = {"type": "dict", "options": {**({"owner": dict(MARKS)} if menu.mark else {}), **scopes}}
    if menu.adds:
        spec["keep"] = {**MARKS, "default": []}
    if menu.chain:
        spec["effective"] = dict(EFFECTIVE)
    return {**spec, "guard": dict(GUARD_OPTION), "provider": _provider()}


def config_argument_spec() -> Options:
    """The argument spec of the module that takes several menus at once; each menu's own spec checks its entries."""
    menus = {name: _entries(name, menu) for name, menu in BY_MODULE.items()}
    return {
        "config": {"type": "dict", "options": menus},
        "state": _choice(STATES),
        "scope": {"type": "dict", "options": {"owner": dict(MARKS), "chain": dict(MARKS)}},
        "keep": {"type": "dict", "default": {}},
        "effective": dict(EFFECTIVE),
        "guard": dict(GUARD_OPTION),
        "provider": _provider(),
    }


def analyse_argument_spec(menus: Sequence[str], severities: Sequence[str], services: Sequence[str]) -> Options:
    """The argument spec of the module that judges rules and changes none."""
    source = {name: {"type": "str"} for name in ("name", "address", "interface")}
    reach = {
        "services": {"type": "list", "elements": "str", "default": list(services)},
        "sources": {"type": "list", "elements": "dict", "options": source},
        "full_table": {"type": "bool", "default": False},
    }
    # The module that takes several menus checks the entries, as it does its own.
    proposal = {**config_argument_spec(), "config": {"type": "dict"}, "state": _choice(STATES_TO_TRY)}
    proposal = {name: proposal[name] for name in ("config", "state", "scope")}
    return {
        "fail_on": {"type": "str", "choices": [*severities, "never"], "default": "never"},
        "menus": {"type": "list", "elements": "str", "choices": list(menus), "default": list(menus)},
        "wan": {"type": "list", "elements": "str", "default": ["WAN"]},
        "reach": {"type": "dict", "options": reach},
        "proposal": {"type": "dict", "options": proposal},
        "provider": _provider(),
    }


def status_argument_spec() -> Options:
    """The argument spec of the module that tells how tunnels are."""
    words = {name: {"type": "list", "elements": "str", "default": []} for name in ("tunnels", "owner", "destinations")}
    return {**words, "provider": _provider()}


def network_argument_spec() -> Options:
    """The argument spec of the module that tells what networks a router has."""
    return {"provider": _provider()}


def verify_argument_spec() -> Options:
    """The argument spec of the module that waits for tunnels."""
    times = {"timeout": {"type": "int", "default": 60}, "interval": {"type": "int", "default": 2}}
    end = {
        "peer": {"type": "str", "required": True},
        "config": {"type": "dict"},
        "tunnels": {"type": "list", "elements": "dict"},
    }
    ping = {
        "address": {"type": "str", "required": True},
        "src_address": {"type": "str"},
        "count": {"type": "int", "default": 3},
    }
    pings = {"type": "list", "elements": "dict", "options": ping, "default": []}
    enough = {"type": "str", "choices": ["all", "one"], "default": "all"}
    spec = {**status_argument_spec(), **times, "enough": enough, "ping": pings}
    return {**spec, "other_end": {"type": "dict", "options": end}}


def _entries(name: str, menu: Menu) -> Options:
    option: Options = {"type": "dict"} if menu.single else {"type": "list", "elements": "dict"}
    return {**option, "no_log": False} if SUSPECT.search(name) else option


def _choice(words: tuple[str, ...]) -> Options:
    return {"type": "str", "choices": list(words), "default": words[0]}


def _provider() -> Options:
    return {"type": "dict", "options": {name: dict(option) for name, option in PROVIDER.items()}}


def to_words(menu: Menu, entry: Mapping[str, object]) -> dict[str, str]:
    """RouterOS's words for one entry of `config`; options left out, or null, are not said."""
    return {menu.by_option[name].name: _word(value) for name, value in entry.items() if value is not None}


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(_word(part) for part in value)
    return str(value)


def to_options(menu: Menu, row: Mapping[str, str]) -> dict[str, object]:
    """One entry of `config` for a router's row, without what the schema does not know."""
    return {item.option: _value(item, row[item.name]) for item in menu.fields if item.name in row}


def _value(item: Field, text: str) -> object:
    """The value in the option's type; a text the schema does not understand stays as it is."""
    kind = item.kind.option["type"]
    if kind == "list":
        return split(text)
    try:
        if kind == "bool":
            return item.kind.normal(text) == "yes"
        return int(item.kind.normal(text)) if kind == "int" else text
    except ValueError:
        return text
