# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of menus in scripts: which entries are chosen, what is read, and how refusals are told."""

from __future__ import annotations

import pytest
from twin import Router, SteppedClock
from twin.actor import Actor

FILTER = "/ip/firewall/filter"
RULES = (
    {"chain": "input", "comment": "vpnops: a", "action": "accept"},
    {
        "chain": "input",
        "comment": "vpnops: b",
        "action": "drop",
        "disabled": "yes",
        "dst-port": "22",
        "protocol": "tcp",
    },
    {"chain": "forward", "comment": "mine", "action": "drop", "dst-address": "10.0.0.0/8"},
    {"chain": "forward"},
)


@pytest.fixture
def router() -> Router:
    found = Router("7.22.3", clock=SteppedClock())
    found.seed({FILTER: RULES})
    return found


def shown(router: Router, source: str, actor: Actor | None = None) -> str:
    words = {"script": source, "as-string": ""}
    return router.call("/execute", words, actor=actor or Actor())[0]["ret"]


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("", "*1;*2;*3;*4"),
        ("where", "*1;*2;*3;*4"),
        ('comment="mine"', "*3"),
        ('where comment="mine"', "*3"),
        ("where chain=input", "*1;*2"),
        ("where chain=input disabled=no", "*1"),
        ("where chain=input and disabled=yes", "*2"),
        ("where chain=input or action=drop", "*1;*2;*3"),
        ("where (chain=forward && action=drop) || disabled=yes", "*2;*3"),
        ('comment~"^vpnops"', "*1;*2"),
        ('where !(comment~"^vpnops")', "*3;*4"),
        ("where comment", "*1;*2;*3"),
        ('where comment=""', "*4"),
        ("where !disabled", "*1;*3;*4"),
        ("where disabled", "*2"),
        ("where chain!=input", "*3;*4"),
        ("where dst-port=22", "*2"),
        ('where dst-address="10.0.0.0/8"', "*3"),
        ("where .id=*3", "*3"),
        ("where .id=*3 or .id=*1", "*1;*3"),
        ('where comment=("vpn" . "ops: a")', "*1"),
        ("where comment=$wanted", "*3"),
        ("where chain=$chain", "*1;*2;*3;*4"),
        ("where chain=$undefined", ""),
        ("where chain=input and\\\n disabled=no", "*1"),
    ],
)
def test_find(router: Router, condition: str, ids: str) -> None:
    """A variable called as a property is compared as that property: cli.md, section 4."""
    source = f':local wanted "mine"; :local chain "input"; :put [:tostr [{FILTER} find {condition}]]'
    assert shown(router, source.replace(FILTER, "/ip firewall filter")) == ids


@pytest.mark.parametrize(
    ("source", "disabled"),
    [
        ("/ip/firewall/filter/disable *1", ["*1", "*2"]),
        ("/ip firewall filter disable [find chain=forward]", ["*2", "*3", "*4"]),
        ("/ip firewall filter enable *2,*1", []),
        ("/ip firewall filter set [find] disabled=yes", ["*1", "*2", "*3", "*4"]),
        ("/ip firewall filter set numbers=*1 disabled=yes", ["*1", "*2"]),
        ("/ip firewall filter set {*1; *3} disabled=yes", ["*1", "*2", "*3"]),
        ("/ip firewall filter set [find comment=none] disabled=yes", ["*2"]),
        (":local ids [/ip firewall filter find]; /ip firewall filter enable $ids", []),
        ("/ip firewall filter\nenable [find]\ndisable *4", ["*4"]),
        ("/ip firewall filter\nenable *2\n/system identity\n/ip firewall filter disable *3", ["*3"]),
        (":foreach i in=[/ip firewall filter find] do={ /ip firewall filter set $i disabled=yes }",
         ["*1", "*2", "*3", "*4"]),
        ("/ip firewall filter { disable *1 }", None),
    ],
)  # fmt: skip
def test_entries_are_chosen(router: Router, source: str, disabled: list[str] | None) -> None:
    output = shown(router, source)
    if disabled is None:
        assert output == "syntax error (line 1 column 21)"
        return
    assert output == ""
    assert [row[".id"] for row in router.rows(FILTER) if row["disabled"] == "true"] == disabled


@pytest.mark.parametrize(
    ("source", "order"),
    [
        ("/ip firewall filter move *4 destination=*1", "*4 *1 *2 *3"),
        ("/ip firewall filter move *4 *2", "*1 *4 *2 *3"),
        ('/ip firewall filter move [find chain=forward] destination=[find comment="vpnops: a"]', "*3 *4 *1 *2"),
        ("/ip firewall filter remove [find chain=input]", "*3 *4"),
        ("/ip firewall filter add chain=input place-before=*1", "*5 *1 *2 *3 *4"),
        ("/ip firewall filter add chain=input place-before=[find where disabled]", "*1 *5 *2 *3 *4"),
        ("/ip firewall filter add chain=input copy-from=*3", "*1 *2 *3 *4 *5"),
    ],
)
def test_order_and_presence(router: Router, source: str, order: str) -> None:
    assert shown(router, source) == ""
    assert " ".join(row[".id"] for row in router.rows(FILTER)) == order


@pytest.mark.parametrize(
    ("source", "output"),
    [
        (":put [/ip firewall filter add chain=input]", "*5"),
        (":put [/ip firewall filter get *2 comment]", "vpnops: b"),
        (":put [/ip firewall filter get *2 disabled]", "true"),
        (":if [/ip firewall filter get *2 disabled] do={ :put off }", "off"),
        (":if ([/ip firewall filter get *2 disabled] = yes) do={ :put off }", "off"),
        (":put [:typeof [/ip firewall filter get *4 comment]]", "str"),
        (':put ([/ip firewall filter get *2]->"dst-port")', "22"),
        (":put [/system identity get name]", "MikroTik"),
        (":put [/user get admin group]", "full"),
        (":put [:len [/ip firewall filter print as-value where chain=input]]", "2"),
        (':put ([/ip firewall filter print as-value]->1->"comment")', "vpnops: b"),
        ("/ip firewall filter print count-only where disabled", "1"),
        (":put ([/ip firewall filter print count-only] + 1)", "4\n5"),
        (":put [:typeof [/system scheduler find]]", "array"),
    ],
)
def test_reading(router: Router, source: str, output: str) -> None:
    assert shown(router, source) == output


def test_properties_are_written_unset_and_taken_back(router: Router) -> None:
    shown(router, "/ip firewall filter unset *2 dst-port; /ip firewall filter set *3 !dst-address log=yes")
    second, third = router.rows(FILTER)[1:3]
    assert "dst-port" not in second
    assert ("dst-address" not in third, third["log"]) == (True, "true")
    shown(router, '/ip firewall filter comment *4 "new text"')
    assert router.rows(FILTER)[3]["comment"] == "new text"


def test_values_of_every_type_are_written(router: Router) -> None:
    script = ':local t 90s; :local n 3; :local l (1, 2); :local b true; :local s "a b"'
    shown(router, f"{script}; /ip firewall address-list add list=$s address=192.0.2.1 timeout=$t disabled=$b")
    shown(router, f'{script}; /ip firewall filter add chain=input protocol=tcp dst-port=$l comment=("n" . $n)')
    row = router.rows("/ip/firewall/address-list")[0]
    assert (row["list"], row["timeout"], row["disabled"]) == ("a b", "1m30s", "true")
    assert {"dst-port": "1,2", "comment": "n3"}.items() <= router.rows(FILTER)[-1].items()


def test_braces_for_a_property_that_holds_a_script_are_its_text(router: Router) -> None:
    shown(router, '/system scheduler add name=x on-event={ :put "a"; /ip firewall filter remove [find] }')
    assert router.rows("/system/scheduler")[0]["on-event"] == ' :put "a"; /ip firewall filter remove [find] '
    assert len(router.rows(FILTER)) == 4


REFUSED = [
    ("/ip firewall filter add action=drop", "Script Error: missing value(s) of argument(s) chain", "add"),
    ("/ip firewall filter add chain=input action=fly", "Script Error: input does not match any value of action", "add"),
    ("/ip firewall filter remove *99", "no such item (4)", "remove"),
    ('/ip firewall filter remove "*1"', "no such item (4)", "remove"),
    ("/ip firewall filter remove $undefined", "Script Error: missing value(s) of argument(s) numbers", "remove"),
    ("/ip firewall filter remove", "Script Error: missing value(s) of argument(s) numbers", "remove"),
    ("/ip firewall filter set 0 disabled=yes", "no such item (4)", "set"),
    ("/ip firewall filter move *1 destination=[find comment=none]", "no such item (4)", "move"),
    ("/ip firewall filter get *1 frob", "Script Error: input does not match any value of value-name", "get"),
]


@pytest.mark.parametrize(("source", "text", "verb"), REFUSED)
@pytest.mark.parametrize("version", ["7.20.8", "7.22.3"])
def test_refusal_is_told_with_its_place_since_7_21(source: str, text: str, verb: str, version: str) -> None:
    router = Router(version, clock=SteppedClock())
    router.seed({FILTER: RULES})
    place = "" if version == "7.20.8" else f" ({FILTER}/{verb}; line 2)"
    assert shown(router, f":put 1\n{source}\n:put 2") == f"1\n{text}{place}"
    caught = shown(router, f":onerror e in={{ {source} }} do={{ :put $e }}")
    assert caught == f"{text}{place}".replace("line 2", "line 1")


def test_failure_has_no_prefix(router: Router) -> None:
    shown(router, "/ip firewall address-list add list=a address=192.0.2.1")
    text = shown(router, "/ip firewall address-list add list=a address=192.0.2.1")
    assert text == "failure: already have such entry (/ip/firewall/address-list/add; line 1)"


def test_rights_of_the_user_hold_in_scripts(router: Router) -> None:
    reader = Actor("reader", frozenset(("api", "read")))
    assert shown(router, ":put [:len [/ip firewall filter find]]", reader) == "4"
    text = shown(router, "/ip firewall filter remove [find]", reader)
    assert text == "not enough permissions (9) (/ip/firewall/filter/remove; line 1)"
    nobody = Actor("nobody", frozenset(("api",)))
    assert shown(router, ":put [/ip firewall filter find]", nobody).startswith("not enough permissions (9)")


def test_log_lines_have_their_topics(router: Router) -> None:
    shown(router, ':log info "one"; /log warning "two"; /log/error message="three"; :log debug ("fo" . "ur")')
    lines = [f"{row['topics']} {row['message']}" for row in router.rows("/log")]
    assert lines == ["script,info one", "script,warning two", "script,error three", "script,debug four"]


def test_scripts_run_scripts_with_the_rights_they_have(router: Router) -> None:
    router.add("/system/script", name="inner", source=":put inner; :return 7", policy="read,write")
    assert shown(router, ":put [/system script run inner]; :put after") == "inner\n7\nafter"
    reader = Actor("reader", frozenset(("read", "api")))
    assert shown(router, "/system script run inner", reader).startswith("not enough permissions (9)")
    router.call("/system/script/set", {"numbers": "inner", "dont-require-permissions": "yes"})
    assert shown(router, "/system script run inner", reader) == "inner"
    assert router.rows("/system/script")[0]["run-count"] == "2"


def test_script_that_runs_itself_is_stopped(router: Router) -> None:
    router.add("/system/script", name="loop", source="/system script run loop")
    assert "the twin does not play scripts that run scripts" in shown(router, "/system script run loop")


def test_mistake_in_a_script_that_is_run_is_an_error_of_the_line_that_runs_it(router: Router) -> None:
    router.add("/system/script", name="bad", source=":frob")
    source = ':onerror e in={ /system script run bad } do={ :put "got $e" }'
    assert shown(router, source) == "got bad command name frob (line 1 column 2)"
