# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users see of entries and changes, and that it shows no secret."""

from __future__ import annotations

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import diff, shown
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import quote, render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import to_words

from tests.unit.engine.router import FILTER, IDENTITY, PEER, SETTINGS, entries, planned

OLD, NEW = "old-and-secret", "new-and-secret"
HAVE = entries({"peer": "b", "secret": OLD, "my-id": "auto"})


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("s2s", "s2s"),
        ("!LAN", "!LAN"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("", '""'),
        ("two words", '"two words"'),
        ('say "hi"', '"say \\"hi\\""'),
        ("C:\\x", '"C:\\\\x"'),
        ("$name [x] ; #", '"\\$name [x] ; #"'),
        ("what?", '"what\\?"'),
        ("a\nb\tc\r", '"a\\nb\\tc\\r"'),
        ("bell\x07", '"bell\\07"'),
        ("größe", '"größe"'),
        ("a=b", '"a=b"'),
        ("{x}", '"{x}"'),
    ],
)
def test_values_are_quoted_as_the_console_wants_them(text: str, typed: str) -> None:
    assert quote(text) == typed


ENTRY = Entry("*5", {"chain": "input", "action": "accept"})


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Add(FILTER, {"comment": "a b", "chain": "input"}), '/ip firewall filter add chain=input comment="a b"'),
        (Add(FILTER, {"chain": "input"}, "*3"), "/ip firewall filter add chain=input place-before=*3"),
        (Set(FILTER, ENTRY, {"log": "yes"}, ("src-address",)), "/ip firewall filter set *5 log=yes !src-address"),
        (Set(FILTER, ENTRY, {}, ("src-address",)), "/ip firewall filter set *5 !src-address"),
        (Set(SETTINGS, Entry("", {}), {"accounting": "no"}), "/ip ipsec settings set accounting=no"),
        (Move(FILTER, ENTRY, "*1"), "/ip firewall filter move *5 *1"),
        (Move(FILTER, ENTRY), "/ip firewall filter move *5"),
        (Remove(FILTER, ENTRY), "/ip firewall filter remove *5"),
        (Add(PEER, {"name": "b", "ppk-secret": NEW}), "/ip ipsec peer add name=b ppk-secret=********"),
    ],
)
def test_changes_as_console_commands(change: Change, line: str) -> None:
    assert render(change) == line


@pytest.mark.parametrize("menu", MENUS, ids=lambda menu: menu.path)
def test_no_secret_of_any_menu_is_shown(menu: Menu) -> None:
    values = {item.name: "hush-hush" if item.secret else "1" for item in menu.fields}
    entry = Entry("*1", values)
    lines = [render(change) for change in (Add(menu, values), Set(menu, entry, values), Remove(menu, entry))]
    seen = [
        *lines,
        str(shown(menu, [entry])),
        str(shown(menu, [entry], secrets=False)),
        str(diff(menu, [entry], [], [])),
    ]
    assert [text for text in seen if "hush" in text] == []


def test_secrets_are_asterisks_or_left_out_for_replay() -> None:
    assert shown(IDENTITY, HAVE) == [{"peer": "b", "secret": "********", "my_id": "auto"}]
    assert shown(IDENTITY, HAVE, secrets=False) == [{"peer": "b", "my_id": "auto"}]
    assert shown(IDENTITY, entries({"peer": "b", "secret": ""})) == [{"peer": "b"}]


def test_what_is_gathered_can_be_replayed() -> None:
    have = entries("accept connection-state=established,related log=false #a", "drop protocol=udp dst-port=500,4500")
    told = shown(FILTER, have, secrets=False)
    assert isinstance(told, list)
    assert not planned(FILTER, have, [to_words(FILTER, row) for row in told], "overridden")


def test_single_settings_and_dynamic_entries() -> None:
    assert shown(SETTINGS, [Entry("", {"accounting": "true"})]) == {"accounting": True}
    assert shown(SETTINGS, []) == {}
    assert shown(FILTER, [Entry("*1", {"chain": "input"}, dynamic=True)]) == []


def test_a_diff_says_that_a_secret_changed_and_not_from_what_to_what() -> None:
    changes = planned(IDENTITY, HAVE, [{"peer": "b", "secret": NEW}])
    after = entries({"peer": "b", "secret": NEW, "my-id": "auto"})
    assert diff(IDENTITY, HAVE, after, changes) == {
        "before_header": "/ip ipsec identity",
        "after_header": "/ip ipsec identity",
        "before": "/ip ipsec identity\nadd peer=b secret=******** my-id=auto\n",
        "after": "/ip ipsec identity\nadd peer=b secret=******** (changed) my-id=auto\n",
    }
