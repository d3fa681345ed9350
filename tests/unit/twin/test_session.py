# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client's conversation without sockets: login, tags, listening, cancelling, seeds."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from twin import Faults, Persona, Refusal, Router
from twin.session import Session
from twin.trace import masked

Words = list[str]


class Client:
    """A session and what it emitted by itself."""

    def __init__(self, router: Router, faults: Faults | None = None) -> None:
        self.emitted: list[Words] = []
        self.session = Session(router, "192.0.2.9", "api", self.emitted.append, faults)

    def say(self, *words: str) -> list[Words]:
        return self.session.handle(list(words))

    def login(self, name: str = "admin", password: str = "") -> list[Words]:
        return self.say("/login", f"=name={name}", f"=password={password}")


@pytest.fixture
def router() -> Router:
    router = Router("7.22.3")
    router.set_user("ops", "correct horse", ["api", "read", "write"])
    router.set_user("web", "correct horse", ["web", "read"])
    return router


@pytest.fixture
def client(router: Router) -> Client:
    found = Client(router)
    assert found.login() == [["!done"]]
    return found


REFUSED = [["!trap", "=message=invalid user name or password (6)"], ["!done"]]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("ops", "wrong", id="password"),
        pytest.param("nobody", "", id="user"),
        pytest.param("web", "correct horse", id="policy-api"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_login_is_refused_with_one_text_and_can_be_tried_again(router: Router, name: str, password: str) -> None:
    client = Client(router)
    assert client.login(name, password) == REFUSED
    assert client.login("ops", "correct horse") == [["!done"]]


@pytest.mark.parametrize("words", [{"disabled": "yes"}, {"address": "198.51.100.0/24"}])
def test_login_of_a_disabled_user_or_from_elsewhere_is_refused(router: Router, words: dict[str, str]) -> None:
    router.call("/user/set", {"numbers": "ops", **words})
    assert Client(router).login("ops", "correct horse") == REFUSED


def test_changed_password_counts_at_once(router: Router) -> None:
    router.call("/user/set", {"numbers": "ops", "password": "new"})
    assert Client(router).login("ops", "new") == [["!done"]]
    assert "password" not in router.rows("/user")[0]


def test_command_before_login_is_fatal(router: Router) -> None:
    client = Client(router)
    assert client.say("/ip/address/print") == [["!fatal", "not logged in"]]
    assert client.session.closing


def test_old_router_is_entered_by_challenge() -> None:
    client = Client(Router(Persona("7.12.2", old_login=True)))
    ((_dummy, ret),) = client.login()
    challenge = bytes.fromhex(ret.removeprefix("=ret="))
    digest = hashlib.md5(b"\x00" + b"" + challenge).hexdigest()
    assert client.say("/login", "=name=admin", f"=response=00{'0' * 32}")[0] == ["!trap", "=message=cannot log in"]
    assert client.say("/login", "=name=admin", f"=response=00{digest}") == [["!done"]]


def test_quit_says_good_bye(client: Client) -> None:
    assert client.say("/quit") == [["!fatal", "session terminated on request"]]
    assert client.session.closing


def test_tag_comes_back_on_every_reply(client: Client) -> None:
    assert client.say("/ip/ipsec/peer/add", "=name=a", ".tag=7") == [["!done", ".tag=7", "=ret=*1"]]
    replies = client.say("/ip/ipsec/peer/add", "=name=a", ".tag=x y")
    assert [reply[:2] for reply in replies] == [["!trap", ".tag=x y"], ["!done", ".tag=x y"]]
    assert client.say("/system/identity/print", ".tag=") == [["!re", "=name=MikroTik"], ["!done"]]


def test_trap_carries_its_category(client: Client) -> None:
    replies = client.say("/ip/ipsec/policy/add")
    assert replies == [["!trap", "=category=4", "=message=failure: Peer not set!"], ["!done"]]


def test_listen_reports_changes_until_it_is_cancelled(client: Client, router: Router) -> None:
    assert client.say("/ip/ipsec/peer/listen", ".tag=1") == []
    router.add("/ip/ipsec/peer", name="a")
    router.add("/ip/ipsec/profile", name="elsewhere")
    router.call("/ip/ipsec/peer/remove", {"numbers": "a"})
    assert [words[:3] for words in client.emitted] == [["!re", ".tag=1", "=.id=*1"]] * 2
    assert client.emitted[1] == ["!re", ".tag=1", "=.id=*1", "=.dead=true"]
    assert client.say("/cancel", "=tag=1", ".tag=2") == [
        ["!trap", ".tag=1", "=category=2", "=message=interrupted"],
        ["!done", ".tag=2"],
        ["!done", ".tag=1"],
    ]
    router.add("/ip/ipsec/peer", name="b")
    assert len(client.emitted) == 2


def test_listen_shows_no_secrets_to_who_may_not_see_them(router: Router) -> None:
    client = Client(router)
    client.login("ops", "correct horse")
    client.say("/ip/ipsec/identity/listen", "?secret=hunter2", ".tag=1")
    client.say("/ip/ipsec/identity/listen", ".tag=2")
    router.add("/ip/ipsec/peer", name="a")
    router.add("/ip/ipsec/identity", peer="a", secret="hunter2")
    assert [words[1] for words in client.emitted] == [".tag=2"]
    assert "hunter2" not in str(client.emitted)


def test_follow_prints_what_is_there_and_then_what_changes(client: Client, router: Router) -> None:
    router.add("/ip/ipsec/peer", name="a")
    found = client.say("/ip/ipsec/peer/print", "=follow=", "=.proplist=name", ".tag=1")
    assert found == [["!re", ".tag=1", "=name=a"]]
    router.add("/ip/ipsec/peer", name="b")
    assert client.emitted == [["!re", ".tag=1", "=name=b"]]


@pytest.mark.parametrize("words", [["/nothing/listen"], ["/ip/ipsec/peer/listen", "=nonsense="]])
def test_listen_is_refused_like_any_command(client: Client, words: Words) -> None:
    assert [reply[0] for reply in client.say(*words)] == ["!trap", "!done"]


def test_cancel_of_what_does_not_run_is_just_done(client: Client) -> None:
    assert client.say("/cancel", "=tag=9", ".tag=2") == [["!done", ".tag=2"]]


def test_second_login_takes_the_place_of_the_first(client: Client, router: Router) -> None:
    assert client.login("ops", "correct horse") == [["!done"]]
    assert [row["name"] for row in router.rows("/user/active")] == ["ops"]
    assert client.say("/user/add", "=name=x")[0][1] == "=message=not enough permissions (9)"


def test_session_is_listed_while_it_lasts(client: Client, router: Router) -> None:
    assert [row["name"] for row in router.rows("/user/active")] == ["admin"]
    client.session.close()
    assert router.rows("/user/active") == []


@pytest.mark.parametrize(
    ("refusal", "results"),
    [
        (Refusal(nth=2), ["!done", "!trap", "!done"]),
        (Refusal(nth=2, always=True), ["!done", "!trap", "!trap"]),
        (Refusal(path="/ip/ipsec/profile", verb="set"), ["!done", "!done", "!done"]),
    ],
)
def test_chosen_write_is_refused(router: Router, refusal: Refusal, results: list[str]) -> None:
    client = Client(router, Faults(refuse=refusal))
    client.login()
    client.say("/ip/ipsec/profile/print")
    found = [client.say("/ip/ipsec/profile/add", f"=name={name}")[0][0] for name in "abc"]
    assert found == results


def test_secrets_are_masked_in_the_log() -> None:
    sentence = ["/x", "=password=p", "=secret=p", "=ppk-secret=p", "=response=p", "=key=p", "?secret=p", "?=secret=p"]
    assert not any(word.endswith("=p") for word in masked(sentence))
    assert masked(["/x", "=comment=secret=p", "=.id=*1"]) == ["/x", "=comment=secret=p", "=.id=*1"]


def test_seed_brings_rows_of_every_sort() -> None:
    router = Router()
    router.seed(
        {
            "/ip/firewall/filter": [{"chain": "input", "dynamic": "true", "comment": "made by the router"}],
            "/interface": [{"name": "gre1", "type": "gre-tunnel"}],
            "/system/identity": [{"name": "site-a"}],
            "/ip/ipsec/profile": [{"name": "default", "dpd-interval": "2m"}],
            "/ip/ipsec/peer": [{".id": "*7", "name": "a"}],
        }
    )
    assert router.rows("/ip/firewall/filter")[0]["dynamic"] == "true"
    assert [row["type"] for row in router.rows("/interface")][-1] == "gre-tunnel"
    assert [row["dpd-interval"] for row in router.rows("/ip/ipsec/profile")] == ["2m"]
    assert router.rows("/ip/ipsec/peer")[0][".id"] == "*7"
    assert router.add("/ip/ipsec/peer", name="b") == "*8"


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({"/ip/nothing": []}, "RouterOS 7.22.3 has no menu /ip/nothing"),
        ({"/ip/ipsec/peer": [{"nme": "a"}]}, "/ip/ipsec/peer, row 0: unknown parameter nme"),
        ({"/ip/ipsec/peer": [{"port": "x"}]}, "/ip/ipsec/peer, row 0: invalid value for argument port"),
        ({"/ip/ipsec/peer": [{".id": "*zz"}]}, "/ip/ipsec/peer, row 0: '*zz' is no id"),
        ({"/ip/ipsec/peer": [{"name": "a"}, {".id": "7"}]}, "/ip/ipsec/peer, row 1: '7' is no id"),
        ({"/ip/ipsec/peer": [{"comment": None}]}, "/ip/ipsec/peer, row 0: comment is None, which is no text"),
    ],
)
def test_wrong_seed_is_one_sentence(seed: dict[str, list[dict[str, Any]]], message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace("*", r"\*")):
        Router().seed(seed)


@pytest.mark.parametrize("version", ["6.49.10", "7.9.2", "8.0", "latest", ""])
def test_version_beyond_what_is_known_is_one_sentence(version: str) -> None:
    with pytest.raises(ValueError, match="RouterOS"):
        Persona(version)
