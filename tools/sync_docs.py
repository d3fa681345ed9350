# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the options block of every module's DOCUMENTATION from the schema; `--check` only names the stale modules."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import SWITCH
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, parse_version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import (
    PLACES,
    argument_spec,
    config_argument_spec,
)

MODULES = Path(__file__).parents[1] / "plugins" / "modules"
NOTICE = "  # Written by tools/sync_docs.py from the schema.\n"
BELOW = re.compile(r"\A(?:(?: .*)?\n)*")
HIDDEN_KEYS = ("no_log", "options")

REQUIRED = "Required unless O(state=gathered)."
REQUIRED_OF_LISTS = "Required unless O(state=gathered), or O(state=deleted) with O(scope)."
STATES = {
    "merged": "the given options hold; what is not given stays as it is.",
    "replaced": "each given entry is exactly so; options not given go back to RouterOS's default.",
    "overridden": "as V(replaced), and nothing else exists within O(scope), or at all where O(scope) is not given. "
    "Entries that RouterOS made itself, dynamic and built-in ones, are never removed.",
    "deleted": "the given entries, which have to lie within O(scope) where it is given, do not exist. With O(scope) "
    "and no entries, nothing exists within it, except what RouterOS made itself. Without O(config) and O(scope) "
    "the task fails.",
    "gathered": "reads only, and returns the entries in the form that O(config) takes, without secrets.",
    "rendered": "needs no router, and returns the RouterOS commands that would make the entries.",
}


GUARD = [
    "Care taken of the session that makes the change, and of what else has to stay open. See the page on the guard.",
    "V(auto) - guards what could cut the session; that is whatever may take something away in the chains by which "
    "the router is reached, their address lists and patterns, connection tracking, interfaces, addresses, routes, "
    "C(/ip/service), the ways in without IP (C(/tool/mac-server), C(/tool/romon)), the proxies C(/ip/proxy) and "
    "C(/ip/socks), and IPsec where the session comes through a tunnel.",
    "V(always) - guards whatever has an effect on traffic. V(never) - makes the change as it is, unwatched.",
    "Or a dictionary of C(when), one of these words and V(always) without it; C(timeout), the seconds after which "
    "the router undoes what was not confirmed, V(5) to V(3600), V(120) without it; and C(keep_open), a list of flows "
    "that the change must not cut, each with C(name), C(chain) (V(input), V(forward) or V(output)), C(src), C(dst), "
    "C(protocol) (V(tcp) without it), C(src_port), C(dst_port), C(in_interface) and C(out_interface).",
    "A plan that would cut the session, or a flow to keep open, at any moment of the change is refused with the rule "
    "at fault, in check mode, too.",
    "Under the guard the router undoes the change by itself unless a new connection and login confirms it.",
    "The account needs the policies C(policy) and C(test) besides C(read) and C(write) for it.",
]

KEEP = [
    "Options that only new entries are given. On entries that stand, the router's own values stay, since something "
    "on it changes them, such as a script that enables and disables policies.",
]


EFFECTIVE = [
    "Refuse a new or changed rule that would decide no packet, because rules above take all that it is for, and name "
    "these. V(false) makes it all the same, and warns.",
    "Of a rule that would lose only a part of its packets, a warning names the rule that takes them, and an example.",
]


class Indented(yaml.SafeDumper):
    """YAML whose lists are indented below their key, as yamllint wants them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never leave a list at its key's own depth."""
        super().increase_indent(flow, indentless and False)


def document(spec: Mapping[str, Any], description: list[str]) -> dict[str, Any]:
    """One option as DOCUMENTATION has it, without its suboptions."""
    return {"description": description, **{key: value for key, value in spec.items() if key not in HIDDEN_KEYS}}


def field_lines(item: Field, prefix: str) -> list[str]:
    """What users should know of a field: its meaning, RouterOS's default, and the versions that have it."""
    # Help names other fields of the same entry as O(field); in a module they stand below `config`.
    lines = [re.sub(r"O\((?=\w)", f"O({prefix}", item.help)]
    if isinstance(item.default, Mapping):
        (_dummy, first), *later = item.default.items()
        changes = "".join(f", since RouterOS {version} V({value})" for version, value in later)
        lines.append(f"RouterOS's default is V({first}){changes}.")
    elif item.default:
        value = {"yes": "true", "no": "false"}[item.default] if item.kind is SWITCH else item.default
        lines.append(f"RouterOS's default is V({value}).")
    if item.since:
        lines.append(f"Needs RouterOS {item.since} or newer.")
    if item.until:
        major, minor = parse_version(item.until)
        lines.append(f"Up to RouterOS {item.until}; {major}.{minor + 1} and newer do not have it.")
    lines.extend(f"V({word}) needs RouterOS {since} or newer." for word, since in item.kind.since.items())
    return lines


def state(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The option `state` with a line for each of its words."""
    lines = [f"V({word}) - {STATES[word]}" for word in spec["choices"]]
    if "overridden" not in spec["choices"]:
        lines = [
            line.replace("entries", "settings").replace("each given entry is", "the settings are") for line in lines
        ]
    return document(spec, ["What is to be true afterwards.", *lines])


def scope(
    spec: Mapping[str, Any], mark: str | None, reach: str = "", *, deletes: bool = True, **others: str
) -> dict[str, Any]:
    """The option `scope` with its suboptions; `others` are their descriptions where no option has their name."""
    owner = (
        f"Entries whose {mark} is one of these marks, or goes on with a colon or a slash after it; V(s2s-*) stands for "
        "everything that begins with V(s2s-)."
    )
    lines = {"owner": owner, **others}
    options = {
        name: document(each, [lines.get(name, f"Entries with one of these values of O(config[].{name}).")])
        for name, each in spec["options"].items()
    }
    text = "What O(state=overridden) may remove and O(state=gathered) returns. Each suboption narrows it further."
    if deletes:
        text = text.replace("may remove", "and O(state=deleted) may remove,")
        reach = f"{reach}With O(state=deleted) none of them may be empty."
    return {**document(spec, [text, *([reach] if reach else [])]), "suboptions": options}


def entries(menu: Menu) -> list[str]:
    """What users should know of `config` as a whole."""
    if menu.single:
        return ["The settings.", REQUIRED]
    if not menu.key:
        return ["The rules, in the order they are to stand in.", REQUIRED_OF_LISTS]
    order = ", in the order they are to stand in" if menu.ordered else ""
    lines = [f"The entries{order}. They are told apart by {_named(menu, menu.key)}."]
    if menu.key_yields:
        yielding = _named(menu, menu.key_yields)
        lines.append(f"Of two enabled entries that differ in {yielding} alone only one works, so the other is changed.")
    return [*lines, REQUIRED_OF_LISTS if menu.adds else REQUIRED]


def _named(menu: Menu, fields: Iterable[str]) -> str:
    return ", ".join(f"O(config[].{menu.by_name[name].option})" for name in fields)


def menu_options(menu: Menu) -> dict[str, Any]:
    """The options of a menu's own module."""
    spec = argument_spec(menu)
    prefix = "config." if menu.single else "config[]."
    fields = {
        option: document(each, _lines(menu, option, prefix)) for option, each in spec["config"]["options"].items()
    }
    options: dict[str, Any] = {"config": {**document(spec["config"], entries(menu)), "suboptions": fields}}
    options["state"] = state(spec["state"])
    if "scope" in spec:
        reach = f"It never reaches beyond C({menu.path}). " if menu.adds else ""
        options["scope"] = scope(spec["scope"], menu.mark, reach, deletes=menu.adds)
    if "keep" in spec:
        options["keep"] = document(spec["keep"], KEEP)
    if "effective" in spec:
        options["effective"] = document(spec["effective"], EFFECTIVE)
    return {**options, "guard": document(spec["guard"], GUARD)}


def _lines(menu: Menu, option: str, prefix: str) -> list[str]:
    """What users should know of an option of an entry."""
    if option in PLACES:
        return [re.sub(r"O\((?=\w)", f"O({prefix}", PLACES[option])]
    return field_lines(menu.by_option[option], prefix)


def config_options() -> dict[str, Any]:
    """The options of the module that takes several menus."""
    spec = config_argument_spec()
    fields = {
        name: document(each, [BY_MODULE[name].help, f"As O(vpnops.mikrotik.{name}#module:config) takes them."])
        for name, each in spec["config"]["options"].items()
    }
    text = "Entries by menu, under the names of the modules that manage one menu."
    emptied = (
        "With O(state=deleted) and O(scope), a menu with an empty list loses all that lies within the scope; without "
        "O(config), so does every menu whose entries bear marks."
    )
    return {
        "config": {**document(spec["config"], [text, REQUIRED_OF_LISTS, emptied]), "suboptions": fields},
        "state": state(spec["state"]),
        "scope": scope(
            spec["scope"],
            "comment, or name where the menu has no comment,",
            chain="Of rules only those in these chains; menus without chains are not narrowed by it.",
        ),
        "keep": document(spec["keep"], ["Options by module, such as C(ipsec_policy: [disabled]).", *KEEP]),
        "effective": document(spec["effective"], EFFECTIVE),
        "guard": document(spec["guard"], GUARD),
    }


def block(module: str) -> str:
    """The text below `options:` of a module."""
    options = config_options() if module == "config" else menu_options(BY_MODULE[module])
    text = yaml.dump(options, Dumper=Indented, sort_keys=False, width=90, allow_unicode=True)
    return NOTICE + "".join(f"  {line}\n" for line in text.splitlines())


def main(arguments: list[str]) -> int:
    """Bring every module up to date, or with `--check` return 1 after naming those that are not."""
    stale = False
    for module in ("config", *BY_MODULE):
        path = MODULES / f"{module}.py"
        old = path.read_text(encoding="utf-8")
        head, _dummy, rest = old.partition("\noptions:\n")
        new = f"{head}\noptions:\n{block(module)}{BELOW.sub('', rest, count=1)}"
        if new != old and "--check" in arguments:
            stale = True
            print(f"{path}: options differ from the schema; run make sync")
        elif new != old:
            path.write_text(new, encoding="utf-8")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
