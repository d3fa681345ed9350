# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the options as people write them down; what cannot be read becomes a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.intent import Intent
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.vocabulary import (
    LIMITS,
    MANAGEMENT,
    SERVICES,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.readers import Read, one_of, truth
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.strength import listed
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.composites import LIMIT
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    PORTS,
    PREFIX,
    PREFIX_OR_NAME,
    duration,
)

Options = Mapping[str, object]

# Without a dash, as in site_to_site: a list or chain of one prefix is never an entry of another.
PREFIXES = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
NAMES = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SERVICE = re.compile(r"(tcp|udp)/([\d-]+)")
BLOCK_TIME = duration("none-dynamic", "none-static")
LONGEST_LOG_PREFIX = 31


def intent_from(given: Options) -> tuple[Intent, list[str]]:
    """The intent that options describe, and sentences for what cannot be read."""
    values: dict[str, object] = {}
    problems = [f"{name}: there is no such option" for name in sorted(map(str, given.keys() - READERS.keys()))]
    for name, value in given.items():
        if value is None or name not in READERS:
            continue
        try:
            values[name] = READERS[name](value)
        except ValueError as allowed:
            problems.append(f"{name}: {_shown(value)} was given, allowed is {allowed}")
    return Intent(**values), problems  # type: ignore[arg-type]


def _shown(value: object) -> str:
    return ", ".join(listed(value)) if isinstance(value, list | tuple) else repr(value)


def _each(normal: Callable[[str], str]) -> Read:
    """A list of such values, each once."""
    return lambda value: tuple(dict.fromkeys(normal(text) for text in listed(value)))


def _host(text: str) -> str:
    """An address as an address list has it: a host has no mask."""
    return PREFIX_OR_NAME.normal(text).removesuffix("/32").removesuffix("/128")


def _network(text: str) -> str:
    return PREFIX.normal(text).removesuffix("/32").removesuffix("/128")


def _matching(pattern: re.Pattern[str], allowed: str, *, empty: bool = False) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = str(value)
        if pattern.fullmatch(text) or (empty and not text):
            return text
        raise ValueError(allowed)

    return read


def _ports(value: object) -> str:
    return PORTS.normal(",".join(listed(value)))


def _service(text: str) -> str:
    if text in (MANAGEMENT, *SERVICES):
        return text
    found = SERVICE.fullmatch(text)
    if not found:
        raise ValueError(f"{', '.join(sorted((MANAGEMENT, *SERVICES)))}, or a protocol and ports such as tcp/80")
    return f"{found[1]}/{PORTS.normal(found[2])}"


def _limits(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("limits by name")
    given = {str(name): str(text).replace(" ", "") for name, text in value.items() if text is not None}
    for name, text in given.items():
        if name not in LIMITS:
            raise ValueError(f"limits for {', '.join(LIMITS)}")
        if "," not in text or not LIMIT.normal(text).endswith(":packet"):
            raise ValueError("packets and a burst, such as 10,20 or 5/1m,5")
        if re.match(r"0+\b", text) or re.search(r",0+\b", text):
            raise ValueError("at least one packet, and a burst of one or more")
    return {**LIMITS, **{name: text.removesuffix(":packet") for name, text in given.items()}}


def _block_time(value: object) -> str:
    found = BLOCK_TIME.normal(str(value))
    if found in ("0", "0s", ""):
        raise ValueError("a time above 0; to block nobody, set brute_force: false")
    return found


def _rules(value: object) -> tuple[Options, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str | Mapping):
        raise ValueError("a list of rules")
    rules = tuple(value)
    if not all(isinstance(rule, Mapping) for rule in rules):
        raise ValueError("a list of rules, each with its options by name")
    return rules


def _log_prefix(value: object) -> str:
    text = str(value)
    if len(text) > LONGEST_LOG_PREFIX:
        raise ValueError(f"a text of at most {LONGEST_LOG_PREFIX} characters")
    return text


_LIST = _matching(NAMES, "the name of an interface list, or nothing", empty=True)
READERS: Mapping[str, Read] = {
    **{each.name: truth for each in fields(Intent) if each.type == "bool"},
    "prefix": _matching(PREFIXES, "letters, digits and _"),
    "management": _each(_network),
    "management_ports": _ports,
    "ipsec_peers": _each(_host),
    "ipsec_list": _matching(NAMES, "the name of an address list"),
    "other_lists": _each(_matching(NAMES, "names of address lists")),
    "limits": _limits,
    "public_ports": _ports,
    "block_time": _block_time,
    "lan": _LIST,
    "lan_services": _each(_service),
    "wan": _LIST,
    "wan_networks": _each(_network),
    "own_networks": _each(_network),
    "tunnel_networks": _each(_network),
    "tunnel_services": _each(_service),
    "extra": _rules,
    "extra_ipv6": _rules,
    "defconf": one_of("replace", "keep"),
    "log_prefix": _log_prefix,
}
