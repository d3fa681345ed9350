# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripting language by itself: values, variables, branches, loops, errors, and what it refuses to guess."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twin import Router, SteppedClock
from twin.script import NotCode, RouterTree, Unplayed, quote, read

ROUTER = Router("7.22.3", clock=SteppedClock())


def shown(source: str, router: Router = ROUTER) -> str:
    """What a script prints, lines joined; an error is its last line."""
    return router.call("/execute", {"script": source, "as-string": ""})[0]["ret"]


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("1 + 2", "3"),
        ("1+2*3", "7"),
        ("(1+2)*3", "9"),
        ("10 - 4 - 3", "3"),
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 2", "-1"),
        ("0x10 + 1", "17"),
        ("1 << 4 | 1", "17"),
        ("6 & 3 ^ 1", "3"),
        ("2 < 10", "true"),
        ("2 >= 10", "false"),
        ('"2" < "10"', "false"),
        ("1 = 1 and 2 != 2", "false"),
        ("1 = 1 && (2 = 3 || 3 = 3)", "true"),
        ("false or !false", "true"),
        ("!(1 = 1)", "false"),
        ('"a" . "b" . 1', "ab1"),
        ('"a" . "b" = "ab"', "true"),
        ('"a" . (1 + 2)', "a3"),
        ('"vpnops: x" ~ "^vpnops"', "true"),
        ('"x vpnops" ~ "^vpnops"', "false"),
        ('"abc" ~ "c$"', "true"),
        ("1h30m + 30m", "02:00:00"),
        ("1d1s", "1d00:00:01"),
        ("90s / 4", "00:00:22.500"),
        ("1m > 59s", "true"),
        ("1, 2, 3", "1;2;3"),
        ('{1; "two"; key=3}', "1;two;key=3"),
        ('{"a"; "b"}->1', "b"),
        ('{x="a"; y="b"}->"y"', "b"),
        ("true = yes", "true"),
        ('[:typeof "1"] = "str"', "true"),
        ("10.0.0.0/8", "10.0.0.0/8"),
    ],
)
def test_expression(expression: str, result: str) -> None:
    assert shown(f":put ({expression})") == result


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("1", "num"),
        ("0x1F", "num"),
        ('"1"', "str"),
        ("abc", "str"),
        ("true", "bool"),
        ("*1A", "id"),
        ("1h", "time"),
        ("00:30:00", "time"),
        ("192.0.2.1", "ip"),
        ("192.0.2.0/24", "ip-prefix"),
        ("2001:db8::1", "ip6"),
        ("({})", "array"),
        ("$undefined", "nothing"),
        ("[:tonum abc]", "nothing"),
        ("[/ip firewall filter find]", "array"),
        ("[/system identity get name]", "str"),
    ],
)
def test_type_of_a_value(value: str, kind: str) -> None:
    assert shown(f":put [:typeof {value}]") == kind


@pytest.mark.parametrize(
    ("source", "output"),
    [
        pytest.param(":put 1; :put 2\n:put 3", "1\n2\n3", id="separators"),
        pytest.param('# no\n:put 1 # why\n  # no\n:put "#2"', "1\n#2", id="comments"),
        pytest.param(":put (1 + \\\n  2)", "3", id="joined-lines"),
        pytest.param(":local a 5; :set a ($a + 1); :put $a", "6", id="set"),
        pytest.param(":local a; :put [:typeof $a]", "nothing", id="no-value"),
        pytest.param("{ :local a 1; { :local a 2; :put $a }; :put $a }", "2\n1", id="shadow"),
        pytest.param('{ :local a 1 }; :put "<$a>"', "<>", id="out-of-scope"),
        pytest.param(":local a 1; { :set a 2 }; :put $a", "2", id="set-from-within"),
        pytest.param(':local "my-var" 3; :put $"my-var"', "3", id="quoted-name"),
        pytest.param(":if (1 = 1) do={ :put yes } else={ :put no }", "yes", id="if"),
        pytest.param(":if (1 = 2) do={ :put yes } else={ :put no }", "no", id="else"),
        pytest.param(":if (1 = 2) do={ :put yes }", "", id="if-alone"),
        pytest.param(":foreach x in={1; 2} do={ :put $x }", "1\n2", id="foreach"),
        pytest.param(":foreach x in=() do={ :put $x }", "", id="foreach-none"),
        pytest.param(":for i from=1 to=3 do={ :put $i }", "1\n2\n3", id="for"),
        pytest.param(":for i from=3 to=1 step=-2 do={ :put $i }", "3\n1", id="for-down"),
        pytest.param(":local i 0; :while ($i < 3) do={ :set i ($i + 1) }; :put $i", "3", id="while"),
        pytest.param(":local i 0; :do { :set i ($i + 1) } while=($i < 3); :put $i", "3", id="do-while"),
        pytest.param(":do { :put 1; :error x; :put 2 } on-error={ :put oh }; :put 3", "1\noh\n3", id="on-error"),
        pytest.param(':onerror e in={ :error "no way" } do={ :put "got: $e" }', "got: no way", id="onerror"),
        pytest.param(":put [:onerror e in={ :put 1 } do={ :put 2 }]", "1\nfalse", id="onerror-none"),
        pytest.param(":do { :onerror e in={ :error a } do={ :error b } } on-error={ :put c }", "c", id="nested"),
        pytest.param(":put 1; :return 5; :put 2", "1", id="return"),
        pytest.param(":foreach x in={1; 2} do={ :if ($x = 1) do={ :return 0 }; :put $x }", "", id="return-from-loop"),
        pytest.param("put 1; local a 2; put $a", "1\n2", id="without-colon"),
        pytest.param(':put "sum $(1 + 2) of $[:len abc]!"', "sum 3 of 3!", id="substitution"),
        pytest.param(':put "5 $ and ^x$"', "5 $ and ^x$", id="lone-dollar"),
        pytest.param(':put "a\\\n   b"', "ab", id="joined-text"),
        pytest.param(":put [:tostr (1, 2)]", "1;2", id="tostr"),
        pytest.param(':put ([:tonum "7"] + 1)', "8", id="tonum"),
        pytest.param(':put [:len "gr\u00fc\u00df"]', "6", id="len-in-bytes"),
        pytest.param(':put [:pick "abcdef" 1 3]', "bc", id="pick"),
        pytest.param(':put [:find "abc" "c"]', "2", id="find"),
        pytest.param(':put [:len [:toarray "a,b,c"]]', "3", id="toarray"),
    ],
)
def test_script(source: str, output: str) -> None:
    assert shown(source) == output


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (":frobnicate", "bad command name frobnicate (line 1 column 2)"),
        (":put 1\n  :frobnicate", "bad command name frobnicate (line 2 column 4)"),
        ("/ip firewall filtre add", "bad command name filtre (line 1 column 14)"),
        ("/ip/firewall/filter/ad chain=input", "bad command name ad (line 1 column 21)"),
        ("/ip firewall filter", "expected command name (line 1 column 20)"),
        ("/ip firewall filter add chian=input", "expected end of command (line 1 column 25)"),
        ("/ip firewall filter remove *1 *2", "expected end of command (line 1 column 31)"),
        (":put 1 2", "expected end of command (line 1 column 8)"),
        (":local a=5", "expected end of command (line 1 column 8)"),
        (":foreach x in={1} od={ }", "expected end of command (line 1 column 19)"),
        ("/ip firewall filter add chain= action=drop", "syntax error (line 1 column 31)"),
        ("/ip firewall filter add comment=a?b", "syntax error (line 1 column 34)"),
        ('/ip firewall filter add comment="a\\q"', "syntax error (line 1 column 36)"),
        ('/ip firewall filter add comment="a', "syntax error (line 1 column 35)"),
        ("/ip firewall filter remove [find where frob=1]", "syntax error (line 1 column 40)"),
        ("/ip firewall filter remove [find dst-address=10.0.0.0/8]", "syntax error (line 1 column 54)"),
        (":put (1 + )", "syntax error (line 1 column 11)"),
        (":put (1", "syntax error (line 1 column 8)"),
        (":put [ ]", "syntax error (line 1 column 6)"),
        ("{ :put 1", "syntax error (line 1 column 9)"),
        (":put 1 }", "syntax error (line 1 column 8)"),
        (":if (1=1) do={ :put 1 ]", "syntax error (line 1 column 23)"),
    ],
)
def test_mistake_stops_a_script_before_anything_runs(source: str, text: str) -> None:
    assert shown(f":put started\n{source}".replace(":put started\n", "", 1)) == text
    moved = text.replace("line 2", "line 3").replace("line 1", "line 2")
    assert shown(f":do {{ :put started }}\n{source}") == moved


def test_mistake_is_not_caught_by_the_script_that_has_it() -> None:
    assert shown(":do { :frobnicate } on-error={ :put caught }") == "bad command name frobnicate (line 1 column 8)"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (':error "it failed"', "it failed"),
        (":if 5 do={ }", "conditional not boolean"),
        (":put (1 / 0)", "division by zero"),
        (":put", "missing value(s) of argument(s) message"),
        (":return", "missing value(s) of argument(s) value"),
    ],
)
def test_error_while_running(source: str, text: str) -> None:
    assert shown(f":put 1\n{source}").splitlines() == ["1", text.replace("line 1", "line 2")]


@pytest.mark.parametrize(
    "source",
    [
        ':put (1 = "1")',
        ":put (true + 1)",
        ":put (true < false)",
        ':put ("a" . 1 + 2)',
        ":put (!$a = 1)",
        ':put ("a" ~ "(?i)A")',
        ':put ("a" ~ "\\\\d")',
        ':put ((1, 2) . "a")',
        ":put (1h = 3600)",
        ":put (2 in (1, 2))",
        ":put [:pick abc -1]",
        ":for i from=1 to=3 step=-1 do={ }",
        ":foreach x in={a=1} do={ }",
        ":retry command={ } delay=1 max=3",
        ":put [:serialize to=json value=1]",
        ":while (true) do={ }",
        ":put [:delay 1s]",
        ":set nobody 1",
        "/ip firewall filter print",
        "/ip firewall filter export",
    ],
)
def test_what_is_not_established_is_refused_where_nothing_can_hide_it(source: str) -> None:
    assert "the twin does not play" in shown(f":do {{ {source} }} on-error={{ :put hidden }}")


def test_onerror_came_with_7_13() -> None:
    source = ":onerror e in={ :error a } do={ :put b }"
    assert shown(source, Router("7.12.2")) == "bad command name onerror (line 1 column 2)"
    assert shown(source, Router("7.16.2")) == "b"


def test_global_variable_is_seen_by_later_scripts_that_name_it() -> None:
    router = Router(clock=SteppedClock())
    shown(':global token "abc"; :local own 1', router)
    assert shown(':put "<$token>"', router) == "<>"
    assert shown(':global token; :put "<$token>"', router) == "<abc>"
    assert shown(":global token; { :put $token }", router) == "abc"
    shown(":global token; :set token", router)
    assert shown(":global token; :put [:typeof $token]", router) == "nothing"


def test_global_variables_belong_to_one_user() -> None:
    router = Router(clock=SteppedClock())
    from twin.actor import Actor

    shown(":global token 1", router)
    other = router.call(
        "/execute", {"script": ":global token; :put [:typeof $token]", "as-string": ""}, actor=Actor("x")
    )
    assert other[0]["ret"] == "nothing"


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_quoted_text_reads_back(text: str) -> None:
    assert shown(f":put {quote(text)}") == text


@settings(deadline=None)
@given(st.binary(max_size=20))
def test_bytes_that_are_no_letters_read_back(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    assert shown(f":put {quote(text)}") == text
    by_hand = "".join(f"\\{byte:02X}" for byte in data)
    assert shown(f':put "{by_hand}"') == text


@settings(deadline=None)
@given(st.text(alphabet=' "\\$?[]{}();\n#=a1', max_size=40))
def test_quoted_text_survives_in_an_entry(text: str) -> None:
    quoted = quote(text)
    shown(f"/ip firewall filter\nremove [find]\nadd chain=input comment={quoted}\nadd chain=input comment=other")
    assert ROUTER.rows("/ip/firewall/filter")[0].get("comment", "") == text
    assert shown(f":put [:len [/ip firewall filter find where comment={quoted}]]") == "1"


@pytest.mark.parametrize(
    ("escape", "char"),
    [("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\_", " "), ("\\?", "?"), ("\\a", "\a"), ("\\41", "A"),
     ("\\C3\\BC", "\u00fc"), ("\\\\41", "\\41")],
)  # fmt: skip
def test_escape(escape: str, char: str) -> None:
    assert shown(f':put "<{escape}>"') == f"<{char}>"


@settings(deadline=None)
@given(st.text(alphabet=' "\\$[]{}();\n#=:/a1.-,~!*', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotCode, Unplayed):
        read(text, RouterTree(ROUTER))


def test_deep_nesting_is_refused() -> None:
    assert "levels of nesting" in shown(":put " + "(" * 5000 + "1" + ")" * 5000)
    assert "levels of nesting" in shown("{" * 5000 + "}" * 5000)


def test_long_chain_is_refused() -> None:
    assert "so long a chain" in shown(":put (" + "1+" * 5000 + "1)")


WORDS = (
    *(":put", ":local a", ":global b", ":set a", "$a", "$b", "(", ")", "[", "]", "{", "}", ";", "\n", "=", "1", '"x"'),
    *(":if", "do={", "else={", ":foreach i in=", ":while (false) do={", ":do {", "} on-error={", ":len", ":typeof"),
    *("/ip firewall filter", "add", "chain=input", "remove", "find", "where", "[find]", "*1", "disabled=yes", "+", "."),
    *(
        "print",
        "as-value",
        "get",
        "name",
        "set",
        "~",
        "<",
        "and",
        "!",
        "->",
        ",",
        "1h",
        "10.0.0.1",
        ":return",
        ":error",
    ),
    *("/system script run x", ":pick", ":tonum", ":toarray", "/system identity", "comment=", "~", "enable", "move"),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
def test_any_script_ends_in_output_or_a_refusal(source: str) -> None:
    router = Router(clock=SteppedClock())
    assert isinstance(shown(source, router), str)
    router.call("/execute", {"script": source})
    router.advance(1)
    router.dump()
