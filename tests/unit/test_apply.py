# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending a plan: stage by stage, back again after a refusal, and an honest account when the session breaks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Interrupted, apply, command, read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Command, Lost, Refused, Reply, Trap
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Plan, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

FILTER, PEER, IDENTITY, SETTINGS, PSK = (
    BY_MODULE[name] for name in ("firewall_filter", "ipsec_peer", "ipsec_identity", "ipsec_settings", "ipsec_key_psk")
)
V7 = (7, 22)
OK, NO = Reply(ret="*9"), Reply(trap=Trap("failure: no"))
ACCEPT, DROP = Add(FILTER, {"action": "accept"}), Add(FILTER, {"action": "drop"})
OLD = Entry("*1", {"name": "b", "address": "192.0.2.1"})
VERSION = Reply(({"version": "7.22 (stable)"},))


class Fake:
    """Answers batch by batch from a list; an exception in it is raised."""

    def __init__(self, *answers: Sequence[Reply] | Exception) -> None:
        self.answers, self.batches = list(answers), list[list[Command]]()
        self.warnings: list[str] = []

    def run(self, commands: Sequence[Command]) -> list[Reply]:
        self.batches.append(list(commands))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return list(answer)

    def close(self) -> None:
        raise AssertionError("whoever opened the session closes it")


def send(fake: Fake, *changes: Change, before: dict[Menu, tuple[Entry, ...]] | None = None) -> None:
    apply(fake, "r1", Plan(changes), before if before is not None else {FILTER: ()}, V7)


@pytest.mark.parametrize(
    ("change", "verb", "words"),
    [
        (Add(FILTER, {"chain": "input"}), "add", {"chain": "input"}),
        (Add(FILTER, {"chain": "input"}, "*3"), "add", {"chain": "input", "place-before": "*3"}),
        (Set(FILTER, OLD, {"log": "yes"}, ("protocol",)), "set", {".id": "*1", "log": "yes", "!protocol": ""}),
        (Set(SETTINGS, Entry("", {}), {"accounting": "no"}), "set", {"accounting": "no"}),
        (Move(FILTER, OLD, "*3"), "move", {"numbers": "*1", "destination": "*3"}),
        (Move(FILTER, OLD), "move", {"numbers": "*1"}),
        (Remove(FILTER, OLD), "remove", {".id": "*1"}),
    ],
)
def test_what_is_sent_for_a_change(change: Change, verb: str, words: dict[str, str]) -> None:
    assert command(change) == Command(change.menu.path, verb, words)


def test_a_stage_is_sent_when_the_one_before_it_has_worked() -> None:
    fake = Fake([OK, OK], [OK])
    send(fake, ACCEPT, ACCEPT, DROP)
    assert [[each.words["action"] for each in batch] for batch in fake.batches] == [["accept", "accept"], ["drop"]]


def test_a_first_refusal_changes_nothing_and_is_said_in_the_routers_words() -> None:
    fake = Fake([NO])
    with pytest.raises(Refused) as refusal:
        send(fake, ACCEPT, DROP)
    assert str(refusal.value) == "r1: /ip firewall filter add action=accept: failure: no; nothing was changed"
    assert len(fake.batches) == 1


def test_a_refusal_half_way_is_undone() -> None:
    fake = Fake([OK], [NO], [VERSION, Reply(({".id": "*9", "action": "accept"}, {".id": "*8", "action": "log"}))], [OK])
    with pytest.raises(Refused) as refusal:
        send(fake, ACCEPT, DROP)
    assert str(refusal.value) == ("r1: /ip firewall filter add action=drop: failure: no; the change made was undone")
    assert fake.batches[-1] == [Command("/ip/firewall/filter", "remove", {".id": "*9"})]


def test_what_worked_beside_the_refusal_is_undone_as_well() -> None:
    now = Reply(({".id": "*1", "name": "b", "address": "192.0.2.2"},))
    change = Set(PEER, OLD, {"address": "192.0.2.2"})
    fake = Fake([NO, OK], [VERSION, now], [OK])
    with pytest.raises(Refused, match="the change made was undone"):
        send(fake, Add(PEER, {"name": "c"}), change, before={PEER: (OLD,)})
    assert fake.batches[-1] == [Command("/ip/ipsec/peer", "set", {".id": "*1", "address": "192.0.2.1"})]


def test_a_way_back_that_is_refused_is_told_in_full() -> None:
    fake = Fake([OK], [NO], [VERSION, Reply(({".id": "*9", "action": "accept"},))], [NO])
    with pytest.raises(Interrupted) as stopped:
        send(fake, ACCEPT, DROP)
    assert str(stopped.value) == (
        "r1: /ip firewall filter add action=drop: failure: no; the changes made could not all be undone: "
        "/ip firewall filter remove *9: failure: no"
    )


def test_a_way_back_on_which_the_session_breaks_is_told_too() -> None:
    with pytest.raises(Interrupted, match="could not all be undone: connection reset"):
        send(Fake([OK], [NO], Lost("r1", "connection reset")), ACCEPT, DROP)


def test_a_removed_secret_that_was_hidden_cannot_come_back() -> None:
    hidden = Entry("*2", {"peer": "b", "secret": "********"})
    fake = Fake([OK, NO], [VERSION, Reply()], [OK])
    with pytest.raises(Interrupted, match="its secret is hidden from this account and has to be set again"):
        send(fake, Remove(IDENTITY, hidden), Remove(IDENTITY, hidden), before={IDENTITY: (hidden,)})


def test_what_names_an_entry_that_was_removed_is_read_and_mended_too() -> None:
    identity = Entry("*3", {"peer": "b"})
    now = Reply(({".id": "*3", "peer": "*1"},))
    fake = Fake([OK, NO], [VERSION, Reply(), now], [OK, OK])
    with pytest.raises(Refused, match="the change made was undone"):
        send(fake, Remove(PEER, OLD), Remove(PEER, OLD), before={PEER: (OLD,), IDENTITY: (identity,), FILTER: ()})
    assert [each.path for each in fake.batches[1]] == ["/system/resource", "/ip/ipsec/peer", "/ip/ipsec/identity"]
    assert fake.batches[-1][-1] == Command("/ip/ipsec/identity", "set", {".id": "*3", "peer": "b"})


def test_a_lost_session_tells_what_is_known_and_what_is_not() -> None:
    fake = Fake([OK], Lost("r1", "connection reset", [OK, NO, None]))
    with pytest.raises(Interrupted) as stopped:
        send(fake, ACCEPT, DROP, DROP, DROP, ACCEPT, DROP)
    assert str(stopped.value) == (
        "r1: connection reset; 2 of 6 changes are confirmed; "
        "refused: /ip firewall filter add action=drop: failure: no; "
        "unknown is the fate of: /ip firewall filter add action=drop, /ip firewall filter add action=accept; "
        "1 were not sent; run the task again to finish"
    )


def test_a_lost_session_tells_what_was_switched_off_to_make_room() -> None:
    other = Entry("*2", {"name": "c", "address": "192.0.2.2"})
    moved, on = Set(PEER, other, {"address": "192.0.2.1"}), {"disabled": "no", "address": "192.0.2.2"}
    with pytest.raises(Interrupted, match="not on again: /ip/ipsec/peer name=b; 0 were not sent"):
        send(Fake(Lost("r1", "reset", [OK])), Set(PEER, OLD, {"disabled": "yes"}), moved, Set(PEER, OLD, on))
    with pytest.raises(Interrupted) as stopped:
        send(Fake(Lost("r1", "reset", [OK, OK, OK])), Set(PEER, OLD, {"disabled": "yes"}), moved, Set(PEER, OLD, on))
    assert "not on again" not in str(stopped.value)


def test_of_two_changes_alike_one_may_be_done_and_the_other_unknown() -> None:
    with pytest.raises(Interrupted, match=r"1 of 2 .* unknown is the fate of: .*accept; 0 were not sent"):
        send(Fake(Lost("r1", "reset", [OK])), ACCEPT, ACCEPT)


@pytest.mark.parametrize("answer", [[NO], Lost("r1", "reset")])
@pytest.mark.parametrize(
    "change",
    [
        Add(PSK, {"peer": "b", "key": "hush"}),
        Set(IDENTITY, Entry("*1", {"peer": "b", "secret": "hush-old"}), {"secret": "hush-new"}),
        Remove(IDENTITY, Entry("*1", {"peer": "b", "secret": "hush-old"})),
    ],
)
def test_no_message_tells_a_secret(answer: list[Reply] | Exception, change: Change) -> None:
    with pytest.raises((Refused, Interrupted)) as stopped:
        send(Fake(answer), change)
    assert "hush" not in str(stopped.value)


def test_reading_is_one_batch() -> None:
    peer = Reply(({".id": "*1", "name": "b", "dynamic": "false", "unheard-of": "x"},))
    fake = Fake([Reply(({"version": "7.22.3 (stable)"},)), peer, Reply(({"accounting": "true"},))])
    assert read(fake, "r1", [PEER, SETTINGS], with_dynamic=False) == (
        (7, 22, 3),
        {PEER: (Entry("*1", {"name": "b"}),), SETTINGS: (Entry("", {"accounting": "true"}),)},
    )
    (batch,) = fake.batches
    assert [(each.path, each.queries) for each in batch] == [
        ("/system/resource", ()),
        ("/ip/ipsec/peer", ("?dynamic=true", "?#!")),
        ("/ip/ipsec/settings", ()),
    ]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ([NO, Reply()], "r1: /system/resource print: failure: no"),
        ([Reply(), Reply()], "r1: /system/resource print: no answer"),
        ([Reply(({"version": "soon"},)), Reply()], "r1: /system/resource print: 'soon' is not a RouterOS version"),
        ([VERSION, NO], "r1: /ip/ipsec/peer print: failure: no"),
        (
            [Reply(({"version": "6.49.17 (long-term)"},)), Reply()],
            "r1: it runs RouterOS 6.49.17, and 7.10 is the oldest version known here",
        ),
    ],
)
def test_what_cannot_be_read_is_a_refusal(answers: list[Reply], sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(Fake(answers), "r1", [PEER], with_dynamic=False)
    assert str(refusal.value) == sentence


def test_a_menu_that_this_version_lacks_is_not_read() -> None:
    assert read(Fake([Reply(({"version": "7.20"},)), NO]), "r1", [PSK], with_dynamic=True) == ((7, 20), {})
