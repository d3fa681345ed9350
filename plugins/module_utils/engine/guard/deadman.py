# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts that a router runs by itself: one that undoes a staged plan, one that finishes it.

Both find what they touch by the marks in the comments, so either is right at whatever point the controller went away,
and running one twice does no harm. Every command may fail without keeping the next ones from being tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import (
    NEW,
    OFF,
    OLD,
    Staged,
    markable,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.traces import Trace
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.invert import reset
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import console_path, quote, render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version

NAME = "vpnops-guard"
"""Name of the script and of the scheduler entry that runs it; of two controllers only one can have it."""
AT_BOOT = "vpnops-guard-boot"
GOING = "vpnops-guard-o(ld|ff): "
"""The marks of what goes, as a regular expression."""
UNDO = "# undoes a change that nobody confirmed"
FINISH = "# finishes a change that was confirmed"


def undo_script(staged: Staged, version: Version) -> str:
    """What brings back what was there before the plan, secrets aside, which staged plans do not touch."""
    olds = _menus(mark.menu for mark in staged.marks)
    news = _news(staged)
    names = [add for add in staged.adds if not markable(add.menu)]
    body = [
        *(_remove(menu, NEW) for menu in reversed(news) if menu.exclusive),
        *_restored(staged, version),
        # Marks are in the order of removal: what others need comes back before them.
        *(line for menu in reversed(olds) for line in (_enable(menu, OLD), _strip(menu, GOING))),
        *(_remove(menu, NEW) for menu in reversed(news) if not menu.exclusive),
        *(f"{console_path(each.menu)} remove [find where name={_quoted(each.values['name'])}]" for each in names[::-1]),
        # Last, for until they are gone the new rules may list whoever comes.
        *map(_forgotten, staged.traces),
    ]
    return _script(UNDO, f'/log warning message="{NAME}: a change that nobody confirmed is undone"', body)


def finish_script(staged: Staged) -> str:
    """What takes away what is switched off, and the marks of what is new."""
    olds = _menus(mark.menu for mark in staged.marks)
    news = _news(staged)
    body = [*(_remove(menu, GOING) for menu in olds), *(_strip(menu, NEW) for menu in news)]
    return _script(FINISH, f'/log info message="{NAME}: a confirmed change is finished"', body)


def cleaning_script(menus: Sequence[Menu]) -> str:
    """What undoes a staged plan whose own script is gone, as far as its marks tell."""
    body = [
        *(line for menu in menus for line in (_enable(menu, OLD), _strip(menu, GOING))),
        *(_remove(menu, NEW) for menu in reversed(menus)),
    ]
    return _script(UNDO, f'/log warning message="{NAME}: what was left of a change is taken away"', body)


def is_marked(entry: Entry) -> bool:
    """Whether an entry belongs to a change that was neither confirmed nor undone."""
    return entry.values.get("comment", "").startswith((NEW, OLD, OFF))


def _news(staged: Staged) -> list[Menu]:
    """The menus in which something new is marked, what is made at its step included."""
    late = (step for step in staged.steps if isinstance(step, Add))
    return _menus(add.menu for add in (*staged.adds, *late) if markable(add.menu))


def _menus(menus: Iterable[Menu]) -> list[Menu]:
    return list(dict.fromkeys(menus))


def _restored(staged: Staged, version: Version) -> Iterator[str]:
    """The old values of what is changed in its place, the last change first.

    Each goes back to what it was before that very change: where two exchange what only one may have, neither asks for
    it while the other still has it.
    """
    held: dict[tuple[Menu, str], Entry] = {}
    pairs = []
    for step in staged.steps:
        if isinstance(step, Set):
            old = held.get((step.menu, step.entry.id), step.entry)
            new = replace(old, values=changed_values(replace(step, entry=old)))
            held[step.menu, step.entry.id] = new
            pairs.append((step.menu, old, new))
    for menu, old, new in reversed(pairs):
        yield from (render(change) for change in reset(menu, old, new, version))


def _quoted(text: str) -> str:
    plain = quote(text)
    return plain if plain.startswith('"') else f'"{plain}"'


def _found(menu: Menu, mark: str) -> str:
    return f'[{console_path(menu)} find where comment~"^{mark}"]'


def _forgotten(trace: Trace) -> str:
    where = f"list={_quoted(trace.list)} and address={_quoted(trace.address)}"
    return f"{console_path(trace.menu)} remove [{console_path(trace.menu)} find where {where}]"


def _enable(menu: Menu, mark: str) -> str:
    return f"{console_path(menu)} enable {_found(menu, mark)}"


def _remove(menu: Menu, mark: str) -> str:
    return f"{console_path(menu)} remove {_found(menu, mark)}"


def _strip(menu: Menu, mark: str) -> str:
    """Take the mark out of the comments; what is left may be nothing."""
    path, length = console_path(menu), len(NEW)
    rest = f"{path} set $item comment=[:pick $text {length} [:len $text]]"
    nothing = f'{path} set $item comment=""'
    one = f":local text [{path} get $item comment]; :if ([:len $text] > {length}) do={{ {rest} }} else={{ {nothing} }}"
    # An entry that is gone by now must not keep the others from losing their marks.
    return f":foreach item in={_found(menu, mark)} do={{ {_tried(one)} }}"


def _script(title: str, told: str, body: Sequence[str]) -> str:
    """Every command by itself, and then the script and what runs it take themselves away."""
    away = [
        f'/system scheduler remove [/system scheduler find where name="{NAME}"]',
        f'/system scheduler remove [/system scheduler find where name="{AT_BOOT}"]',
        f'/system script remove [/system script find where name="{NAME}"]',
    ]
    return "\n".join([title, told, *map(_tried, (*body, *away))])


def _tried(line: str) -> str:
    return f':do {{ {line} }} on-error={{ /log error message="{NAME}: a command failed" }}'
