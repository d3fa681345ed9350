# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts over the API: at once, as jobs, with waits between, and what a failed one leaves behind."""

from __future__ import annotations

import pytest
from twin import Router, SteppedClock, Trap
from twin.trace import masked

JOBS = "/system/script/job"


@pytest.fixture
def router() -> Router:
    return Router("7.22.3", clock=SteppedClock())


def execute(router: Router, script: str) -> str:
    """Start a job; its id."""
    return router.call("/execute", {"script": script})[0]["ret"]


def logged(router: Router) -> list[tuple[str, str]]:
    return [(row["topics"], row["message"]) for row in router.rows("/log")]


def test_job_runs_after_its_id_is_known(router: Router) -> None:
    id_ = execute(router, ":log info ran")
    assert ([row[".id"] for row in router.rows(JOBS)], logged(router)) == ([id_], [])
    router.run_due()
    assert (router.rows(JOBS), logged(router)) == ([], [("script,info", "ran")])


def test_delay_lets_time_pass_and_others_in(router: Router) -> None:
    execute(router, ":log info first; :delay 10s; :log info third")
    execute(router, ":delay 4; :log info second; :delay 1h")
    router.advance(9)
    assert [message for _dummy, message in logged(router)] == ["first", "second"]
    router.advance(1)
    assert [message for _dummy, message in logged(router)] == ["first", "second", "third"]
    assert len(router.rows(JOBS)) == 1


def test_delay_in_loops_and_in_scripts_that_are_run(router: Router) -> None:
    router.add("/system/script", name="slow", source=":delay 2s; :log info slow")
    execute(router, ":for i from=1 to=3 do={ /system script run slow }; :log info done")
    router.advance(5)
    assert len(logged(router)) == 2
    router.advance(1)
    assert [message for _dummy, message in logged(router)] == ["slow", "slow", "slow", "done"]


def test_endless_loop_with_delay_runs_on_and_without_is_stopped(router: Router) -> None:
    execute(router, ":while (true) do={ :delay 1s }")
    router.advance(3600)
    assert len(router.rows(JOBS)) == 1
    execute(router, ":while (true) do={ }")
    router.run_due()
    assert len(router.rows(JOBS)) == 1
    assert "commands without :delay" in router.failures[0].text


def test_removed_job_stops(router: Router) -> None:
    id_ = execute(router, ":delay 1s; :log info late")
    router.run_due()
    router.call(f"{JOBS}/remove", {"numbers": id_})
    router.advance(10)
    assert (logged(router), router.next_due()) == ([], None)


def test_job_that_removes_itself_stops_at_once(router: Router) -> None:
    execute(router, "/system script job remove [find]; :log info late")
    router.advance(10)
    assert (logged(router), router.failures, router.rows(JOBS)) == ([], [], [])


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (":frob", "bad command name frob (line 1 column 2)"),
        (":delay 1s; :error late", "late"),
        (
            "/ip firewall filter add",
            "Script Error: missing value(s) of argument(s) chain (/ip/firewall/filter/add; line 1)",
        ),
        (":put [:serialize 1]", "the twin does not play :serialize (line 1 column 8)"),
    ],
)
def test_failed_job_is_logged_and_kept(router: Router, script: str, text: str) -> None:
    execute(router, script)
    router.advance(2)
    assert logged(router) == [("script,error", text)]
    assert [(failure.origin, failure.text) for failure in router.failures] == [("execute", text)]
    assert router.rows(JOBS) == []


def test_failed_job_keeps_what_it_did_before(router: Router) -> None:
    execute(router, "/system identity set name=new; :error x; /system identity set name=newer")
    router.run_due()
    assert router.rows("/system/identity") == [{"name": "new"}]


def test_answer_is_not_held_back_for_a_delay(router: Router) -> None:
    with pytest.raises(Trap, match="does not hold an answer back"):
        router.call("/execute", {"script": ":delay 1s", "as-string": ""})


@pytest.mark.parametrize(
    ("words", "message"),
    [({}, "missing value(s) of argument(s) script"), ({"script": "", "frob": ""}, "unknown parameter frob")],
)
def test_wrong_words_for_execute(router: Router, words: dict[str, str], message: str) -> None:
    with pytest.raises(Trap) as refused:
        router.call("/execute", words)
    assert refused.value.message == message


def test_script_runs_by_name_or_id_and_is_counted(router: Router) -> None:
    id_ = router.add("/system/script", name="hello", source=':log info "hello"')
    router.call("/system/script/run", {"number": "hello"})
    router.call("/system/script/run", {".id": id_})
    (row,) = router.rows("/system/script")
    assert (row["run-count"], row["last-started"], row["owner"]) == ("2", "2026-01-02 03:04:05", "admin")
    assert len(logged(router)) == 2


def test_error_of_a_script_that_is_run_is_the_answer(router: Router) -> None:
    router.add("/system/script", name="bad", source=':error "not today"')
    with pytest.raises(Trap, match=r"^not today$") as refused:
        router.call("/system/script/run", {"number": "bad"})
    assert (refused.value.category, router.failures[0].origin) == (3, "bad")
    with pytest.raises(Trap, match="no such item"):
        router.call("/system/script/run", {"number": "none"})


def test_too_long_a_script_is_refused(router: Router) -> None:
    text = router.call("/execute", {"script": ":put 1\n" * 10_000, "as-string": ""})[0]["ret"]
    assert "longer than 65536 bytes" in text


def test_scripts_are_masked_in_traces() -> None:
    sentence = ["/system/scheduler/add", "=on-event=/user set x password=y", "=name=n"]
    assert masked(sentence) == ["/system/scheduler/add", "=on-event=*****", "=name=n"]
    assert masked(["/execute", "=script=x"])[1] == "=script=*****"
