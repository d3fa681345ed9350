# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which arguments each command takes in each version, as the router's own console lists them."""

from __future__ import annotations

from .model import Menu
from .persona import Persona

# (argument, since, until) of print for lists and for singletons
_PRINT_LIST = (
    ("append", "", ""),
    ("as-value", "", ""),
    ("brief", "", ""),
    ("comments", "7.21", ""),
    ("count-only", "", ""),
    ("detail", "", ""),
    ("file", "", ""),
    ("follow", "", ""),
    ("follow-only", "", ""),
    ("follow-strict", "", "7.16"),
    ("from", "", ""),
    ("group-by", "7.20", ""),
    ("interval", "", ""),
    ("on-event", "7.21", ""),
    ("order-by", "7.24", ""),
    ("proplist", "", ""),
    ("show-ids", "", ""),
    ("terse", "", ""),
    ("timestamp", "7.21", ""),
    ("value-list", "", ""),
    ("where", "", ""),
    ("without-paging", "", ""),
)
_PRINT_ONE = (
    ("as-value", "", ""),
    ("comments", "7.21", ""),
    ("file", "", ""),
    ("interval", "", ""),
    ("without-paging", "", ""),
)
_EXPORT = (
    ("compact", "", ""),
    ("file", "", ""),
    ("hide-sensitive", "", ""),
    ("path", "7.24", ""),
    ("show-sensitive", "", ""),
    ("terse", "", ""),
    ("verbose", "", ""),
    ("where", "7.13", ""),
)
_GET = (("as-string", "7.12", ""), ("as-string-value", "7.12", ""), ("value-name", "", ""))

# Words any print takes over the API, whatever the console lists for the menu.
PRINT_TOLERATED = frozenset(
    ("detail", "stats", "count-only", "without-paging", "terse", "brief", "as-value", "proplist", "interval", "once",
     "follow", "follow-only", "from", "show-sensitive", "show-ids", ".proplist")
)  # fmt: skip
API_ONLY = ("getall", "listen")

_ON_NUMBERS = {
    "remove": ("numbers",),
    "enable": ("numbers",),
    "disable": ("numbers",),
    "comment": ("comment", "numbers"),
    "move": ("destination", "numbers"),
    "unset": ("numbers", "value-name"),
}

# `reset` of these singletons came with 7.22.
_LATE_RESET = "7.22"


def _known(table: tuple[tuple[str, str, str], ...], persona: Persona) -> set[str]:
    return {name for name, since, until in table if persona.within(since, until)}


def settable(menu: Menu) -> set[str]:
    return {each.name for each in menu.fields if not each.read_only}


def commands(menu: Menu, persona: Persona) -> dict[str, frozenset[str]]:
    """Command -> arguments, for one menu of one version."""
    found = {verb: frozenset(_arguments(menu, verb, persona)) for verb in menu.commands}
    found.update({verb: frozenset(names) for verb, names in menu.extra.items()})
    if menu.singleton and not persona.since(_LATE_RESET):
        found.pop("reset", None)
    for what, since in menu.late.items():
        verb, _dummy, argument = what.partition(" ")
        if not persona.since(since):
            found[verb] = found[verb] - {argument}
            if not argument:
                del found[verb]
    if menu.path == "/ip/service" and not persona.since("7.17"):
        found["unset"] = frozenset(_ON_NUMBERS["unset"])
    return found


def _arguments(menu: Menu, verb: str, persona: Persona) -> set[str]:
    numbers = set() if menu.singleton else {"numbers"}
    number = set() if menu.singleton else {"number"}
    if verb in _ON_NUMBERS:
        return set(_ON_NUMBERS[verb])
    if verb == "add":
        return settable(menu) | {"copy-from"} | ({"place-before"} if menu.ordered else set())
    if verb in ("set", "reset"):
        return settable(menu) | numbers
    if verb == "print":
        return _print(menu, persona)
    if verb == "find":
        return {"where"}
    if verb == "get":
        return _known(_GET, persona) | number
    if verb == "edit":
        return {"value-name"} | number
    assert verb == "export", verb
    return _known(_EXPORT, persona)


def _print(menu: Menu, persona: Persona) -> set[str]:
    found = _known(_PRINT_ONE if menu.singleton else _PRINT_LIST, persona) | set(menu.print_flags)
    if menu.sensitive_print and persona.since("7.21"):
        found.add("show-sensitive")
    if menu.path == "/ip/ipsec/key" and not persona.since("7.16"):
        found.add("follow-strict")
    return found - set(menu.print_lacks)
