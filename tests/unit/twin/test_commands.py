# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""add, set, remove, move and the others, on menus of every sort."""

from __future__ import annotations

import pytest
from twin import Persona, Router, Trap
from twin.signature import commands

PROFILE = "/ip/ipsec/profile"
PEER = "/ip/ipsec/peer"
FILTER = "/ip/firewall/filter"


@pytest.fixture
def router() -> Router:
    return Router("7.22.3")


@pytest.fixture
def rules(router: Router) -> list[str]:
    """Ids of four rules a, b, c, d."""
    return [router.add(FILTER, chain="input", comment=name) for name in "abcd"]


def order(router: Router) -> str:
    return "".join(row["comment"] for row in router.rows(FILTER))


def refused(router: Router, full: str, **words: str) -> tuple[str, int | None]:
    with pytest.raises(Trap) as refusal:
        router.call(full, {name.replace("_", "-"): value for name, value in words.items()})
    return refusal.value.message, refusal.value.category


@pytest.mark.parametrize(
    ("full", "message"),
    [
        ("/interface/ipsec/print", "no such command prefix"),
        ("/nothing", "no such command"),
        ("/ip/ipsec/key/qkd/extra/print", "no such command prefix"),
        ("/ip/ipsec/remote-peers/print", "no such command prefix"),
        ("/ip/ipsec/peer/frobnicate", "no such command"),
        ("/ip/ipsec/print", "no such command"),
        ("/ip/ipsec/settings/add", "no such command"),
        ("/ip/ipsec/peer/unset", "no such command"),
        ("/ip/ipsec/identity/move", "no such command"),
        ("/ip/ipsec/peer/pri", "no such command"),
    ],
)
def test_unknown_path_and_unknown_command_differ(router: Router, full: str, message: str) -> None:
    assert refused(router, full) == (message, 0)


@pytest.mark.parametrize(
    ("menu", "verb", "has", "has_not"),
    [
        ("/ip/service", "unset", "7.16.2", "7.17.1"),
        ("/system/scheduler", "unset", "7.24", "7.23"),
        ("/system/script", "unset", "7.24", "7.23"),
        ("/ip/ipsec/key/psk", "add", "7.21.5", "7.20.8"),
        ("/ip/ipsec/key/qkd", "print", "7.23.3", "7.24"),
        ("/ip/ipsec/key", "generate-key", "7.19.6", "7.20"),
    ],
)
def test_command_comes_and_goes_between_the_versions_known_in_full(
    menu: str, verb: str, has: str, has_not: str
) -> None:
    """enums.json, timeline."""
    assert verb in commands(Router(has).tables[menu].menu, Persona(has))
    with pytest.raises(Trap, match=r"^no such command"):
        Router(has_not).call(f"{menu}/{verb}")


@pytest.mark.parametrize(
    ("version", "full", "argument"),
    [
        ("7.20.8", "/ip/ipsec/profile/add", "ppk"),
        ("7.20.8", "/ip/firewall/filter/add", "tos"),
        ("7.22.3", "/ip/firewall/filter/add", "hw-offload"),
        ("7.16.2", "/ip/firewall/nat/add", "tls-host"),
        ("7.16.2", "/ip/firewall/nat/add", "socks5-port"),
        ("7.20.8", "/ip/ipsec/settings/set", "ddos-cookie-threshold"),
        ("7.22.3", "/ip/ipsec/identity/add", "peer-address"),
        ("7.22.3", "/ip/ipsec/peer/add", ".id"),
        ("7.22.3", "/ip/ipsec/profile/add", "comment"),
        ("7.22.3", "/ip/ipsec/peer/add", "dynamic"),
        ("7.22.3", "/ip/ipsec/peer/add", "place-before"),
    ],
)
def test_argument_the_version_lacks_is_unknown(version: str, full: str, argument: str) -> None:
    with pytest.raises(Trap, match=f"^unknown parameter {argument}$"):
        Router(version).call(full, {argument: "1"})


def test_ids_are_hexadecimal_stable_and_never_given_twice(router: Router) -> None:
    ids = [router.add(FILTER, chain="input") for _dummy in range(11)]
    assert ids[-2:] == ["*A", "*B"]
    router.call(f"{FILTER}/remove", {".id": "*B"})
    assert router.add(FILTER, chain="input") == "*C"


def test_id_in_another_spelling_finds_the_entry(router: Router, rules: list[str]) -> None:
    router.call(f"{FILTER}/set", {".id": rules[0].lower().replace("*", "*0"), "comment": "A"})
    assert order(router) == "Abcd"


def test_add_gives_defaults_and_own_forms(router: Router) -> None:
    router.add(PROFILE, name="s2s", enc_algorithm="aes-128,aes-256", lifetime="24h", prf_algorithm="auto")
    assert router.rows(PROFILE)[1] == {
        ".id": "*1",
        "name": "s2s",
        "dh-group": "modp2048,modp1024",
        "enc-algorithm": "aes-256,aes-128",
        "hash-algorithm": "sha1",
        "lifetime": "1d",
        "proposal-check": "obey",
        "nat-traversal": "true",
        "dpd-interval": "8s",
        "dpd-maximum-failures": "4",
    }


@pytest.mark.parametrize(("version", "interval", "failures"), [("7.12.2", "2m", "5"), ("7.16.2", "8s", "4")])
def test_default_profile_has_the_version_s_dead_peer_detection(version: str, interval: str, failures: str) -> None:
    (row,) = Router(version).rows(PROFILE)
    assert (row["dpd-interval"], row["dpd-maximum-failures"]) == (interval, failures)


@pytest.mark.parametrize(
    ("menu", "words", "message"),
    [
        (PROFILE, {}, "missing value(s) of argument(s) name"),
        ("/interface/list/member", {}, "missing value(s) of argument(s) list interface"),
        ("/user", {"name": "x"}, "missing value(s) of argument(s) group password"),
        (PEER, {"profile": "nobody"}, "input does not match any value of profile"),
        (PEER, {"profile": ""}, "input does not match any value of profile"),
        (PEER, {"profile": "*99"}, "input does not match any value of profile"),
        (PEER, {"exchange-mode": "ike3"}, "input does not match any value of exchange-mode"),
        (PEER, {"port": "70000"}, "value of port is out of range (0 .. 65535)"),
        (PROFILE, {"name": "default"}, "failure: profile with the same name already exists"),
        (PROFILE, {"name": ""}, "invalid value for argument name"),
        ("/user/group", {"name": ""}, "failure: invalid group name"),
        ("/ip/ipsec/identity", {"secret": "x"}, "missing value(s) of argument(s) peer"),
        (FILTER, {"action": "drop"}, "missing value(s) of argument(s) chain"),
        (FILTER, {"chain": "input", "!nonsense": ""}, "unknown parameter nonsense"),
        (FILTER, {"chain": "input", "!place-before": ""}, "unknown parameter place-before"),
        ("/user/group", {}, "failure: invalid group name"),
        ("/certificate", {}, "failure: At least one field specifying certificate name must be set!"),
        ("/ip/ipsec/active-peers", {}, "error - contact MikroTik support and send a supout file (3)"),
    ],
)
def test_add_is_refused(router: Router, menu: str, words: dict[str, str], message: str) -> None:
    before = router.dump()
    with pytest.raises(Trap) as refusal:
        router.call(f"{menu}/add", words)
    assert refusal.value.message == message
    assert router.dump() == before


def test_reference_that_fits_several_names_is_ambiguous(router: Router) -> None:
    for name in ("site-a", "site-b"):
        router.add(PROFILE, name=name)
    text = "ambiguous value of profile, more than one possible value matches input"
    assert refused(router, f"{PEER}/add", profile="site") == (text, 1)


def test_names_are_numbered_where_none_is_given(router: Router) -> None:
    for menu, name in ((PEER, "peer"), ("/ip/ipsec/proposal", "proposal")):
        router.call(f"{menu}/add")
        router.add(menu, name=f"{name}2")
        router.call(f"{menu}/add")
        assert [row["name"] for row in router.rows(menu)][-3:] == [f"{name}1", f"{name}2", f"{name}3"]


def test_number_that_becomes_free_is_given_again(router: Router) -> None:
    for _dummy in range(3):
        router.call(f"{PEER}/add")
    router.call(f"{PEER}/remove", {"numbers": "peer2"})
    for _dummy in range(2):
        router.call(f"{PEER}/add")
    assert [row["name"] for row in router.rows(PEER)] == ["peer1", "peer3", "peer2", "peer4"]


def test_entry_cannot_be_renamed_to_nothing_or_to_another_s_name(router: Router) -> None:
    for name in "ab":
        router.add(PEER, name=name)
    assert refused(router, f"{PEER}/set", numbers="a", name="") == ("invalid value for argument name", 1)
    assert refused(router, f"{PEER}/set", numbers="a", name="b")[0] == "failure: peer with the same name already exists"
    text = "failure: already have interface with such name"
    assert refused(router, "/interface/set", numbers="ether1", name="ether2") == (text, 4)
    router.call(f"{PEER}/set", {"numbers": "a", "name": "a"})


def test_rename_is_seen_by_whoever_refers(router: Router) -> None:
    router.add(PROFILE, name="old")
    router.add(PEER, name="a", profile="old")
    router.call(f"{PROFILE}/set", {".id": "old", "name": "new"})
    assert router.rows(PEER)[0]["profile"] == "new"


def test_set_works_on_several_entries_and_on_names(router: Router, rules: list[str]) -> None:
    router.call(f"{FILTER}/set", {"numbers": f"{rules[0]},{rules[2]}", "action": "drop"})
    assert [row["action"] for row in router.rows(FILTER)] == ["drop", "accept", "drop", "accept"]
    router.add(PEER, name="a")
    router.call(f"{PEER}/disable", {"numbers": "a"})
    assert router.rows(PEER)[0]["disabled"] == "true"
    router.call(f"{PEER}/enable", {".id": "a"})
    assert router.rows(PEER)[0]["disabled"] == "false"


def test_set_on_several_entries_stops_at_the_first_refusal(router: Router) -> None:
    """What a router does with the entries before is unverified."""
    for name in "ab":
        router.add(PEER, name=name)
    assert refused(router, f"{PEER}/set", numbers="a,b", address="192.0.2.1")[0].startswith("failure: Multiple")
    assert [row.get("address") for row in router.rows(PEER)] == ["192.0.2.1/32", None]


def test_singleton_is_set_without_id(router: Router) -> None:
    router.call("/system/identity/set", {"name": "site-a"})
    assert router.rows("/system/identity") == [{"name": "site-a"}]


def test_service_is_set_by_its_name(router: Router) -> None:
    router.call("/ip/service/set", {".id": "telnet", "disabled": "yes", "address": "192.0.2.0/24"})
    row = router.rows("/ip/service")[0]
    assert (row["disabled"], row["address"]) == ("true", "192.0.2.0/24")


@pytest.mark.parametrize("verb", ["set", "remove", "enable", "disable", "comment", "unset", "move"])
def test_unknown_entry_is_no_such_item_and_nothing_happens(router: Router, rules: list[str], verb: str) -> None:
    before = router.dump()
    words = {"numbers": f"{rules[0]},*99"}
    if verb == "unset":
        words["value-name"] = "protocol"
    assert refused(router, f"{FILTER}/{verb}", **words) == ("no such item (4)", 0)
    assert router.dump() == before
    assert refused(Router("7.12.2"), f"{FILTER}/remove", numbers="*99") == ("no such item", 0)


def test_ids_are_needed(router: Router) -> None:
    assert refused(router, f"{FILTER}/remove")[0] == "missing value(s) of argument(s) numbers"


def test_unset_takes_a_matcher_away(router: Router) -> None:
    id_ = router.add(FILTER, chain="input", protocol="tcp", dst_port="22")
    router.call(f"{FILTER}/unset", {"numbers": id_, "value-name": "dst-port"})
    assert "dst-port" not in router.rows(FILTER)[0]
    both = {"numbers": f"{id_},{router.add(FILTER, chain='input', protocol='udp')}", "value-name": "protocol"}
    router.call(f"{FILTER}/unset", both)
    assert not any("protocol" in row for row in router.rows(FILTER))
    assert refused(router, f"{FILTER}/unset", numbers=id_, value_name="chain") == (
        "input does not match any value of value-name",
        1,
    )


def test_negated_name_takes_a_value_away(router: Router) -> None:
    id_ = router.add(FILTER, chain="input", protocol="tcp", dst_port="22")
    router.call(f"{FILTER}/set", {".id": id_, "!dst-port": ""})
    assert "dst-port" not in router.rows(FILTER)[0]
    router.add(PEER, name="a", port="4500")
    router.call(f"{PEER}/set", {".id": "a", "!port": ""})
    assert "port" not in router.rows(PEER)[0]


def test_writing_a_hidden_default_hides_it(router: Router) -> None:
    router.add(PEER, name="a", port="4500", local_address="192.0.2.1", comment="x", passive="yes")
    words = {"port": "500", "local-address": "0.0.0.0", "comment": "", "passive": "no"}
    router.call(f"{PEER}/set", {".id": "a", **words})
    assert not set(words) & set(router.rows(PEER)[0])


def test_equal_states_print_equally_however_they_came_about(router: Router) -> None:
    other = Router("7.22.3")
    router.add(FILTER, chain="input", protocol="tcp", dst_port="22", comment="x")
    id_ = other.add(FILTER, chain="input", comment="x", protocol="udp")
    other.call(f"{FILTER}/set", {".id": id_, "protocol": "tcp", "dst-port": "22"})
    assert [list(row.items()) for row in router.rows(FILTER)] == [list(row.items()) for row in other.rows(FILTER)]


@pytest.mark.parametrize(
    ("numbers", "destination", "result"),
    [
        ("d", "a", "dabc"),
        ("a", "d", "bcad"),
        ("a", "", "bcda"),
        ("d,b", "a", "dbac"),
        ("a,c", "", "bdac"),
        ("b", "b", "abcd"),
        ("b,c", "c", "abcd"),
    ],
)
def test_move(router: Router, rules: list[str], numbers: str, destination: str, result: str) -> None:
    ids = dict(zip("abcd", rules, strict=True))
    words = {"numbers": ",".join(ids[name] for name in numbers.split(","))}
    if destination:
        words["destination"] = ids[destination]
    router.call(f"{FILTER}/move", words)
    assert order(router) == result


def test_move_refused_for_one_of_several_moves_none(router: Router, rules: list[str]) -> None:
    router.seed({FILTER: [{"chain": "input", "dynamic": "true", "comment": "X"}]})
    dynamic = router.rows(FILTER)[-1][".id"]
    builtin = ("failure: cannot move builtin", 4)
    assert refused(router, f"{FILTER}/move", numbers=f"{rules[2]},{dynamic}", destination=rules[0]) == builtin
    assert refused(router, f"{FILTER}/move", numbers=f"{rules[2]},{rules[3]}", destination=dynamic) == builtin
    assert refused(router, f"{FILTER}/move", numbers=rules[2], destination="*99") == ("no such item (4)", 0)
    assert refused(router, f"{FILTER}/move", destination=rules[0])[0] == "missing value(s) of argument(s) numbers"
    assert order(router) == "abcdX"


def test_place_before_inserts(router: Router, rules: list[str]) -> None:
    router.add(FILTER, chain="input", comment="x", place_before=rules[1])
    assert order(router) == "axbcd"
    text = "item referred by 'place-before' does not exist (11)"
    assert refused(router, f"{FILTER}/add", chain="input", place_before="*99")[0] == text
    assert refused(router, f"{FILTER}/add", chain="input", place_before="0")[0] == text
    older = refused(Router("7.12.2"), f"{FILTER}/add", chain="input", place_before="*99")[0]
    assert older == "failure: item referred by 'place-before' does not exist"


def test_copy_from_takes_everything_but_the_name(router: Router) -> None:
    router.add(PROFILE, name="a", dh_group="ecp256")
    router.add(PROFILE, name="b", copy_from="a", hash_algorithm="sha256")
    row = router.rows(PROFILE)[2]
    assert (row["name"], row["dh-group"], row["hash-algorithm"]) == ("b", "ecp256", "sha256")


def test_reset_puts_named_properties_back(router: Router) -> None:
    router.add(PROFILE, name="a", dh_group="ecp256", lifetime="1h")
    router.call(f"{PROFILE}/reset", {"numbers": "a", "lifetime": ""})
    row = router.rows(PROFILE)[1]
    assert (row["lifetime"], row["dh-group"]) == ("1d", "ecp256")


@pytest.mark.parametrize(
    ("menu", "name"),
    [(PROFILE, "default"), ("/ip/ipsec/proposal", "default"), ("/ip/ipsec/policy/group", "default"),
     ("/ip/ipsec/mode-config", "request-only"), ("/interface/list", "all"), ("/user/group", "full")],
)  # fmt: skip
def test_builtin_entry_stays(router: Router, menu: str, name: str) -> None:
    assert refused(router, f"{menu}/remove", numbers=name) == ("failure: cannot remove builtin", 4)


def test_builtin_profile_can_be_changed(router: Router) -> None:
    router.call(f"{PROFILE}/set", {".id": "*A", "dh-group": "ecp256"})
    assert router.rows(PROFILE)[0]["dh-group"] == "ecp256"
