# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a router what it holds, and tells it what to change: engine values to device commands and back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Command,
    Lost,
    Refused,
    Reply,
    RouterError,
    Session,
    Trap,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Plan, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import show_version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, label, read_entries, spoken
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.invert import invert
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.stage import stages
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import OLDEST, Menu, Version, parse_version

Tables = dict[Menu, tuple[Entry, ...]]
MANY = 5
"""More commands than this nobody reads in a sentence."""
NOT_DYNAMIC = ("?dynamic=true", "?#!")


class Interrupted(RouterError):
    """A plan stopped part-way; the text says what stands on the router and what does not."""


@dataclass
class Progress:
    """How far a plan got: changes the router confirmed, and ids of the entries it made."""

    done: list[Change] = field(default_factory=list)
    ids: dict[Menu, set[str]] = field(default_factory=lambda: defaultdict(set))


def read(session: Session, router: str, menus: Iterable[Menu], with_dynamic: bool) -> tuple[Version, Tables]:
    """Read the router's version and the entries of all menus in one round trip."""
    version, tables, _dummy = read_also(session, router, menus, (), with_dynamic)
    return version, tables


def read_also(
    session: Session, router: str, menus: Iterable[Menu], questions: Sequence[Command], with_dynamic: bool
) -> tuple[Version, Tables, list[Reply]]:
    """Read as `read` does, and get answers to other questions in the same round trip."""
    asked = list(menus)
    ours = [Command("/system/resource", "print", {".proplist": "version"})]
    ours += [_question(menu, with_dynamic) for menu in asked]
    resource, *replies = session.run([*ours, *questions])
    answers, others = replies[: len(asked)], replies[len(asked) :]
    if resource.trap or not resource.rows:
        raise Refused(router, f"/system/resource print: {resource.trap.message if resource.trap else 'no answer'}")
    try:
        version = parse_version(resource.rows[0].get("version", ""))
    except ValueError as error:
        raise Refused(router, f"/system/resource print: {error}") from None
    if version < OLDEST:
        known = show_version(OLDEST)
        raise Refused(router, f"it runs RouterOS {show_version(version)}, and {known} is the oldest version known here")
    tables: Tables = {}
    for menu, answer in zip(asked, answers, strict=True):
        if answer.trap and menu.on(version) and not (menu.optional and _is_missing(answer.trap)):
            raise Refused(router, f"{menu.path} print: {answer.trap.message}")
        if not answer.trap:
            tables[menu] = read_entries(menu, answer.rows, version)
    return version, tables, others


def _is_missing(trap: Trap) -> bool:
    """Whether a router refuses because it has no such menu."""
    return trap.message.startswith("no such command")


def _question(menu: Menu, with_dynamic: bool) -> Command:
    if not menu.module:
        # Only referred to, and a dynamic entry has a name as good as any.
        return Command(menu.path, "print", {".proplist": ",".join(menu.by_name)})
    return Command(menu.path, "print", queries=() if menu.single or with_dynamic else NOT_DYNAMIC)


def command(change: Change) -> Command:
    """The sentence that makes a change."""
    path = change.menu.path
    match change:
        case Add():
            place = {"place-before": change.before} if change.before else {}
            return Command(path, "add", {**spoken(change.menu, change.values), **place})
        case Set():
            which = {} if change.menu.single else {".id": change.entry.id}
            return Command(
                path,
                "set",
                {**which, **spoken(change.menu, change.values), **{f"!{name}": "" for name in change.clear}},
            )
        case Move():
            # Without destination an entry goes to the end (the manual's word; unverified over the API).
            place = {"destination": change.before} if change.before else {}
            return Command(path, "move", {"numbers": change.entry.id, **place})
        case Remove():
            return Command(path, "remove", {".id": change.entry.id})


def apply(session: Session, router: str, plan: Plan, before: Tables, version: Version) -> None:
    """Send a plan stage by stage; a refusal is followed by the way back, and raises Refused or Interrupted."""
    progress = Progress()
    for stage in stages(plan):
        try:
            refusal = _send(session, stage, progress)
        except Lost as lost:
            _note(stage, lost.replies, progress)
            raise Interrupted(router, _story(lost, plan, stage, progress)) from None
        if refusal:
            _undo(session, router, refusal, progress, before, version)


def _send(session: Session, stage: Sequence[Change], progress: Progress) -> str | None:
    """Send one stage; returns the first refusal as a sentence."""
    replies = session.run([command(change) for change in stage])
    _note(stage, replies, progress)
    refused = ((change, reply.trap) for change, reply in zip(stage, replies, strict=True) if reply.trap)
    return next((f"{render(change)}: {trap.message}" for change, trap in refused), None)


def _note(stage: Sequence[Change], replies: Sequence[Reply | None], progress: Progress) -> None:
    for change, reply in zip(stage, replies, strict=False):
        if reply and not reply.trap:
            progress.done.append(change)
            if reply.ret:
                progress.ids[change.menu].add(reply.ret)


def _undo(session: Session, router: str, refusal: str, progress: Progress, before: Tables, version: Version) -> None:
    """Bring the router back to what it held; always raises, saying whether that worked."""
    if not progress.done:
        raise Refused(router, f"{refusal}; nothing was changed")
    menus = {change.menu for change in progress.done}
    removed = {path for change in progress.done if isinstance(change, Remove) for path in change.menu.places}
    old = {menu: entries for menu, entries in before.items() if menu in menus}
    naming = {menu: entries for menu, entries in before.items() if menu not in menus and menu.refers & removed}
    back = Plan()
    try:
        _dummy, now = read(session, router, [*old, *naming], with_dynamic=True)
        back = invert(old, now, progress.ids, version, naming)
        undone = Progress()
        stuck = [text for stage in stages(back) if (text := _send(session, stage, undone))]
    except RouterError as error:
        stuck = [error.problem]
    if stuck or back.warnings:
        kept = "; ".join([*stuck, *back.warnings])
        raise Interrupted(router, f"{refusal}; the changes made could not all be undone: {kept}")
    made = len(progress.done)
    raise Refused(
        router, f"{refusal}; " + (f"the {made} changes made were undone" if made > 1 else "the change made was undone")
    )


def _left_off(done: Iterable[Change]) -> list[str]:
    """What was switched off to make room and is neither on again nor gone: no later run may be told to put that on."""
    off: dict[tuple[Menu, str], str] = {}
    for change in done:
        if isinstance(change, Set | Remove):
            off.pop((change.menu, change.entry.id), None)
        if isinstance(change, Set) and change.menu.exclusive and change.values == {"disabled": "yes"}:
            off[change.menu, change.entry.id] = f"{change.menu.path} {label(change.menu, change.entry.values)}"
    return list(off.values())


def _story(lost: Lost, plan: Plan, stage: Sequence[Change], progress: Progress) -> str:
    answers = [*lost.replies, *([None] * (len(stage) - len(lost.replies)))]
    unknown = [render(change) for change, reply in zip(stage, answers, strict=False) if reply is None]
    refused = [
        f"{render(change)}: {reply.trap.message}"
        for change, reply in zip(stage, answers, strict=False)
        if reply and reply.trap
    ]
    unsent = len(plan.changes) - len(progress.done) - len(unknown) - len(refused)
    if len(unknown) > MANY:
        unknown = [*unknown[:MANY], f"and {len(unknown) - MANY} more"]
    parts = [f"{lost.problem}", f"{len(progress.done)} of {len(plan.changes)} changes are confirmed"]
    if refused:
        parts.append(f"refused: {', '.join(refused)}")
    if unknown:
        parts.append(f"unknown is the fate of: {', '.join(unknown)}")
    if off := _left_off(progress.done):
        parts.append(f"switched off for the time being and not on again: {', '.join(off)}")
    parts.append(f"{unsent} were not sent; run the task again to finish")
    return "; ".join(parts)
