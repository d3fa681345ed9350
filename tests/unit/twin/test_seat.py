# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of a router that enforces its firewall on them: who hangs, who is cut, who goes on."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from twin import Seat, Server
from twin.gate import Unplayed
from twin.pytest_plugin import MakeTwin
from twin.wire import Decoder, encode_sentence

FILTER = "/ip/firewall/filter"
SILENT, ENDED = [["silent"]], [["ended"]]


class Client:
    """Speaks bytes; `SILENT` and `ENDED` are what it hears of a router that does not answer or hangs up."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.decoder = Decoder()

    def ask(self, *words: str, patience: float = 20) -> list[list[str]]:
        try:
            self.sock.sendall(encode_sentence(list(words)))
        except OSError:
            return ENDED
        return self.hear(patience)

    def hear(self, patience: float = 20) -> list[list[str]]:
        self.sock.settimeout(patience)
        found: list[list[str]] = []
        while not found or found[-1][0] not in ("!done", "!fatal"):
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                return SILENT
            except OSError:
                return ENDED
            if not data:
                return ENDED
            found += self.decoder.feed(data)
        return found

    def login(self, patience: float = 20) -> list[list[str]]:
        return self.ask("/login", "=name=admin", "=password=", patience=patience)


Dial = Callable[[Server], Client]


@pytest.fixture
def dial() -> Iterator[Dial]:
    with ExitStack() as stack:

        def connect(server: Server) -> Client:
            client = Client(server.port)
            stack.callback(client.sock.close)
            return client

        yield connect


CLOSE_DOWN = (f"{FILTER}/add", "=chain=input", "=action=drop", "=comment=oops")


def test_client_is_seen_where_it_sits(make_twin: MakeTwin, dial: Dial) -> None:
    twin = make_twin(seat=Seat(client="192.168.88.77"))
    assert dial(twin).login() == [["!done"]]
    assert twin.router.rows("/user/active")[0]["address"] == "192.168.88.77"
    twin.router.call("/user/set", {".id": "admin", "address": "192.168.88.0/28"})
    answer = dial(twin).login()
    assert answer[0][:2] == ["!trap", "=message=invalid user name or password (6)"]


def test_client_that_locks_itself_out_hears_nothing_until_the_router_relents(make_twin: MakeTwin, dial: Dial) -> None:
    """What it sent meanwhile is carried out then, as TCP sends it anew."""
    twin = make_twin(seat=Seat())
    client = dial(twin)
    client.login()
    at = time.strftime("%H:%M:%S", time.gmtime(time.time() + 2))
    script = f"{FILTER} remove [find comment=oops]"
    client.ask("/system/scheduler/add", "=name=undo", f"=start-time={at}", f"=on-event={script}")
    assert client.ask(*CLOSE_DOWN)[0][0] == "!done"
    assert client.ask("/system/identity/set", "=name=late", patience=0.2) == SILENT
    assert twin.router.rows("/system/identity")[0]["name"] == "MikroTik"
    newcomer = dial(twin)
    assert newcomer.login(patience=0.2) == SILENT
    assert client.hear() == [["!done"]]
    assert twin.router.rows("/system/identity")[0]["name"] == "late"
    assert newcomer.hear() == [["!done"]]


def test_denied_connections_can_be_cut_instead(make_twin: MakeTwin, dial: Dial) -> None:
    twin = make_twin(seat=Seat(denied="close"))
    client = dial(twin)
    client.login()
    assert client.ask(*CLOSE_DOWN)[0][0] == "!done"
    assert client.ask("/system/identity/set", "=name=late") == ENDED
    assert dial(twin).login() == ENDED
    assert twin.router.rows("/system/identity")[0]["name"] == "MikroTik"
    assert twin.router.rows("/user/active") == []


def test_each_sentence_of_a_burst_meets_the_rules_that_the_one_before_left(make_twin: MakeTwin, dial: Dial) -> None:
    twin = make_twin(seat=Seat())
    client = dial(twin)
    client.login()
    burst = [list(CLOSE_DOWN), ["/system/identity/set", "=name=late"]]
    client.sock.sendall(b"".join(map(encode_sentence, burst)))
    assert len(client.hear()) == 1
    assert client.hear(0.2) == SILENT
    twin.router.call(f"{FILTER}/remove", {".id": "*1"})
    assert client.hear() == [["!done"]]


def test_answers_wait_for_the_output_chain(make_twin: MakeTwin, dial: Dial) -> None:
    twin = make_twin(seat=Seat())
    client = dial(twin)
    client.login()
    assert client.ask(f"{FILTER}/add", "=chain=output", "=action=drop", patience=0.2) == SILENT
    twin.router.call(f"{FILTER}/remove", {".id": "*1"})
    assert client.hear()[0][0] == "!done"


@pytest.mark.parametrize("chain", ["input", "output"])
def test_reboot_ends_connections_that_hang(make_twin: MakeTwin, dial: Dial, chain: str) -> None:
    twin = make_twin(seat=Seat())
    client = dial(twin)
    client.login()
    twin.router.add(FILTER, chain=chain, action="drop")
    assert client.ask("/system/identity/set", "=name=late", patience=0.2) == SILENT
    twin.reboot()
    assert client.hear() == ENDED
    assert twin.router.rows("/user/active") == []


def test_tls_handshake_passes_the_firewall_too(make_twin: MakeTwin) -> None:
    """The handshake that hung is finished when the rule is gone."""
    twin = make_twin(seat=Seat(), tls=True)
    rule = twin.router.add(FILTER, chain="output", action="drop", protocol="tcp", src_port="8729", tcp_flags="psh")
    context = ssl.create_default_context(cafile=twin.ca_file)
    with socket.create_connection(("127.0.0.1", twin.tls_port), timeout=0.2) as plain:
        sock = context.wrap_socket(plain, server_hostname="localhost", do_handshake_on_connect=False)
        with pytest.raises(TimeoutError):
            sock.do_handshake()
        twin.router.call(f"{FILTER}/remove", {".id": rule})
        sock.settimeout(20)
        sock.do_handshake()
        sock.sendall(encode_sentence(["/login", "=name=admin", "=password="]))
        assert Decoder().feed(sock.recv(65536)) == [["!done"]]
        sock.close()


def test_rule_that_cannot_be_judged_is_told_when_the_twin_stops(dial: Dial) -> None:
    server = Server(seat=Seat()).start()
    row = server.router.tables[FILTER].by_id(server.router.add(FILTER, chain="input"))
    assert row is not None
    row.values["moon-phase"] = "full"
    assert dial(server).login() == ENDED
    with pytest.raises(Unplayed, match="moon-phase"):
        server.stop()
