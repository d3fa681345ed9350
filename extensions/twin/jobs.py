# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that run: now or, after a `:delay`, later; and what became of those that failed."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .actor import Actor
from .errors import Trap
from .model import Row
from .script import Halted, Machine, NotCode, RouterTree, ScriptError, read, spell
from .script.data import Value
from .script.errors import unplayed
from .values.moments import spell_moment

if TYPE_CHECKING:
    from .router import Router

PATH = "/system/script/job"


@dataclass(frozen=True)
class Failure:
    """A run that an error ended: of which script or scheduler entry, and the router's words."""

    when: float
    origin: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """What a script that was run at once printed, gave back, and failed with."""

    output: tuple[str, ...] = ()
    value: str = ""
    error: ScriptError | None = None


@dataclass(eq=False)
class Job:
    """One run; `wake` is when it goes on, `told` what the log says besides the error if it fails."""

    row: Row
    machine: Machine
    steps: Generator[float, None, Value]
    wake: float
    origin: str
    told: str


def _honest(error: ScriptError | RecursionError) -> ScriptError:
    """Python's limit is the twin's and no router's."""
    return error if isinstance(error, ScriptError) else unplayed("so long a chain, or so deep a nesting")


class Jobs:
    """The runs of one router. Nothing here waits: `run_due` of the router goes on with what is due."""

    def __init__(self, router: Router) -> None:
        self.router = router
        self.running: list[Job] = []
        self.failures: deque[Failure] = deque(maxlen=1000)

    def start(
        self,
        source: str,
        actor: Actor,
        origin: str,
        told: str = "",
        *,
        later: bool = False,
        given: Mapping[str, str] | None = None,
    ) -> str:
        """Run up to the end or the first `:delay`, or only get ready; gives the job's id. `given` are variables."""
        table = self.router.tables[PATH]
        started = spell_moment(self.router.clock())
        row = Row(table.new_id(), {"owner": actor.name, "script": origin, "started": started, "type": "command"})
        table.insert(row)
        machine = Machine(self.router, actor, given=given)
        job = Job(row, machine, self._steps(machine, source), self.router.clock(), origin, told)
        self.running.append(job)
        if later:
            self.router.wake()
        else:
            self.go_on(job)
        return row.id

    def _steps(self, machine: Machine, source: str) -> Generator[float, None, Value]:
        return (yield from machine.start(read(source, RouterTree(self.router))))

    def next_due(self) -> float | None:
        return min((job.wake for job in self.running), default=None)

    def due(self, now: float) -> Job | None:
        return min((job for job in self.running if job.wake <= now), key=lambda job: job.wake, default=None)

    def go_on(self, job: Job) -> None:
        """Run a job up to its next wait; one that ends, in whatever way, is gone."""
        waiting = False
        try:
            job.wake = self.router.clock() + next(job.steps)
            waiting = job in self.running
            self.router.wake()
        except (StopIteration, Halted):
            pass
        except (ScriptError, RecursionError) as error:
            self.failed(job.origin, _honest(error), job.told)
        finally:
            if not waiting:
                self._end(job)

    def _end(self, job: Job) -> None:
        if job in self.running:
            self.running.remove(job)
        table = self.router.tables[PATH]
        if table.by_id(job.row.id) is job.row:
            table.discard(job.row)

    def failed(self, origin: str, error: ScriptError, told: str = "") -> None:
        """Keep the failure and write it to the log; how the router divides it into lines is unverified."""
        self.failures.append(Failure(self.router.clock(), origin, error.text))
        self.router.note("script,error", error.text)
        if told:
            self.router.note("script,error", told)

    def kill(self, row: Row) -> None:
        """Somebody removed the job's row; a job that is at work stops before its next command."""
        for job in [job for job in self.running if job.row is row]:
            job.machine.killed = True
            self.running.remove(job)

    def forget(self) -> None:
        """Everything stops, as power was cut."""
        for job in self.running:
            job.machine.killed = True
            table = self.router.tables[PATH]
            if table.by_id(job.row.id) is job.row:
                table.discard(job.row)
        self.running.clear()

    def run_at_once(self, source: str, actor: Actor, origin: str) -> Outcome:
        """Run a script while the caller waits. Raises Trap at a `:delay`: an answer is never held back for it."""
        machine = Machine(self.router, actor)
        try:
            steps = self._steps(machine, source)
            next(steps)
        except StopIteration as end:
            return Outcome(tuple(machine.output), spell(end.value))
        except Halted:
            return Outcome(tuple(machine.output))
        except NotCode as error:
            self.failed(origin, error)
            return Outcome(error=error)
        except (ScriptError, RecursionError) as error:
            found = _honest(error)
            self.failed(origin, found)
            return Outcome(tuple(machine.output), error=found)
        steps.close()
        raise Trap("the twin does not hold an answer back for :delay; let the script run in the background")
