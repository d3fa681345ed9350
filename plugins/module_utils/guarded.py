# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a change that the router undoes by itself unless we come back and say that we still can.

arm      a script on the router, and scheduler entries that run it: after the timeout, and at the next start
place    what comes is added switched off, what goes is marked: no packet notices
switch   new on, old off, one command each
confirm  a connection and login from scratch; then one command turns the script from undoing into finishing
finish   the script runs, and takes itself away

The one command that confirms is the moment of decision: before it the router goes back to its old state whatever
happens to us, after it the router goes on to the new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import NoReturn

from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Interrupted, Tables, command, read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Lost,
    Refused,
    Reply,
    RouterError,
    Session,
    Unreachable,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.deadman import (
    AT_BOOT,
    FINISH,
    NAME,
    cleaning_script,
    finish_script,
    is_marked,
    undo_script,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import Disable, Enable, Staged, Step
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import LONGEST

SCRIPT = "/system/script"
SCHEDULER = "/system/scheduler"
# What the scripts do, and no more.
POLICY = "read,write,policy,test"
GRACE = 30.0
"""Seconds that a router may take longer than its own timer says."""
BREATH = 1.0
"""Seconds between two attempts to get in."""
ASK_SCRIPT = Command(SCRIPT, "print", {".proplist": ".id,name,source,comment,invalid"}, (f"?name={NAME}",))
ASK_TIMER = Command(SCHEDULER, "print", {".proplist": ".id,name,next-run"}, (f"?name={NAME}",))

ASK_BOOT = Command(SCHEDULER, "print", {".proplist": ".id,name"}, (f"?name={AT_BOOT}",))


class Undone(RouterError):
    """A change was not confirmed; the router has gone back to what it held before it."""


@dataclass(frozen=True)
class Watch:
    """Time as the controller has it, so that tests need not wait."""

    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


REAL = Watch()


@dataclass
class Guarded:
    """One guarded change of one router."""

    session: Session
    router: str
    staged: Staged
    before: Tables
    version: Version
    timeout: int
    watch: Watch = field(default_factory=Watch)
    made: dict[int, str] = field(default_factory=dict)
    """Ids of staged entries by their numbers."""
    late: list[tuple[Menu, str]] = field(default_factory=list)
    """Menus and ids of entries that could not be staged."""
    token: str = field(default_factory=lambda: token_hex(8))
    """What tells our script from another controller's of the same name."""
    deadline: float = 0.0
    decided: bool = False
    """The word that confirms was sent; whether it arrived may be unknown."""

    def run(self) -> None:
        """Make the change and confirm it.

        Raises Refused when the router said no and Undone when we could not come back, and all is then as it was;
        Interrupted where that is uncertain.
        """
        moment = self._appoint()
        try:
            self._arm(moment)
            self._place()
            for step in self.staged.steps:
                self._switch(step)
        except Lost as lost:
            self._back(lost.problem)
            return
        self._confirm()

    def _appoint(self) -> datetime:
        """The moment at which the router shall go back, by its own clock; nothing was sent yet when this raises."""
        moment = router_time(self.session, self.router) + timedelta(seconds=self.timeout)
        self.deadline = self.watch.now() + self.timeout
        return moment

    def _arm(self, moment: datetime) -> None:
        """Nothing was changed yet when this raises Refused."""
        replies = self.session.run([*self._armament(moment), ASK_SCRIPT, ASK_TIMER])
        problem = _unarmed(replies)
        if problem:
            made = zip((SCRIPT, SCHEDULER, SCHEDULER), replies, strict=False)
            away = [Command(path, "remove", {".id": reply.ret}) for path, reply in made if reply.ret]
            if away:
                self.session.run(away)
            raise Refused(self.router, f"the guard could not be armed, so nothing was changed: {problem}")

    def _armament(self, moment: datetime) -> list[Command]:
        """The script that undoes, and the entries that run it."""
        source = undo_script(self.staged, self.version)
        told = f"undoes a change at {moment} or at the next start, unless it is confirmed; {self.token}"
        timer = {"start-date": f"{moment:%Y-%m-%d}", "start-time": f"{moment:%H:%M:%S}"}
        common = {"interval": "0s", "on-event": NAME, "policy": POLICY, "comment": told}
        return [
            Command(SCRIPT, "add", {"name": NAME, "source": source, "policy": POLICY, "comment": told}),
            # With a moment of its own: 7.24 to 7.24.4 do not run entries that were made without.
            Command(SCHEDULER, "add", {"name": NAME, **timer, **common}),
            Command(SCHEDULER, "add", {"name": AT_BOOT, "start-time": "startup", **common}),
        ]

    def _place(self) -> None:
        """Add switched off, mark what goes."""
        changes: list[Add | Set] = [*self.staged.adds, *self.staged.marks]
        replies = self.session.run([command(change) for change in changes]) if changes else []
        self._heed(changes, replies)
        self.made = {number: reply.ret or "" for number, reply in enumerate(replies[: len(self.staged.adds)])}

    def _switch(self, step: Step) -> None:
        if isinstance(step, Enable):
            told = _switching(step.menu, "enable", (self.made[number] for number in step.numbers))
        elif isinstance(step, Disable):
            told = _switching(step.menu, "disable", (entry.id for entry in step.entries))
        else:
            told = command(step)
        (reply,) = self.session.run([told])
        self._heed([step], [reply])
        if isinstance(step, Add):
            self.late.append((step.menu, reply.ret or ""))

    def _heed(self, changes: Sequence[Step], replies: Sequence[Reply]) -> None:
        """Undo everything at once when the router refuses something."""
        for change, reply in zip(changes, replies, strict=True):
            if reply.trap:
                what = render(change) if isinstance(change, Set | Add) else f"{change.menu.path} switching rules"
                self._undo(f"{what}: {reply.trap.message}")

    def _undo(self, why: str) -> NoReturn:
        """Go back after the router refused something."""
        if not self._settled():
            # The session is gone, or may run no script: then the router does it when its timer says so.
            self._back(why)
        left = self._differences(self._now(why))
        if left:
            raise Interrupted(self.router, f"{why}; the changes made could not all be undone: {'; '.join(left)}")
        raise Refused(self.router, f"{why}; the changes made were undone")

    def _confirm(self) -> None:
        """Come back from scratch and turn the script over; else see the router back to what it was."""
        until = self.watch.now() + self.timeout / 2
        # Twice: the first login may be what lists our address as one to be blocked.
        error = self._return(until) or self._return(until)
        if error:
            self._back(f"the change was made, but then no new session could be ({error.problem})")
            return
        try:
            problem = self._decide()
            if not problem:
                self._finish()
        except Lost as lost:
            problem = lost.problem
        if problem:
            self._back(problem)

    def _finish(self) -> None:
        """Have the script run; where we may not, the router's own timer will, and then that is waited for."""
        run_script(self.session, self.token)
        while _ours(self.session.run([ASK_SCRIPT])[0], self.token):
            if self.watch.now() > self.deadline + GRACE:
                raise Interrupted(self.router, "the change was made and confirmed, but the router has not tidied up")
            self.watch.pause(BREATH)

    def _decide(self) -> str:
        """Turn the script from undoing into finishing, if it is still there; returns the problem, if any."""
        (found,) = self.session.run([ASK_SCRIPT])
        if not _ours(found, self.token):
            return "the router had undone the change before it could be confirmed"
        self.decided = True
        words = {".id": found.rows[0].get(".id", ""), "source": finish_script(self.staged)}
        (told,) = self.session.run([Command(SCRIPT, "set", words)])
        if told.trap:
            self.decided = False
            return f"the change could not be confirmed ({told.trap.message})"
        return ""

    def _return(self, until: float) -> RouterError | None:
        """Make a session from scratch; returns why there was none by then."""
        while True:
            try:
                self.session.renew()
            except Unreachable as error:
                if self.watch.now() + BREATH >= until:
                    return error
            except RouterError as error:
                # Another attempt with a password that is refused may lock the account.
                return error
            else:
                return None
            self.watch.pause(BREATH)

    def _back(self, why: str) -> None:
        """Wait until the router is settled and say how it ended; returns only if the change is complete after all."""
        self._await(why)
        now = self._now(why)
        if self._complete(now):
            return
        left = self._differences(now)
        if left:
            raise Interrupted(self.router, f"{why}; the router did not come back to what it was: {'; '.join(left)}")
        raise Undone(self.router, f"{why}; the change was undone, and the router is as it was before")

    def _await(self, why: str) -> None:
        """Wait until the router is settled; raises Interrupted when it does not come to that."""
        # The old session may still be there; then nobody has to wait.
        settled = self._settled()
        while not settled:
            error = self._return(self.watch.now())
            settled = not error and self._settled()
            if settled:
                break
            if self.watch.now() > self.deadline + GRACE:
                problem = f"does not answer ({error.problem})" if error else f"has not; see {SCRIPT} {NAME}"
                told = f"{why}; by now the router should have undone the change by itself, but {problem}"
                raise Interrupted(self.router, told)
            refused = error and not isinstance(error, Unreachable)
            self.watch.pause(max(BREATH, self.deadline - self.watch.now()) if refused else BREATH)

    def _settled(self) -> bool:
        """Whether the router is through with the script, which is run now if it still waits."""
        try:
            run_script(self.session, self.token)
            (found,) = self.session.run([ASK_SCRIPT])
        except (Lost, Refused):
            return False
        return not _ours(found, self.token)

    def _now(self, why: str) -> Tables:
        """What the router holds of what was to change; raises Interrupted when it cannot be seen."""
        menus = list(dict.fromkeys(each.menu for each in (*self.staged.adds, *self.staged.marks, *self.staged.steps)))
        try:
            _dummy, tables = read(self.session, self.router, menus, with_dynamic=True)
        except RouterError as error:
            told = f"{why}; the guard has ended, but what it left could not be read ({error.problem})"
            raise Interrupted(self.router, told) from None
        return tables

    def _complete(self, now: Tables) -> bool:
        """Whether a change stands that was confirmed: what it made is there, or else what was there is no more."""
        there = {(menu, entry.id) for menu, entries in now.items() for entry in entries}
        came = [*((add.menu, self.made.get(n, "")) for n, add in enumerate(self.staged.adds)), *self.late]
        if not self.decided or any(is_marked(entry) for entries in now.values() for entry in entries):
            return False
        return there.issuperset(came) if came else bool(self._differences(now))

    def _differences(self, now: Tables) -> list[str]:
        """What is not as it was, as sentences; what others added meanwhile is none of ours."""
        return [text for menu, entries in now.items() for text in _changed(menu, self.before[menu], entries)]


def _switching(menu: Menu, verb: str, ids: Iterable[str]) -> Command:
    return Command(menu.path, verb, {".id": ",".join(ids)})


def _changed(menu: Menu, before: Sequence[Entry], now: Sequence[Entry]) -> Iterable[str]:
    present = {entry.id: entry for entry in now}
    compared = [item.name for item in menu.fields if not item.fleeting]
    for old in before:
        new = present.get(old.id)
        if old.dynamic:
            continue
        if new is None:
            yield f"{menu.path} {label(menu, old.values)} is gone"
        elif any(old.values.get(name) != new.values.get(name) for name in compared):
            yield f"{menu.path} {label(menu, old.values)} differs"
    yield from (f"{menu.path} {label(menu, entry.values)} is left" for entry in now if is_marked(entry))


def _unarmed(replies: Sequence[Reply]) -> str:
    """Why the router would not undo anything, or nothing."""
    for reply in replies:
        if reply.trap:
            return _explained(reply.trap.message)
    script, timer = replies[3], replies[4]
    if not script.rows or script.rows[0].get("invalid") in ("true", "yes"):
        return "the router calls the script invalid that would undo it"
    if not timer.rows or not timer.rows[0].get("next-run"):
        return "the router does not say when its scheduler would run; see /system/device-mode"
    return ""


def _explained(message: str) -> str:
    if "permission" in message:
        return f"{message}; the account's group needs the policies {POLICY}, or set guard to never"
    if "already" in message:
        return f"{message}; another guarded change of this router is under way"
    return message


def run_script(session: Session, token: str = "") -> None:
    """Run the script that the router keeps for us, if it is still there."""
    (found,) = session.run([ASK_SCRIPT])
    if _ours(found, token):
        # By id: not every version takes a name here.
        session.run([Command(SCRIPT, "run", {".id": found.rows[0].get(".id", "")})])


def _ours(found: Reply, token: str) -> bool:
    return bool(found.rows) and token in found.rows[0].get("comment", "")


def router_time(session: Session, router: str) -> datetime:
    """What the router's own clock says."""
    (reply,) = session.run([Command("/system/clock", "print")])
    row: Mapping[str, str] = reply.rows[0] if reply.rows else {}
    try:
        return datetime.strptime(f"{row.get('date')} {row.get('time')}", "%Y-%m-%d %H:%M:%S")
    except ValueError:
        shown = f"{row.get('date')} {row.get('time')}"
        raise Refused(router, f"the guard cannot read the router's clock ({shown}), so nothing was changed") from None


def settle(session: Session, router: str, watch: Watch) -> str:
    """See the end of a guarded change that another controller left; returns a sentence on what became of it.

    While the router would still undo it, somebody may be at work: then wait.
    """
    began = watch.now()
    while True:
        script, timer, boot = session.run([ASK_SCRIPT, ASK_TIMER, ASK_BOOT])
        if not script.rows:
            return "another guarded change was under way; it has ended, and this one began after it"
        if not timer.rows:
            # It never was armed: nothing was changed, and what it would bring back may be out of date by now.
            rest = [(SCRIPT, row) for row in script.rows] + [(SCHEDULER, row) for row in boot.rows]
            session.run([Command(path, "remove", {".id": row.get(".id", "")}) for path, row in rest])
            return "another controller had prepared a guarded change and not begun it; what it had left was removed"
        if not timer.rows[0].get("next-run"):
            finished = script.rows[0].get("source", "").startswith(FINISH)
            run_script(session)
            return f"an earlier change was left half done; it was {'finished' if finished else 'undone'} first"
        if watch.now() - began > LONGEST + GRACE:
            when = timer.rows[0]["next-run"]
            raise Refused(router, f"another guarded change is under way until {when}; nothing was changed")
        watch.pause(BREATH)


def clean(session: Session, menus: Sequence[Menu]) -> None:
    """Take away what a guarded change left whose script is gone."""
    source = cleaning_script([menu for menu in menus if "comment" in menu.by_name])
    session.run([Command(SCRIPT, "add", {"name": NAME, "source": source, "policy": POLICY})])
    run_script(session)
