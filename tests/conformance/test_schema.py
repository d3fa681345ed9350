# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema against what real routers answered about themselves; skipped where that record is absent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import SWITCH
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_PATH, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu, Version, parse_version

SHARED = Path(__file__).parents[3] / "shared"
DUMPS = sorted((SHARED / "routeros-schema").glob("inspect-*.json"))
FACTS = SHARED / "routeros-facts" / "enums.json"
pytestmark = pytest.mark.skipif(not DUMPS or not FACTS.exists(), reason="the record of real routers is not here")

NO_PROPERTIES = {"copy-from", "place-before", "numbers", "dynamic"}
# Since 7.21 only where the hardware has it; the routers of the record have no such hardware.
HARDWARE = {"/ip/firewall/filter": ("hw-offload", (7, 21)), "/ip/route": ("suppress-hw-offload", (7, 21))}
SENSITIVE = {"auth-key", "enc-key", "ipsec-secret", "ppk-secret", "secret", "password", "passphrase", "secrets"}
SENSITIVE |= {"authentication-password", "encryption-password"}
# What `address` says as well, in another form.
OTHER_FORMS = {"/ip/address": {"netmask", "broadcast"}}
# What `unset` brings back to a value that is printed.
BROUGHT_BACK = {"distance", "scope", "target-scope"}
# Of what the record says in words, which menu's entries are named.
NAMED = {"address, interface, or address%interface": "/interface"}
RECORD = (7, 22, 3)
"""The version that the facts were taken from."""
# The command went with 7.17; all fields have a default to write, so nobody misses it.
UNSET_OF_OLD = {"/ip/service": (7, 17)}
# It came where every field has a default to write as well.
UNSET_OF_NEW = {"/system/script": (7, 24), "/system/scheduler": (7, 24)}
# What the manual knows and completion does not offer.
UNCOMPLETED = {("/ip/route", "check-gateway"): ("bfd",)}
# Of 7.25, which is not released: no tree has them, and enums.json tells no more than that there are such names. The
# group got `unset` with its field.
UNRELEASED = {("/interface/xfrm", None), ("/ip/ipsec/policy/group", "interface")}
# Menus of a second record, which 7.21.4 lacks. enums.json does not speak of them.
MORE = frozenset(
    {"/ip/dns", "/ip/neighbor/discovery-settings", "/ip/proxy", "/ip/socks", "/ip/upnp", "/snmp", "/snmp/community"}
    | {"/tool/bandwidth-server", "/tool/mac-server", "/tool/mac-server/mac-winbox", "/tool/mac-server/ping"}
    | {"/tool/romon"}
)
# Of these some properties are left out.
IN_PART = ("/ip/neighbor/discovery-settings", "/ip/proxy", "/snmp")
# enums.json does not speak of these.
UNTOLD = ("/queue/tree", *MORE, *(path for path, name in UNRELEASED if name is None))
# Unset fields act as documented defaults do; whether they print then is unverified, so either has to read the same.
DOCUMENTED = ("/tool/netwatch",)
every_menu = pytest.mark.parametrize("menu", MENUS, ids=lambda menu: menu.path)
told_menu = pytest.mark.parametrize("menu", [m for m in MENUS if m.path not in UNTOLD], ids=lambda menu: menu.path)


def dump(path: Path) -> dict[str, Any]:
    """One router's record."""
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def record(path: Path, menu: Menu) -> dict[str, Any]:
    """One router's record, with the second one where it has it; skips where the menu was not recorded."""
    more = path.with_name(path.name.replace("inspect", "more"))
    if menu.path in MORE and not more.exists():
        pytest.skip("the menu was not recorded on this version")
    return dump(path) | (dump(more) if more.exists() else {})


def facts(subject: str, menu: Menu) -> Any:
    """What enums.json says on a subject about a menu."""
    return dump(FACTS)[subject].get(menu.path, {})


def commands(tree: dict[str, Any], path: str) -> dict[str, Any]:
    """The commands of a menu, or nothing where the router has no such menu."""
    root = max((known for known in tree if path == known or path.startswith(f"{known}/")), key=len, default="")
    node: Any = tree.get(root, {})
    for name in filter(None, path.removeprefix(root).split("/")):
        node = node.get(name, {})
    return dict(node)


def settable(tree: dict[str, Any], menu: Menu) -> set[str]:
    """The arguments of add and set that are properties of an entry."""
    found = commands(tree, menu.path)
    names = {name for verb in ("add", "set") for name in found.get(verb, {}) if not name.startswith("_")}
    return names - NO_PROPERTIES


def closed(item: Field) -> list[str]:
    """The words that an option of this field is restricted to; none where it is not."""
    choices = item.kind.option.get("choices", [])
    assert isinstance(choices, list)
    return choices


def referring(menu: Menu) -> list[Field]:
    """The fields that name other entries, as far as the record can know them."""
    return [item for item in menu.fields if item.refers and (menu.path, item.name) not in UNRELEASED]


def newer(thing: Menu | Field, version: Version) -> bool:
    """Whether it came after a version."""
    return bool(thing.since and parse_version(thing.since) > version)


def accepts(item: Field, text: str) -> bool:
    """Whether the field takes a value."""
    try:
        item.kind.normal(text)
    except ValueError:
        return False
    return True


def test_only_what_is_said_to_be_unreleased_is_newer_than_all_trees() -> None:
    newest = max(parse_version(path.stem.removeprefix("inspect-")) for path in DUMPS)
    menus = {(menu.path, None) for menu in MENUS if newer(menu, newest)}
    fields = {(menu.path, item.name) for menu in MENUS for item in menu.fields if newer(item, newest)}
    assert menus | fields == UNRELEASED


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.stem)
@every_menu
def test_a_version_s_properties_are_those_the_schema_gives_it(menu: Menu, path: Path) -> None:
    version = parse_version(path.stem.removeprefix("inspect-"))
    expected = settable(record(path, menu), menu)
    if menu.path in HARDWARE and version >= HARDWARE[menu.path][1]:
        expected.add(HARDWARE[menu.path][0])
    assert menu.on(version) == bool(expected)
    expected -= {item.also for item in menu.fields if item.also} | OTHER_FORMS.get(menu.path, set())
    if expected:
        # What the router made has its name for good.
        expected |= set() if menu.adds else set(menu.key)
        expected &= set(menu.by_name) if menu.path in IN_PART else expected
        assert {item.name for item in menu.fields if item.on(version)} == expected


@pytest.mark.parametrize("path", DUMPS, ids=lambda path: path.stem)
@every_menu
def test_a_menu_has_the_commands_the_schema_says(menu: Menu, path: Path) -> None:
    found = commands(record(path, menu), menu.path)
    version = parse_version(path.stem.removeprefix("inspect-"))
    if not menu.on(version):
        return
    assert ("add" in found) == (menu.adds and not menu.single)
    assert ("set" in found) == menu.sets
    late = menu.path in UNSET_OF_NEW and version >= UNSET_OF_NEW[menu.path]
    unsets = menu.unsets and menu.path not in dict(UNRELEASED)
    assert ("unset" in found) == (unsets or version < UNSET_OF_OLD.get(menu.path, ()) or late)
    assert ("move" in found) == menu.ordered


@every_menu
def test_closed_sets_have_the_router_s_words(menu: Menu) -> None:
    for name, words in facts("enums", menu).items():
        if name not in menu.by_name:
            continue
        item = menu.by_name[name]
        refused = [word for word in words if not accepts(item, word)]
        assert not refused, (name, refused)
        assert not accepts(item, "no-such-word"), name
        if closed(item):
            assert sorted(closed(item)) == sorted((*words, *UNCOMPLETED.get((menu.path, name), ()))), name


@told_menu
def test_choices_exist_only_where_the_router_has_a_closed_set(menu: Menu) -> None:
    composite = {"ipsec-policy"}
    known = set(facts("enums", menu)) | composite
    assert {item.name for item in menu.fields if closed(item)} <= known


@told_menu
def test_switches_are_the_router_s_yes_and_no(menu: Menu) -> None:
    ours = {item.name for item in menu.fields if item.kind is SWITCH and item.on(RECORD)}
    ours -= {name for name, _since in HARDWARE.values()}
    assert ours == set(facts("booleans", menu)) - NO_PROPERTIES


@every_menu
def test_lists_are_lists(menu: Menu) -> None:
    for name in facts("lists", menu):
        assert menu.by_name[name].kind.option["type"] == "list", name


@every_menu
def test_exactly_the_router_s_negatable_matchers_take_a_negation(menu: Menu) -> None:
    samples = ["1", "udp", "new", "local", "auth", "srcnat", "192.0.2.1", "word", "1-2", "10,5", "2,1", "8:0", "ack"]
    samples += ["8h-9h,mon", "both-addresses:2/0", "48:8F:5A:00:00:01", "warez", "ftp", "in,ipsec", "equal:1"]
    samples += ["21,3s,3,1", "1,5,src-address", "any", "2001:db8::1", "ah"]
    # The record was made on a version whose nat has no tls-host any more.
    present = [item for item in menu.fields if item.matches and item.on(RECORD)]
    if not menu.unsets:
        return
    negated = set()
    for item in present:
        value = next(sample for sample in samples if accepts(item, sample))
        if accepts(item, f"!{value}") and item.kind.normal(f"!{value}").startswith("!"):
            negated.add(item.name)
    assert negated == set(facts("negatable", menu))


@told_menu
def test_references_name_the_router_s_menus(menu: Menu) -> None:
    named = {name: each["menu"] for name, each in facts("references", menu).items()}
    theirs = {name: NAMED.get(path, path) for name, path in named.items() if NAMED.get(path, path) in BY_PATH}
    assert {item.name: item.refers for item in referring(menu)} == theirs


@told_menu
def test_words_that_are_no_entries_are_free(menu: Menu) -> None:
    builtin_entries = {"default", "request-only", "disk", "echo", "memory", "remote"}
    for item in referring(menu):
        words = set(facts("references", menu)[item.name]["builtin"]) - builtin_entries
        assert set(item.free) == words, item.name


@every_menu
def test_keywords_beside_free_values_are_accepted(menu: Menu) -> None:
    for name, words in facts("keywords", menu).items():
        item = menu.by_name[name]
        assert all(accepts(item, word) or accepts(item, f"{word}:192.0.2.1") for word in words), name


@told_menu
def test_what_the_router_demands_is_required(menu: Menu) -> None:
    required = {item.name for item in menu.fields if item.required}
    demanded = set(facts("mandatory", menu))
    assert demanded <= required
    # Names are made up for peers and proposals, and lists of nothing are allowed; nobody could find such entries again.
    assert required - demanded <= {"name", "address", "topics"}


@every_menu
def test_sensitive_properties_are_secret(menu: Menu) -> None:
    sensitive = SENSITIVE | ({"key"} if menu.path == "/ip/ipsec/key/psk" else set())
    assert {item.name for item in menu.fields if item.secret} == sensitive & set(menu.by_name)


@every_menu
def test_what_can_be_unset_is_what_has_no_default(menu: Menu) -> None:
    unsettable = set(dump(FACTS)["properties"].get(menu.path, {}).get("unset", []))
    assert {item.name for item in menu.fields if item.matches and menu.unsets and item.on(RECORD)} <= unsettable
    for name in unsettable & set(menu.by_name) if menu.path not in DOCUMENTED else ():
        item = menu.by_name[name]
        assert item.default is None or item.absent is not None or name in BROUGHT_BACK, name
