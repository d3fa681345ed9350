# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""print and its relatives: what is listed, counted and found, and who may see it."""

from __future__ import annotations

import pytest
from twin import Persona, Router, Trap
from twin.actor import Actor
from twin.command import Command

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


@pytest.mark.parametrize("version", ["7.16.2", "7.22.3"])
def test_empty_answer_has_the_version_s_form(version: str) -> None:
    words = [reply.word for reply in Router(version).run(Command(FILTER, "print"))]
    assert words == (["!empty", "!done"] if version == "7.22.3" else ["!done"])


def test_proplist_leaves_rows_without_any_of_the_names_empty(router: Router) -> None:
    router.add(PEER, name="a")
    router.add(PEER, name="b", comment="x")
    replies = router.run(Command(PEER, "print", ((".proplist", "comment"),)))
    assert [(reply.word, dict(reply.attributes)) for reply in replies] == [
        ("!re", {}),
        ("!re", {"comment": "x"}),
        ("!done", {}),
    ]


def test_count_only_counts(router: Router, rules: list[str]) -> None:
    assert router.call(f"{FILTER}/print", {"count-only": ""}, "comment=a") == [{"ret": "1"}]
    assert len(rules) == 4


def test_query_compares_by_type(router: Router) -> None:
    router.add(PEER, name="a", address="203.0.113.50")
    assert router.call(f"{PEER}/print", None, "address=203.0.113.50")[0]["name"] == "a"
    assert router.call(f"{PROFILE}/print", None, "lifetime=24h")[0]["name"] == "default"


def test_console_queries_are_unknown_over_the_api(router: Router) -> None:
    with pytest.raises(Trap, match=r"^unknown parameter \.query$"):
        router.call(f"{FILTER}/print", {".query": "chain=input"})


def test_one_row_is_read_by_its_id(router: Router, rules: list[str]) -> None:
    assert [row["comment"] for row in router.call(f"{FILTER}/print", {"from": rules[1]})] == ["b"]
    assert [row["comment"] for row in router.call(f"{FILTER}/print", None, f".id={rules[2]}")] == ["c"]


def test_get_and_find(router: Router, rules: list[str]) -> None:
    assert router.call(f"{FILTER}/find", None, "comment=b") == [{"ret": rules[1]}]
    assert router.call(f"{PROFILE}/find", None, "lifetime=24h") == [{"ret": "*A"}]
    assert router.call(f"{FILTER}/get", {"number": rules[1], "value-name": "comment"}) == [{"ret": "b"}]


READER = Actor("r", frozenset(("api", "read")))


@pytest.mark.parametrize(
    ("full", "policies"),
    [
        (f"{FILTER}/add", ("api", "read")),
        (f"{PROFILE}/set", ("api", "read")),
        (f"{FILTER}/print", ("api", "write")),
        ("/user/add", ("api", "read", "write")),
        ("/user/group/remove", ("api", "read", "write")),
    ],
)
def test_policy_that_is_lacking(router: Router, full: str, policies: tuple[str, ...]) -> None:
    with pytest.raises(Trap, match=r"^not enough permissions \(9\)$"):
        router.call(full, {}, actor=Actor("r", frozenset(policies)))


@pytest.mark.parametrize(("mask", "shown"), [(False, None), (True, "*****")])
def test_secrets_are_for_users_with_the_policy_sensitive(mask: bool, shown: str | None) -> None:
    router = Router(Persona(mask_secrets=mask))
    router.add(PEER, name="a", ppk_secret="hunter2")
    router.add("/ip/ipsec/identity", peer="a", secret="hunter2")
    assert router.rows("/ip/ipsec/identity")[0]["secret"] == "hunter2"
    assert router.rows("/ip/ipsec/identity", actor=READER)[0].get("secret") == shown
    assert router.rows(PEER, actor=READER)[0].get("ppk-secret") == shown
    router.add("/ip/ipsec/identity", peer="a", auth_method="eap", username="u", password="hunter2")
    eap = router.rows("/ip/ipsec/identity", actor=READER)[1]
    assert (eap["username"], eap.get("password")) == ("u", shown)
    found = router.call("/ip/ipsec/identity/print", None, "secret=hunter2", actor=READER)
    assert found == []


def test_console_describes_the_tree(router: Router) -> None:
    children = router.call("/console/inspect", {"request": "child", "path": "ip,ipsec"})
    assert {"type": "child", "name": "profile", "node-type": "dir"} in children
    arguments = router.call("/console/inspect", {"request": "child", "path": "ip,ipsec,profile,add"})
    assert "dh-group" in [row["name"] for row in arguments]
    words = router.call("/console/inspect", {"request": "completion", "path": "ip,ipsec,profile,add,hash-algorithm"})
    assert [row["completion"] for row in words] == ["md5", "sha1", "sha256", "sha384", "sha512"]
