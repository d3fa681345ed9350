# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides with how much care a plan is made, and refuses one that would cut what has to stay open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Tables
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import RouterError, Session, Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.look import look
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import IPSEC, risky
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import Staged, stage, unstaged
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.traces import traces
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments, Guard
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec import POLICY
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import MAY_CUT
from ansible_collections.vpnops.mikrotik.plugins.module_utils.vantage import Surroundings, concerned, survey

WAY_OUT = "nothing was changed; leave that way open, or set guard to never to do it all the same"


class LockedOut(RouterError):
    """The change would cut what has to stay open; nothing was changed."""


@dataclass(frozen=True)
class Care:
    """How a plan is to be made: as it is, or staged under the guard."""

    staged: Staged = field(default_factory=Staged)
    warnings: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    """What cannot be told of the session's own fate; under the guard, coming back answers it."""


def foresee(session: Session, target: Target, guard: Guard, wanted: Plan, before: Tables) -> Care:
    """What a plan needs; raises LockedOut if it would cut the session or what is to be kept open."""
    if guard.when == "never" or not any(change.menu.path.startswith((*MAY_CUT, IPSEC)) for change in wanted):
        return Care()
    near = any(change.menu.path.startswith(MAY_CUT) for change in wanted)
    around = survey(session, target, wide=near)
    _check_interfaces(target.host, guard, around)
    dangerous = guard.when == "always" or _dangerous(around, wanted)
    if not dangerous and not guard.keep_open:
        return Care()
    if not near:
        around = survey(session, target, wide=True)
    staged = stage(wanted, before)
    ends = {*around.vantage.routers, *filter(None, [around.vantage.client])}
    staged = replace(staged, traces=traces(staged.adds, around.tables, ends))
    prospect = look(staged, around.tables, around.vantage, guard.keep_open, around.local)
    if prospect.refusals:
        raise LockedOut(target.host, f"{'; '.join(prospect.refusals)}; {WAY_OUT}")
    own = tuple(text for text in prospect.doubts if str(around.vantage) in text)
    others = tuple(text for text in prospect.doubts if text not in own)
    return Care(staged if dangerous else Staged(), (*others, *_beside(around, wanted)), own)


def _dangerous(around: Surroundings, wanted: Plan) -> bool:
    neighbour = around.vantage.client if around.near else None
    through = _concerned(around, wanted)
    return bool(risky(wanted, around.tables, tunnelled=through, remote=not around.near, neighbour=neighbour))


def _beside(around: Surroundings, wanted: Plan) -> Iterator[str]:
    """What is told of changes that could cut the session and that no script may hold."""
    if _concerned(around, wanted) and (found := [change.menu.path for change in wanted if unstaged(change)]):
        yield (
            f"secrets change in {', '.join(dict.fromkeys(found))}, and the session comes through a tunnel: the guard "
            "does not bring secrets back, and whether the tunnel still comes up shows when its keys are renewed"
        )


def _check_interfaces(router: str, guard: Guard, around: Surroundings) -> None:
    """Raise BadArguments for a flow by an interface that the router does not have."""
    for flow in guard.keep_open:
        for packet in (each for readings in flow.packets for each in readings):
            for name in (packet.in_interface, packet.out_interface):
                if name and around.interfaces and name not in around.interfaces:
                    known = ", ".join(sorted(around.interfaces))
                    raise BadArguments(
                        f"{router}: guard: keep_open {flow.name}: interface {name} was given; there are: {known}"
                    )


def _concerned(around: Surroundings, wanted: Plan) -> bool:
    """Whether a policy is for the session's packets, now or after the plan."""
    policies = around.tables.get(POLICY, ())
    after = simulate({POLICY: policies}, (change for change in wanted if change.menu is POLICY))[POLICY]
    vantage = around.vantage
    return any(concerned(each, vantage.client, vantage.routers) for each in (policies, after))
