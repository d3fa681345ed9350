# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The procedure of a guarded change: what is sent and when, and how it ends if a sentence is refused or lost."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Interrupted
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    LoginRefused,
    Lost,
    Refused,
    Reply,
    RouterError,
    Unreachable,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import Staged
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import (
    GRACE,
    Guarded,
    Undone,
    clean,
    settle,
)

from tests.unit.desk import (
    ARM,
    FILTER,
    LISTS,
    NAME,
    NEW,
    SCHEDULER,
    SCRIPT,
    SERVICE,
    TIMEOUT,
    WISHES,
    Answer,
    Desk,
    a_router,
    answering,
    done,
    guarded,
    held,
    refused,
    watch_of,
)


def test_the_sentences_of_a_change_in_their_order() -> None:
    desk = Desk(a_router())
    guarded(desk).run()
    told = [each for each in desk.sent if not each.startswith((f"{SCRIPT}/print", f"{SCHEDULER}/print"))]
    lists, rules = LISTS.path, FILTER.path
    assert told == [
        *ARM,
        *(f"{lists}/add", f"{rules}/add", f"{rules}/add", f"{rules}/set"),
        *(f"{lists}/add", f"{lists}/enable", f"{rules}/enable", f"{rules}/disable", "/ip/service/set"),
        *(f"{SCRIPT}/set", f"{SCRIPT}/run"),
    ]
    assert desk.logins == 2
    assert desk.router.rows("/system/script") + desk.router.rows("/system/scheduler") == []
    assert "vpnops-guard" not in str(held(desk.router))


def test_the_timer_runs_by_the_routers_clock() -> None:
    desk = Desk(a_router())
    clock = desk.router.rows("/system/clock")[0]
    guarded(desk)._arm(guarded(desk)._appoint())
    timer, boot = desk.router.rows("/system/scheduler")
    assert timer["start-date"] == clock["date"]
    assert timer["start-time"][-5:] == f"{int(clock['time'][3:5]) + 1:02}{clock['time'][5:]}"
    assert (timer["interval"], boot["start-time"], boot["interval"]) == ("0s", "startup", "0s")
    assert timer["on-event"] == boot["on-event"] == NAME
    assert timer["policy"] == desk.router.rows("/system/script")[0]["policy"]


@pytest.mark.parametrize(
    ("instead", "told"),
    [
        pytest.param(
            answering(SCRIPT, "add", refused("not enough permissions (9)")), "the policies read,write", id="script"
        ),
        pytest.param(
            answering(SCHEDULER, "add", refused("not enough permissions (9)")), "set guard to never", id="timer"
        ),
        pytest.param(answering(SCHEDULER, "add", refused("not allowed by device-mode"), 2), "device-mode", id="boot"),
        pytest.param(
            answering(SCRIPT, "print", Reply(({".id": "*1", "invalid": "true"},))),
            "the router calls the script invalid",
            id="invalid",
        ),
        pytest.param(answering(SCRIPT, "print", Reply()), "the router calls the script invalid", id="no-script"),
        pytest.param(
            answering(SCHEDULER, "print", Reply(({".id": "*1"},))), "does not say when its scheduler", id="no-next-run"
        ),
        pytest.param(answering(SCHEDULER, "print", Reply()), "does not say when its scheduler", id="no-timer"),
        pytest.param(answering(SCHEDULER, "print", refused("interrupted")), "interrupted", id="no-answer"),
    ],
)
def test_a_guard_that_cannot_be_armed_changes_nothing(instead: Answer, told: str) -> None:
    desk = Desk(a_router(), instead=instead)
    before = held(desk.router)
    with pytest.raises(Refused, match=f"could not be armed, so nothing was changed: .*{told}"):
        guarded(desk).run()
    assert held(desk.router) == before
    assert not [each for each in desk.sent if each.startswith("/ip/")]
    assert desk.logins == 0


def test_another_controllers_guard_is_left_alone() -> None:
    desk = Desk(a_router())
    desk.router.add(SCRIPT, name=NAME, source="/log info theirs", comment="their-token")
    desk.router.add(SCHEDULER, name=NAME, on_event=NAME, start_date="2030-01-01", start_time="00:00:00")
    before = held(desk.router)
    with pytest.raises(Refused, match=r"already exists; another guarded change of this router is under way"):
        guarded(desk).run()
    assert held(desk.router) == before


@pytest.mark.parametrize("row", [(), ({"date": "jan/02/2026", "time": "03:04:05"},), ({"time": "03:04:05"},)])
def test_a_clock_that_cannot_be_read(row: tuple[Mapping[str, str], ...]) -> None:
    desk = Desk(a_router(), instead=answering("/system/clock", "print", Reply(row)))
    with pytest.raises(Refused, match=r"cannot read the router's clock .*so nothing was changed"):
        guarded(desk).run()
    assert desk.sent == ["/system/clock/print"]


def test_a_session_that_breaks_before_anything_was_sent_is_just_lost() -> None:
    desk = Desk(a_router(), cut=1)
    with pytest.raises(Lost):
        guarded(desk).run()
    assert desk.logins == 0


CHANGING = ("add", "set", "enable", "disable")


def changing(wish: str) -> list[int]:
    """Which sentences of an undisturbed change alter something, counted from one, the armament aside."""
    desk = Desk(a_router())
    guarded(desk, wish).run()
    ours = [n for n, each in enumerate(desk.sent, 1) if each.startswith("/ip/") and each.rpartition("/")[2] in CHANGING]
    return ours


@pytest.mark.parametrize("wish", WISHES)
def test_a_refusal_of_any_sentence_is_undone(wish: str) -> None:
    for nth in changing(wish):
        desk = Desk(a_router())
        before = held(desk.router)
        count = [0]

        def instead(_asked: Command, count: list[int] = count, nth: int = nth) -> Reply | None:
            count[0] += 1
            return refused("failure: no") if count[0] == nth else None

        desk.instead = instead
        with pytest.raises(Refused, match="failure: no; the changes made were undone"):
            guarded(desk, wish).run()
        assert held(desk.router) == before


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("wish", WISHES)
def test_a_session_lost_at_any_sentence_ends_in_the_old_state_or_the_new_and_says_which(
    wish: str, before: bool
) -> None:
    new, ends = done(wish), []
    for nth in range(2, 99):
        desk = Desk(a_router(), cut=nth, before=before)
        old = held(desk.router)
        ends.append(_end(guarded(desk, wish)))
        assert held(desk.router) == (old if ends[-1] == "Undone" else new), f"{nth}: {ends[-1]}"
        if len(desk.sent) < nth:
            break
    assert set(ends) == {"Undone", "done"}
    # Once the change is confirmed nothing takes it back.
    assert ends == sorted(ends)


def _end(change: Guarded) -> str:
    try:
        change.run()
    except RouterError as error:
        return type(error).__name__
    return "done"


@pytest.mark.parametrize("wish", ["only-adds", "everything"])
def test_who_cannot_come_back_for_a_while_waits_for_the_router(wish: str) -> None:
    def gone(_login: int) -> RouterError | None:
        return Unreachable("r1", "nobody answers") if desk.router.rows(SCRIPT) else None

    # What is there before the timer nobody runs, and nothing was changed; the last sentences are cut a second time.
    for nth in range(3, 8):
        desk = Desk(a_router(), cut=nth, shut=gone)
        old, began = held(desk.router), desk.router.clock()
        assert _end(guarded(desk, wish)) == "Undone", nth
        assert held(desk.router) == old
        assert desk.router.clock() - began <= TIMEOUT + 2


def test_who_never_comes_back_says_that_it_is_not_known() -> None:
    desk = Desk(a_router(), cut=12, shut=lambda _login: Unreachable("r1", "nobody answers"))
    old, began = held(desk.router), desk.router.clock()
    with pytest.raises(Interrupted, match=r"should have undone the change by itself, but does not answer \(nobody an"):
        guarded(desk).run()
    assert held(desk.router) == old
    assert TIMEOUT + GRACE <= desk.router.clock() - began <= TIMEOUT + GRACE + 2


def test_an_account_that_is_refused_is_not_tried_again_and_again() -> None:
    desk = Desk(a_router(), cut=12, shut=lambda _login: LoginRefused("r1", "wrong password"))
    with pytest.raises(Interrupted, match=r"does not answer \(wrong password"):
        guarded(desk).run()
    assert desk.logins < GRACE + 5


@pytest.mark.parametrize("nth", [1, 2])
def test_both_logins_have_to_work(nth: int) -> None:
    """The first may be what lists us as one to be blocked; the old session undoes the change at once."""
    desk = Desk(a_router(), shut=lambda login: Unreachable("r1", "nobody answers") if login >= nth else None)
    old, began = held(desk.router), desk.router.clock()
    with pytest.raises(Undone, match=r"no new session could be \(nobody answers\); the change was undone, and the"):
        guarded(desk).run()
    assert held(desk.router) == old
    assert desk.router.clock() - began <= TIMEOUT / 2 + 1


def test_what_the_guard_left_cannot_be_read() -> None:
    desk = Desk(a_router(), cut=12)
    desk.instead = lambda asked: refused("no") if asked.path == FILTER.path and asked.verb == "print" else None
    with pytest.raises(Interrupted, match=r"closed the connection; the guard has ended, but what it left could not"):
        guarded(desk).run()


def test_a_confirmation_that_is_refused_leaves_the_old_state() -> None:
    desk = Desk(a_router(), instead=answering(SCRIPT, "set", refused("not enough permissions (9)")))
    old = held(desk.router)
    with pytest.raises(Undone, match=r"could not be confirmed \(not enough permissions \(9\)\); the change was undone"):
        guarded(desk).run()
    assert held(desk.router) == old


def test_what_the_router_undid_in_time_is_not_confirmed() -> None:
    desk = Desk(a_router())
    old = held(desk.router)

    def slowly(_login: int) -> None:
        desk.router.advance(TIMEOUT / 2 + 5)

    desk.shut = slowly
    with pytest.raises(Undone, match="the router had undone the change before it could be confirmed"):
        guarded(desk).run()
    assert held(desk.router) == old


def test_what_did_not_come_back_is_named() -> None:
    """Somebody removed a rule meanwhile that the change was to remove, too."""
    desk = Desk(a_router())

    def meanwhile(asked: Command) -> Reply | None:
        if asked.verb == "disable":
            desk.router.call(f"{FILTER.path}/remove", {".id": asked.words[".id"]})
        return None

    desk.instead = meanwhile
    with pytest.raises(Interrupted, match="could not all be undone: /ip/firewall/filter comment=telnet is gone"):
        guarded(desk, "only-removes").run()


def test_rules_of_others_that_came_meanwhile_are_none_of_ours() -> None:
    desk = Desk(a_router())

    def meanwhile(asked: Command) -> Reply | None:
        if asked.verb == "enable":
            desk.router.add(FILTER.path, chain="forward", action="drop", comment="theirs")
            return refused("failure: no")
        return None

    desk.instead = meanwhile
    with pytest.raises(Refused, match="the changes made were undone"):
        guarded(desk, "only-adds").run()
    assert [row.get("comment") for row in desk.router.rows(FILTER.path) if row["dynamic"] == "false"][-2:] == [
        *("telnet", "theirs"),
    ]


def test_no_change_is_staged_and_nothing_breaks() -> None:
    desk = Desk(a_router())
    Guarded(desk, "r1", Staged(adds=(Add(FILTER, NEW),)), {FILTER: ()}, (7, 24), TIMEOUT, watch_of(desk.router)).run()
    assert desk.router.rows(SCRIPT) == []


def abandoned(confirmed: bool) -> tuple[Desk, dict[str, list[dict[str, str]]]]:
    """A router that was left with a change at its last sentence, and whose timer has lost its moment."""
    desk = Desk(a_router())
    old = held(desk.router)
    change = guarded(desk)
    change._arm(change._appoint())
    change._place()
    for step in change.staged.steps:
        change._switch(step)
    if confirmed:
        assert change._decide() == ""
    for row in desk.router.rows(SCHEDULER):
        desk.router.call(f"{SCHEDULER}/set", {".id": row[".id"], "disabled": "yes"})
    return desk, old


@pytest.mark.parametrize(("confirmed", "told"), [(True, "finished"), (False, "undone")])
def test_what_another_left_is_brought_to_its_end(confirmed: bool, told: str) -> None:
    desk, old = abandoned(confirmed)
    said = settle(desk, "r1", watch_of(desk.router))
    assert said == f"an earlier change was left half done; it was {told} first"
    assert held(desk.router) == (done("everything") if confirmed else old)


def test_what_another_is_at_is_waited_for() -> None:
    desk = Desk(a_router())
    change = guarded(desk)
    change._arm(change._appoint())
    pauses: list[float] = []
    assert settle(desk, "r1", watch_of(desk.router, pauses)).startswith("another guarded change was under way")
    assert TIMEOUT - 1 <= sum(pauses) <= TIMEOUT + 1


def test_nobody_waits_for_ever() -> None:
    desk = Desk(a_router())
    desk.router.add(SCRIPT, name=NAME, source="/log info theirs")
    desk.router.add(SCHEDULER, name=NAME, on_event=NAME, start_date="2030-01-01", start_time="00:00:00")
    with pytest.raises(Refused, match=r"another guarded change is under way until .*2030.*; nothing was changed"):
        settle(desk, "r1", watch_of(desk.router))


def test_what_was_prepared_and_not_begun_is_removed_and_not_run() -> None:
    desk = Desk(a_router())
    old = held(desk.router)
    desk.router.add(SCRIPT, name=NAME, source="/ip service disable [find]")
    desk.router.add(SCHEDULER, name=f"{NAME}-boot", on_event=NAME, start_time="startup")
    assert "not begun it" in settle(desk, "r1", watch_of(desk.router))
    assert held(desk.router) == old


def test_marks_are_taken_away_without_their_script() -> None:
    desk, old = abandoned(False)
    for path in (SCRIPT, SCHEDULER):
        for row in desk.router.rows(path):
            desk.router.call(f"{path}/remove", {".id": row[".id"]})
    clean(desk, [LISTS, FILTER, SERVICE])
    now = held(desk.router)
    # What was changed in its place bears no mark; the plan that follows sees it.
    assert now.pop("/ip/service") != old.pop("/ip/service")
    assert now == old
