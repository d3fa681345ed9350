# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routers on real sockets: bursts, several clients, broken clients, TLS, and what can be made to go wrong."""

from __future__ import annotations

import json
import selectors
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from twin import Server
from twin.connection import Connection
from twin.pytest_plugin import MakeTwin
from twin.tls import ANONYMOUS_CIPHERS
from twin.wire import Decoder, encode_length, encode_sentence

FILTER = "/ip/firewall/filter"
Words = list[str]


class Client:
    """Speaks bytes and nothing else, so that it can also misbehave."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        if context:
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.decoder = Decoder()

    def send(self, *sentences: Words) -> None:
        self.sock.sendall(b"".join(map(encode_sentence, sentences)))

    def receive(self, ends: int = 1) -> list[Words]:
        """Replies up to so many `!done`; fewer when the router hangs up."""
        found: list[Words] = []
        while sum(words[0] == "!done" for words in found) < ends:
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                return found
            if not data:
                return found
            found += self.decoder.feed(data)
        return found

    def say(self, *words: str) -> list[Words]:
        self.send(list(words))
        return self.receive()

    def ended(self) -> bool:
        """The router hung up and left nothing unread."""
        return self.receive() == [] and not self.decoder.midway


def until(true: Callable[[], bool]) -> None:
    """Wait for the router's thread to get there; a test that waits in vain is ended by its runner."""
    while not true():
        time.sleep(0.001)


Dial = Callable[..., Client]


@pytest.fixture
def dial() -> Iterator[Dial]:
    """A function that connects, and by default logs in as admin."""
    with ExitStack() as stack:

        def connect(server: Server, *, login: bool = True, context: ssl.SSLContext | None = None) -> Client:
            client = Client(server.tls_port if context else server.port, context)
            stack.callback(client.sock.close)
            if login:
                assert client.say("/login", "=name=admin", "=password=") == [["!done"]]
            return client

        yield connect


def trusting(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file)


def test_burst_of_sentences_is_answered_in_order(twin: Server, dial: Dial) -> None:
    client = dial(twin)
    client.send(*([f"{FILTER}/add", "=chain=input", f"=comment={number}", f".tag={number}"] for number in range(500)))
    replies = client.receive(500)
    assert [words[1] for words in replies] == [f".tag={number}" for number in range(500)]
    client.send([f"{FILTER}/print", "=.proplist=comment"])
    assert client.receive() == [*(["!re", f"=comment={number}"] for number in range(500)), ["!done"]]


def test_burst_is_one_round_trip(twin: Server, dial: Dial) -> None:
    client = dial(twin)
    twin.reset_counters()
    client.send(["/system/identity/print"], ["/ip/ipsec/peer/print"])
    client.receive(2)
    assert twin.round_trips == 1
    assert twin.sentences == [("/system/identity/print",), ("/ip/ipsec/peer/print",)]


def test_sentence_may_arrive_byte_by_byte(twin: Server, dial: Dial) -> None:
    client = dial(twin)
    for byte in encode_sentence(["/system/identity/print", ".tag=x"]):
        client.sock.sendall(bytes([byte]))
    assert client.receive() == [["!re", ".tag=x", "=name=MikroTik"], ["!done", ".tag=x"]]


def test_clients_share_the_router_and_nothing_else(twin: Server, dial: Dial) -> None:
    first, second = dial(twin), dial(twin)
    first.sock.sendall(encode_sentence(["/ip/ipsec/peer/add", "=name=a"])[:-1])
    second.say("/ip/ipsec/peer/add", "=name=b", ".tag=2")
    first.sock.sendall(b"\x00")
    assert first.receive() == [["!done", "=ret=*2"]]
    assert [words[2] for words in second.say("/ip/ipsec/peer/print")[:-1]] == ["=name=b", "=name=a"]
    assert [row["name"] for row in twin.router.rows("/user/active")] == ["admin", "admin"]


def test_clients_at_the_same_time_lose_nothing(twin: Server, dial: Dial) -> None:
    clients = [dial(twin) for _dummy in range(4)]
    replies: dict[int, list[Words]] = {}

    def work(number: int) -> None:
        words = [f"{FILTER}/add", "=chain=input", f"=comment={number}"]
        clients[number].send(*[words] * 200)
        replies[number] = clients[number].receive(200)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    own = [twin.router.add(FILTER, chain="input", comment="own") for _dummy in range(200)]
    for thread in threads:
        thread.join()
    ids = [words[1].removeprefix("=ret=") for found in replies.values() for words in found] + own
    assert len(set(ids)) == 1000
    assert {row[".id"] for row in twin.router.rows(FILTER)} == set(ids)


def test_listener_hears_of_other_clients_and_of_the_router_itself(twin: Server, dial: Dial) -> None:
    listener, other = dial(twin), dial(twin)
    listener.send(["/ip/ipsec/peer/listen", "=.proplist=name", ".tag=1"], ["/system/identity/print"])
    listener.receive()
    other.say("/ip/ipsec/peer/add", "=name=a")
    twin.router.add("/ip/ipsec/peer", name="b")
    heard: list[Words] = []
    while len(heard) < 2:
        heard += listener.decoder.feed(listener.sock.recv(65536))
    assert heard == [["!re", ".tag=1", "=name=a"], ["!re", ".tag=1", "=name=b"]]


@pytest.mark.parametrize(
    "text", ["Zürich, 東京 🔑", "two\r\nlines", "=?!.tag=", "a" * 70_000], ids=["unicode", "lines", "signs", "long"]
)
def test_text_survives(twin: Server, dial: Dial, text: str) -> None:
    client = dial(twin)
    client.say("/ip/ipsec/peer/add", "=name=a", f"=comment={text}")
    assert client.say("/ip/ipsec/peer/print", "=.proplist=comment") == [["!re", f"=comment={text}"], ["!done"]]


def test_bytes_that_are_no_text_survive_and_can_be_a_password(twin: Server, dial: Dial) -> None:
    odd = b"\xe4\xff".decode("utf-8", "surrogateescape")
    dial(twin).say("/user/add", "=name=odd", f"=password={odd}", "=group=full")
    client = dial(twin, login=False)
    assert client.say("/login", "=name=odd", f"=password={odd}") == [["!done"]]
    assert client.say("/system/identity/set", f"=name={odd}") == [["!done"]]
    assert client.say("/system/identity/print")[0] == ["!re", f"=name={odd}"]


@pytest.mark.parametrize(
    ("login", "stream"),
    [
        pytest.param(False, b"\xf8\x00", id="control-byte"),
        pytest.param(False, b"GET / HTTP/1.1\r\nHost: router\r\n\r\n", id="http"),
        pytest.param(False, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="tls-hello"),
        pytest.param(False, b"\xff" * 4096, id="noise"),
        pytest.param(False, encode_length(1 << 20), id="big-word-before-login"),
        pytest.param(True, encode_length((16 << 20) + 1), id="oversize-word"),
        pytest.param(True, b"\x05/quit\xff", id="control-byte-after-a-word"),
    ],
)
def test_stream_that_cannot_be_followed_ends_that_connection_only(
    twin: Server, dial: Dial, login: bool, stream: bytes
) -> None:
    healthy, broken = dial(twin), dial(twin, login=login)
    broken.sock.sendall(stream)
    broken.sock.shutdown(socket.SHUT_WR)
    assert all(words[0] == "!fatal" for words in broken.receive())
    assert healthy.say("/system/identity/print")[-1] == ["!done"]


def test_reserved_byte_is_noticed_without_waiting_for_the_end(twin: Server, dial: Dial) -> None:
    client = dial(twin)
    client.sock.sendall(b"\xf8")
    assert client.ended()


def test_client_that_resets_or_leaves_halfway_harms_nobody(twin: Server, dial: Dial) -> None:
    healthy, rude, gone = dial(twin), dial(twin), dial(twin)
    rude.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    rude.send(*[[f"{FILTER}/print"]] * 50)
    rude.sock.close()
    gone.sock.sendall(encode_sentence(["/system/reboot"])[:5])
    gone.sock.close()
    assert healthy.say("/system/identity/print")[-1] == ["!done"]


def test_sentence_after_good_bye_is_not_executed(twin: Server, dial: Dial) -> None:
    client = dial(twin)
    client.send(["/quit"], ["/system/identity/set", "=name=late"])
    assert client.receive() == [["!fatal", "session terminated on request"]]
    assert twin.router.rows("/system/identity") == [{"name": "MikroTik"}]


@pytest.mark.parametrize(("when", "executed", "answered"), [("before", 1, 1), ("after", 2, 1), ("midreply", 2, 1)])
def test_connection_drops_at_the_chosen_sentence(
    twin: Server, dial: Dial, when: str, executed: int, answered: int
) -> None:
    client = dial(twin)
    twin.faults.drop_when = when
    twin.faults.drop_after = 2
    client.send(*(["/ip/ipsec/peer/add", f"=name={name}"] for name in "abc"))
    assert client.receive(3) == [["!done", "=ret=*1"]] * answered
    assert client.decoder.midway is (when == "midreply")
    assert len(twin.router.rows("/ip/ipsec/peer")) == executed
    assert twin.faults.dropped == 1
    assert dial(twin).say("/system/identity/print")[-1] == ["!done"]


def test_every_connection_can_be_dropped_at_once_and_the_state_stays(twin: Server, dial: Dial) -> None:
    clients = [dial(twin), dial(twin)]
    clients[0].say("/ip/ipsec/peer/add", "=name=a")
    twin.drop_all()
    assert all(client.ended() for client in clients)
    assert len(dial(twin).say("/ip/ipsec/peer/print")) == 2


def test_connections_can_be_refused_or_left_unanswered(twin: Server, dial: Dial) -> None:
    twin.faults.refuse_connections = "close"
    assert dial(twin, login=False).ended()
    twin.faults.refuse_connections = "hang"
    mute = dial(twin, login=False)
    mute.send(["/login", "=name=admin", "=password="])
    until(lambda: twin.connections == 1)
    twin.faults.refuse_connections = ""
    assert dial(twin).say("/system/identity/print")[-1] == ["!done"]
    mute.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        mute.sock.recv(1)


def test_connection_that_is_left_unanswered_is_not_polled() -> None:
    here, there = socket.socketpair()
    connection = Connection(1, here)
    assert connection.events() == selectors.EVENT_READ
    connection.deaf = True
    assert connection.events() == 0
    there.close()
    connection.close()


def test_answers_wait_for_the_latency_and_still_share_the_trip(twin: Server, dial: Dial) -> None:
    waiting, served = dial(twin), dial(twin)
    twin.reset_counters()
    twin.faults.latency = 3000
    waiting.send(["/system/identity/print"])
    until(lambda: len(twin.sentences) == 1)
    twin.faults.latency = 0.01
    served.send(*[["/system/identity/print"]] * 10)
    assert len(served.receive(10)) == 20
    assert twin.round_trips == 2
    waiting.sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        waiting.sock.recv(1)


def test_log_has_the_trips_and_no_secrets(tmp_path: Path, make_twin: MakeTwin, dial: Dial) -> None:
    server = make_twin(users={"admin": ""}, log=tmp_path / "twin.log")
    client = dial(server)
    client.say("/ip/ipsec/peer/add", "=name=a", "=ppk-secret=hunter2")
    assert client.say("/ip/ipsec/peer/get", "=number=a", "=value-name=ppk-secret") == [["!done", "=ret=hunter2"]]
    server.stop()
    lines = [json.loads(line) for line in (tmp_path / "twin.log").read_text().splitlines()]
    assert [line["event"] for line in lines].count("round-trip") == 3
    words = [line["words"] for line in lines if line["event"] == "sentence"]
    assert words[1] == ["/ip/ipsec/peer/add", "=name=a", "=ppk-secret=*****"]
    assert "hunter2" not in (tmp_path / "twin.log").read_text()


def test_tls_with_a_certificate_is_verified(make_twin: MakeTwin, dial: Dial) -> None:
    server = make_twin(tls=True)
    assert dial(server, context=trusting(server)).say("/system/identity/print")[-1] == ["!done"]
    with pytest.raises(ssl.SSLCertVerificationError):
        dial(server, context=ssl.create_default_context())


def test_tls_burst_beyond_what_is_read_at_once_is_answered(make_twin: MakeTwin, dial: Dial) -> None:
    server = make_twin(tls=True)
    client = dial(server, context=trusting(server))
    client.send(*(["/ip/ipsec/peer/add", "=comment=" + "x" * 60_000] for _dummy in range(100)))
    assert len(client.receive(100)) == 100


def test_router_without_certificate_offers_anonymous_ciphers_only(make_twin: MakeTwin, dial: Dial) -> None:
    server = make_twin(tls="anonymous")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with pytest.raises(ssl.SSLError):
        dial(server, context=context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ANONYMOUS_CIPHERS)
    assert dial(server, context=context).say("/system/identity/print")[-1] == ["!done"]


def test_plain_words_to_the_tls_port_end_that_connection(make_twin: MakeTwin, dial: Dial) -> None:
    server = make_twin(tls=True)
    plain = Client(server.tls_port)
    plain.send(["/login", "=name=admin", "=password="])
    assert plain.receive() == [] or plain.decoder.midway
    plain.sock.close()
    assert dial(server, context=trusting(server)).say("/system/identity/print")[-1] == ["!done"]


def test_port_that_is_taken_is_an_error_and_leaves_nothing_open(twin: Server) -> None:
    second = Server(port=twin.port)
    with pytest.raises(OSError, match="in use"):
        second.start()
    assert second._wake_out.fileno() == -1
    assert not Path(second._folder.name).exists()


def test_stopped_router_comes_back_where_it_was_with_its_state(make_twin: MakeTwin, dial: Dial) -> None:
    first = make_twin()
    first.router.add("/ip/ipsec/peer", name="a")
    first.stop()
    with Server(first.router, port=first.port) as second:
        assert second.port == first.port
        assert len(dial(second).say("/ip/ipsec/peer/print")) == 2
