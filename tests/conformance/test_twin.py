# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The twin's menus, commands, arguments and words against what real routers list themselves."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twin import COMPARED, Persona, Router, Trap
from twin.menus import menus_of
from twin.signature import commands

SHARED = Path(__file__).resolve().parents[3] / "shared"
SCHEMA = SHARED / "routeros-schema"
ENUMS = SHARED / "routeros-facts" / "enums.json"

pytestmark = pytest.mark.skipif(not SCHEMA.is_dir(), reason="the reference folder is not beside the checkout")

# Everything below these is claimed in full; of other menus the twin has a part, which must be right.
IN_FULL = (
    "/ip/ipsec",
    "/ip/firewall/filter",
    "/ip/firewall/nat",
    "/ip/firewall/raw",
    "/ip/firewall/mangle",
    "/ip/firewall/address-list",
    "/ipv6/firewall/filter",
    "/ipv6/firewall/address-list",
    "/interface/eoip",
    "/interface/gre",
    "/interface/ipip",
    "/interface/list",
    "/interface/vrrp",
    "/ip/address",
    "/ip/neighbor/discovery-settings",
    "/queue/tree",
    "/queue/type",
    "/routing/table",
    "/snmp/community",
    "/system/scheduler",
    "/tool/mac-server/mac-winbox",
    "/tool/mac-server/ping",
    "/tool/netwatch",
)
# Of these the settings are claimed in full, and not what is below them.
SETTINGS = ("/ip/dns", "/ip/proxy", "/ip/socks", "/ip/upnp", "/snmp", "/tool/bandwidth-server", "/tool/mac-server",
            "/tool/romon")  # fmt: skip
Tree = dict[str, frozenset[str]]


def _flatten(path: str, node: dict[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    if node.get("_type") == "cmd":
        yield path, frozenset(name for name in node if not name.startswith("_"))
        return
    for name, child in node.items():
        if isinstance(child, dict):
            yield from _flatten(f"{path}/{name}", child)


@functools.cache
def real(version: str) -> Tree:
    """Command path -> arguments, of a real router."""
    found: dict[str, Any] = {}
    for part in ("inspect", "more"):
        found |= json.loads((SCHEMA / f"{part}-{version}.json").read_text())
    return {path: names for top, node in found.items() for path, names in _flatten(top, node)}


@functools.cache
def played(version: str) -> Tree:
    """The same of the twin."""
    persona = Persona(version)
    return {
        f"{path}/{verb}": names
        for path, menu in menus_of(persona).items()
        for verb, names in commands(menu, persona).items()
    }


def _in_full(path: str) -> bool:
    return any(path.startswith(f"{menu}/") for menu in IN_FULL)


@pytest.mark.parametrize("version", COMPARED)
def test_every_command_of_the_menus_in_scope_exists_and_no_other(version: str) -> None:
    """Missing and invented commands are listed by name."""
    wanted = {path for path in real(version) if _in_full(path)}
    assert {path for path in played(version) if _in_full(path)} == wanted


@pytest.mark.parametrize("version", COMPARED)
def test_every_argument_of_the_menus_in_scope_is_accepted_and_no_other(version: str) -> None:
    """Compared command by command, so that a failure names the command."""
    theirs, ours = real(version), played(version)
    different = {
        path: sorted(theirs[path] ^ ours[path]) for path in ours if _in_full(path) and theirs[path] != ours[path]
    }
    assert different == {}


@pytest.mark.parametrize("version", COMPARED)
def test_settings_have_every_argument_that_real_routers_take_and_no_other(version: str) -> None:
    theirs, ours = real(version), played(version)
    held = [path for path in ours if path.rpartition("/")[0] in SETTINGS]
    assert {path.rpartition("/")[0] for path in held} == {*SETTINGS}
    assert {path: ours[path] ^ theirs[path] for path in held if ours[path] != theirs[path]} == {}


@pytest.mark.parametrize("version", COMPARED)
def test_menus_held_in_part_take_only_arguments_that_real_routers_take(version: str) -> None:
    """Only where the reference has the command at all."""
    theirs, ours = real(version), played(version)
    invented = {path: sorted(ours[path] - theirs[path]) for path in ours if path in theirs}
    assert {path: names for path, names in invented.items() if names} == {}


@pytest.mark.parametrize("version", COMPARED)
def test_every_argument_of_the_certificate_commands_is_accepted_and_no_other(version: str) -> None:
    """Of the menu the twin lacks commands, but not parts of those it has."""
    theirs, ours = real(version), played(version)
    held = [path for path in ours if path.startswith("/certificate/")]
    assert {path: ours[path] for path in held} == {path: theirs[path] for path in held}


@pytest.mark.parametrize("argument", ["digest-algorithm", "key-size", "key-usage", "trust-store"])
def test_words_of_certificates_are_the_router_s_own(argument: str) -> None:
    listed = json.loads(ENUMS.read_text())["enums"]["/certificate"][argument]
    assert list(Router("7.22.3").tables["/certificate"].fields[argument].kind.words) == listed


def _situations() -> Iterator[tuple[str, str, str]]:
    if not ENUMS.is_file():
        return
    for menu, arguments in json.loads(ENUMS.read_text())["enums"].items():
        for argument in arguments:
            # key-size is an argument of generate-key, not a property that can be written.
            if _in_full(f"{menu}/") and argument != "key-size":
                yield menu, argument, ",".join(arguments[argument])


@pytest.mark.parametrize(("menu", "argument", "listed"), list(_situations()))
def test_closed_value_sets_are_the_router_s_own(menu: str, argument: str, listed: str) -> None:
    """Each word of the set is taken and reads back as itself; a word outside it is refused."""
    router = Router("7.22.3")
    field = router.tables[menu].fields[argument]
    for word in listed.split(","):
        assert field.kind.canon(argument, word) == word
    assert set(field.kind.words) == set(listed.split(","))
    with pytest.raises(Trap, match=f"input does not match any value of {argument}"):
        field.kind.canon(argument, "no-such-word")


def _facts(part: str) -> dict[str, Any]:
    return {
        menu: found
        for menu, found in json.loads(ENUMS.read_text())[part].items()
        if _in_full(f"{menu}/") and menu != "/ip/ipsec"
    }


@pytest.fixture(scope="module")
def router() -> Router:
    return Router("7.22.3")


def test_properties_that_can_be_unset_are_the_router_s_own(router: Router) -> None:
    for menu, facts in _facts("properties").items():
        ours = {field.name for field in router.tables[menu].menu.fields if field.unset}
        assert (menu, ours) == (menu, set(facts.get("unset", ())))


def test_properties_that_can_be_negated_are_the_router_s_own(router: Router) -> None:
    for menu, names in _facts("negatable").items():
        ours = {field.name for field in router.tables[menu].menu.fields if field.negatable}
        assert (menu, ours) == (menu, set(names))


def test_ordered_menus_and_singletons_are_the_router_s_own(router: Router) -> None:
    """The reference does not mark statistics, although it prints one row without id."""
    for menu, facts in _facts("properties").items():
        if menu == "/ip/ipsec/statistics":
            continue
        ours = router.tables[menu].menu
        assert (menu, ours.ordered, ours.singleton) == (
            menu,
            facts.get("ordered", False),
            facts.get("singleton", False),
        )


def test_mandatory_arguments_are_the_router_s_own(router: Router) -> None:
    for menu, names in _facts("mandatory").items():
        ours = {field.name for field in router.tables[menu].menu.fields if field.mandatory}
        assert (menu, ours) == (menu, set(names))


def test_booleans_take_yes_and_no_and_read_back_true_and_false(router: Router) -> None:
    for menu, names in _facts("booleans").items():
        for name in names:
            kind = router.tables[menu].fields[name].kind
            spelled = [kind.canon(name, word) for word in ("yes", "true", "no", "false")]
            assert (menu, name, spelled) == (menu, name, ["true", "true", "false", "false"])


def test_references_name_entries_of_the_menus_that_the_router_says(router: Router) -> None:
    """Marks, chains and list names are plain words on a router as well."""
    for menu, names in _facts("references").items():
        for name, facts in names.items():
            refers = router.tables[menu].fields[name].refers
            wanted = facts["menu"].split(" ")[0]
            if wanted in router.tables and "names" not in facts["menu"]:
                assert (menu, name, refers and refers.menu) == (menu, name, wanted)


def test_add_without_arguments_answers_what_real_routers_answered() -> None:
    """7.20.8 puts no place behind the message; the prefix belongs to scripts."""
    for menu, facts in _facts("add_without_arguments").items():
        router = Router("7.22.3")
        if facts["message"] is None:
            router.call(f"{menu}/add")
            continue
        wanted = facts["message"].removeprefix("Script Error: ").rpartition(" (/")[0]
        with pytest.raises(Trap) as refusal:
            router.call(f"{menu}/add")
        assert (menu, refusal.value.message) == (menu, wanted)


def test_readable_properties_of_the_router_are_fields_of_the_twin(router: Router) -> None:
    """`about` is a warning text that the twin does not compose."""
    for menu, facts in _facts("properties").items():
        lacking = set(facts["readable"]) - set(router.tables[menu].fields) - {"about", "backup"}
        assert (menu, lacking) == (menu, set())


def _hints() -> Iterator[tuple[str, str, str]]:
    for menu, hints in _facts("syntax").items():
        # The passphrase of a file to import is an argument of import, not a property.
        yield from ((menu, name, text) for name, text in hints.items() if name != "passphrase")


def test_hints_at_the_form_of_values_are_the_router_s_own(router: Router) -> None:
    """Ranges and lengths among them; the reference writes one space where the router puts several."""
    for menu, name, text in _hints():
        kind = router.tables[menu].fields[name].kind
        assert (menu, name, " ".join(kind.help.split())) == (menu, name, text)
