# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module: read, plan, apply, read back, report. Where arguments, engine and device meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import (
    Interrupted,
    Tables,
    apply,
    read,
    read_also,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import job_from, spec_of, target_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    Refused,
    RouterError,
    Session,
    Target,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Plan, Remove
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.deadman import is_marked
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import risky
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import stage
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.match import match
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, check, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.rehearse import fleeting, menus_to_read, rehearse
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import diff, shown
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import owns
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.guarded import (
    ASK_SCRIPT,
    REAL,
    Guarded,
    Watch,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.inquire import inquire
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import (
    BadArguments,
    Inquiry,
    Job,
    NetworkQuestion,
    Request,
    StatusQuestion,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.leftovers import clean, settle
from ansible_collections.vpnops.mikrotik.plugins.module_utils.lookout import foresee
from ansible_collections.vpnops.mikrotik.plugins.module_utils.network import network
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from ansible_collections.vpnops.mikrotik.plugins.module_utils.status import status
from ansible_collections.vpnops.mikrotik.plugins.module_utils.verify import verify

NEWEST: Version = (7, 24)
"""What `rendered` writes for, since it sees no router."""
PASSING = "a guarded change of the router is under way, or was left half done, so what is told of it may pass"
FAILURES = (RouterError, Problem, BadArguments)
HELD_BACK = ("config", "proposal", "other_end")
"""Arguments that hold entries, in which secrets may be."""


@dataclass(frozen=True)
class Outcome:
    """What a task found, did and has to tell."""

    before: Tables
    after: Tables
    plan: Plan = field(default_factory=Plan)
    warnings: tuple[str, ...] = ()
    guarded: bool = False
    """The change was, or in check mode would be, made under the guard."""


def carry_out(
    job: Job, target: Target, secrets: Secrets, *, check_mode: bool = False, with_diff: bool = False
) -> dict[str, Any]:
    """Do what a module is for, be it to change a router or to ask it, and return the module's result."""
    if isinstance(job, Inquiry):
        return inquire(job, target, secrets)
    if isinstance(job, NetworkQuestion):
        return network(job, target, secrets)
    if isinstance(job, StatusQuestion):
        return verify(job, target, secrets) if job.wait else status(job, target, secrets)
    return perform(job, target, secrets, check_mode=check_mode, with_diff=with_diff)


def perform(
    request: Request,
    target: Target,
    secrets: Secrets,
    *,
    check_mode: bool = False,
    with_diff: bool = False,
    watch: Watch = REAL,
) -> dict[str, Any]:
    """Make a request come true on a router and return the module's result; raises one of FAILURES.

    What is raised may quote secrets; `secrets` knows them all then.
    """
    secrets.learn([*request.secrets, target.password])
    intent = request.intent
    if intent.state == "rendered":
        return secrets.deep_mask(rendered(request))
    try:
        check(intent)
        session = open_session(target)
        try:
            outcome = converge(session, target, request, secrets, check_mode, watch)
        finally:
            session.close()
    except Problem as problem:
        raise BadArguments(f"{target.host}: {problem}") from None
    return secrets.deep_mask(result(request, outcome, with_diff))


def rendered(request: Request) -> dict[str, Any]:
    """The script that would make the entries on an empty router of the newest version known."""
    check(request.intent)
    wants = request.intent.wants
    # What is the router's own is there on an empty one, too, and the console finds it by its name.
    own = {menu: [Entry(row["name"], {"name": row["name"]}) for row in wants[menu]] for menu in wants if not menu.adds}
    wanted = plan(own, Intent(wants, "merged"), NEWEST)
    return {"changed": False, "rendered": [render(change) for change in wanted]}


def converge(
    session: Session, target: Target, request: Request, secrets: Secrets, check_mode: bool, watch: Watch = REAL
) -> Outcome:
    """Read, plan, apply and read back; check mode is not calling apply."""
    intent, router = request.intent, target.host
    sight = _Sight(session, router, intent, menus_to_read(intent))
    version, before, notes = sight.settled(check_mode or intent.state == "gathered", watch)
    secrets.learn_from(before)
    if intent.state == "gathered":
        return Outcome(before, before, warnings=(*session.warnings, *notes))
    _check_present(router, intent, before, version)
    rehearsal = rehearse(before, intent, version)
    wanted = rehearsal.plan
    care = foresee(session, target, request.guard, wanted, before)
    guarded = bool(care.staged)
    warnings = (*session.warnings, *notes, *wanted.warnings, *care.warnings)
    if check_mode or not wanted:
        return Outcome(before, dict(rehearsal.after), wanted, (*warnings, *care.unsure), guarded)
    if guarded:
        Guarded(session, router, care.staged, before, version, request.guard.timeout, watch).run()
        sight.finish(version, request.guard.timeout, watch)
    else:
        apply(session, router, wanted, before, version)
    return sight.checked(Outcome(before, before, wanted, warnings, guarded), version)


def _check_present(router: str, intent: Intent, before: Tables, version: Version) -> None:
    """Raise Refused when entries are wanted in a menu that this board lacks, although the version has it."""
    for menu, rows in intent.wants.items():
        if rows and menu.optional and menu not in before and menu.on(version):
            raise Refused(router, f"{menu.path}: this router does not have this menu; nothing was changed")


@dataclass
class _Sight:
    """What a task sees of a router before, and after."""

    session: Session
    router: str
    intent: Intent
    menus: list[Menu]

    @property
    def fleeting(self) -> bool:
        """Whether entries that the router will drop by itself matter."""
        return fleeting(self.intent)

    def settled(self, hands_off: bool, watch: Watch) -> tuple[Version, Tables, list[str]]:
        """Read, and first see the end of what an earlier guarded change left; `hands_off` only tells of it."""
        version, tables, (script,) = read_also(self.session, self.router, self.menus, [ASK_SCRIPT], self.fleeting)
        if not script.rows and not _marked(tables):
            return version, tables, []
        if hands_off:
            return version, tables, [PASSING]
        note = settle(self.session, self.router, watch)
        version, tables = read(self.session, self.router, self.menus, self.fleeting)
        if left := _marked(tables):
            # Its script is gone, or was never the one that made the marks.
            clean(self.session, list(dict.fromkeys(left)))
            note = "what an earlier guarded change had left was taken away first"
            version, tables = read(self.session, self.router, self.menus, self.fleeting)
        if _marked(tables):
            told = "what an earlier guarded change had left could not be taken away, so nothing was changed"
            raise Refused(self.router, f"{told}; see the comments that begin with vpnops-guard")
        return version, tables, [note]

    def finish(self, version: Version, timeout: int, watch: Watch) -> None:
        """Make the part of a guarded plan that has no effect on traffic.

        Rules that are alike but for their dress may be taken for each other once copies stand in the place of some;
        then there is more to do, which is as much of a risk, and is made in the same way.
        """
        now = self._tidy(watch)
        rest = plan(now, self.intent, version)
        if risky(rest, now, tunnelled=False):
            Guarded(self.session, self.router, stage(rest, now), now, version, timeout, watch).run()
            now = self._tidy(watch)
            rest = plan(now, self.intent, version)
        if risky(rest, now, tunnelled=False):
            undone = "; ".join(render(change) for change in rest)
            raise Interrupted(self.router, f"the change was made and confirmed, but still to do is: {undone}")
        if rest:
            apply(self.session, self.router, rest, now, version)

    def _tidy(self, watch: Watch) -> Tables:
        """What the router holds after a guarded change; raises Interrupted when it has not tidied up."""
        _dummy, now, (script,) = read_also(self.session, self.router, self.menus, [ASK_SCRIPT], self.fleeting)
        if script.rows:
            # Ours has taken itself away, so another controller has begun, and the marks are its own.
            settle(self.session, self.router, watch)
            _dummy, now = read(self.session, self.router, self.menus, self.fleeting)
        left = [f"{menu.path} {label(menu, entry.values)}" for menu in now for entry in now[menu] if is_marked(entry)]
        if left:
            told = f"the change was made and confirmed, but the router did not tidy up after it: {', '.join(left)}"
            raise Interrupted(self.router, f"{told}; run the task again")
        return now

    def checked(self, done: Outcome, version: Version) -> Outcome:
        """Read back what was changed; raises Interrupted when the router does not have what it confirmed."""
        touched = {change.menu for change in done.plan}
        try:
            menus = [menu for menu in self.intent.wants if menu in touched]
            _dummy, after = read(self.session, self.router, menus, self.fleeting)
        except RouterError as error:
            made = f"the router confirmed every change ({len(done.plan.changes)}), but could not be read afterwards"
            raise Interrupted(self.router, f"{made}: {error.problem}") from None
        tables = {**done.before, **after}
        left = plan(tables, self.intent, version)
        missing = [render(change) for change in left if isinstance(change, Add | Remove)]
        if missing:
            told = f"the router confirmed every change, but still lacks: {'; '.join(missing)}"
            raise Interrupted(self.router, told)
        warnings = (*done.warnings, *_aftermath(left, after, self.intent, version))
        return replace(done, after=tables, warnings=warnings)


def _marked(tables: Tables) -> list[Menu]:
    """The menu of every entry that belongs to a guarded change."""
    return [menu for menu, entries in tables.items() for entry in entries if is_marked(entry)]


def _aftermath(left: Plan, after: Tables, intent: Intent, version: Version) -> Iterator[str]:
    """What the user should know once the changes are made: values the router changed, entries it calls invalid."""
    for change in left:
        yield f"the router did not keep a value as it was given; still different is: {render(change)}"
    for menu, entries in after.items():
        for entry in match(menu, entries, intent.wants[menu], version, intent.scope):
            if entry and entry.invalid:
                yield f"{menu.path} {label(menu, entry.values)}: the router marks this entry invalid"


def result(request: Request, outcome: Outcome, with_diff: bool) -> dict[str, Any]:
    """The outcome in the vocabulary of Ansible's network resource modules."""
    intent = request.intent
    told: dict[str, Any] = {"changed": bool(outcome.plan), "warnings": list(outcome.warnings)}
    if intent.state == "gathered":
        return {**told, "gathered": _by_menu(request, outcome.before, secrets=False)}
    told["before"] = _by_menu(request, outcome.before)
    told["after"] = _by_menu(request, outcome.after)
    told["commands"] = [render(change) for change in outcome.plan]
    if outcome.guarded:
        told["guarded"] = True
    if with_diff:
        told["diff"] = [
            diff(menu, outcome.before.get(menu, ()), outcome.after.get(menu, ()), outcome.plan)
            for menu in intent.wants
            if any(change.menu is menu for change in outcome.plan)
        ]
    return told


def _by_menu(request: Request, tables: Tables, *, secrets: bool = True) -> Any:
    """Entries of the request's menus: for `config` by module name, else plainly."""
    scope = request.intent.scope
    views = {}
    for menu in request.intent.wants:
        entries = tables.get(menu, ())
        mine = entries if menu.single else [entry for entry in entries if owns(menu, scope, entry.values)]
        views[menu.module] = shown(menu, entries if secrets else mine, secrets=secrets)
    return views if request.several else views[request.module]


class Discreet(AnsibleModule):  # type: ignore[misc]
    """Keeps entries out of the system log and out of what it returns of its arguments.

    Those of several menus are a plain dict to Ansible, which cannot know where in it the secrets are.
    """

    def log(self, msg: str, log_args: object = None) -> None:
        """Say nothing: what Ansible logs of a module are its arguments."""

    params: dict[str, Any]

    def take(self) -> dict[str, Any]:
        """The arguments, which are then told without their entries."""
        arguments = self.params
        self.params = {name: value for name, value in arguments.items() if name not in HELD_BACK}
        return dict(arguments)


def run_module(name: str) -> None:
    """Run as a classic module, on whatever host the task went to; `provider` says which router."""
    module = Discreet(argument_spec=spec_of(name), supports_check_mode=True)
    secrets = Secrets()
    try:
        arguments = module.take()
        job = job_from(name, arguments)
        if not arguments["provider"] and not job.offline:
            raise BadArguments(
                "no router to talk to: set ansible_connection to vpnops.mikrotik.routeros, or give provider"
            )
        target = target_from(arguments["provider"] or {"host": ""})
        outcome = carry_out(job, target, secrets, check_mode=module.check_mode, with_diff=module._diff)
    except FAILURES as failure:
        module.fail_json(msg=secrets.mask(str(failure)))
    except Exception as error:
        module.fail_json(msg=secrets.defect(error))
    if outcome.get("failed"):
        module.fail_json(**outcome)
    module.exit_json(**outcome)
