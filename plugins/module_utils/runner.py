# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module: read, plan, apply, read back, report. Where arguments, engine and device meet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Interrupted, Tables, apply, read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import (
    BadArguments,
    Inquiry,
    Job,
    Request,
    job_from,
    spec_of,
    target_from,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import RouterError, Session, Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Plan, Remove
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, label
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.match import match
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import Intent, check, plan
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.refer import check_references
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.report import diff, shown
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.scope import owns
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.inquire import inquire
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import ALL, BY_PATH, MENUS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets

NEWEST: Version = (7, 24)
"""What `rendered` writes for, since it sees no router."""
FAILURES = (RouterError, Problem, BadArguments)


@dataclass(frozen=True)
class Outcome:
    """What a task found, did and has to tell."""

    before: Tables
    after: Tables
    plan: Plan = field(default_factory=Plan)
    warnings: tuple[str, ...] = ()


def carry_out(
    job: Job, target: Target, secrets: Secrets, *, check_mode: bool = False, with_diff: bool = False
) -> dict[str, Any]:
    """Do what a module is for, be it to change a router or to ask it, and return the module's result."""
    if isinstance(job, Inquiry):
        return inquire(job, target, secrets)
    return perform(job, target, secrets, check_mode=check_mode, with_diff=with_diff)


def perform(
    request: Request, target: Target, secrets: Secrets, *, check_mode: bool = False, with_diff: bool = False
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
            outcome = converge(session, target.host, intent, secrets, check_mode)
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


def converge(session: Session, router: str, intent: Intent, secrets: Secrets, check_mode: bool) -> Outcome:
    """Read, plan, apply and read back; check mode is not calling apply."""
    menus = _menus_to_read(intent)
    fleeting = any(menu.by_name[name].fleeting for menu, rows in intent.wants.items() for row in rows for name in row)
    version, before = read(session, router, menus, fleeting)
    secrets.learn_from(before)
    if intent.state == "gathered":
        return Outcome(before, before, warnings=tuple(session.warnings))
    wanted = plan(before, intent, version)
    expected = {menu: tuple(entries) for menu, entries in simulate(before, wanted).items()}
    check_references(wanted, expected)
    warnings = (*session.warnings, *wanted.warnings)
    if check_mode or not wanted:
        return Outcome(before, expected, wanted, warnings)
    apply(session, router, wanted, before, version)
    touched = {change.menu for change in wanted}
    try:
        _dummy, after = read(session, router, [menu for menu in intent.wants if menu in touched], fleeting)
    except RouterError as error:
        made = f"the router confirmed every change ({len(wanted.changes)}), but could not be read afterwards"
        raise Interrupted(router, f"{made}: {error.problem}") from None
    left = plan({**before, **after}, intent, version)
    missing = [render(change) for change in left if isinstance(change, Add | Remove)]
    if missing:
        raise Interrupted(router, f"the router confirmed every change, but still lacks: {'; '.join(missing)}")
    return Outcome(before, {**before, **after}, wanted, (*warnings, *_aftermath(left, after, intent, version)))


def _menus_to_read(intent: Intent) -> list[Menu]:
    """The menus of the intent, those their entries name, and where things may go those that name them."""
    named = {menu.by_name[name].refers for menu, rows in intent.wants.items() for row in rows for name in row}
    paths = {menu.path for menu in intent.wants} | {path for path in named if path in BY_PATH}
    if intent.state in ("deleted", "overridden"):
        paths |= {menu.path for menu in MENUS if menu.refers & {wanted.path for wanted in intent.wants}}
    return [menu for menu in ALL if menu.path in paths]


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


def run_module(name: str) -> None:
    """Run as a classic module, on whatever host the task went to; `provider` says which router."""
    module = AnsibleModule(argument_spec=spec_of(name), supports_check_mode=True)
    secrets = Secrets()
    try:
        job = job_from(name, module.params)
        if not module.params["provider"] and not job.offline:
            raise BadArguments(
                "no router to talk to: set ansible_connection to vpnops.mikrotik.routeros, or give provider"
            )
        target = target_from(module.params["provider"] or {"host": ""})
        outcome = carry_out(job, target, secrets, check_mode=module.check_mode, with_diff=module._diff)
    except FAILURES as failure:
        module.fail_json(msg=secrets.mask(str(failure)))
    except Exception as error:
        module.fail_json(msg=secrets.defect(error))
    if outcome.get("failed"):
        module.fail_json(**outcome)
    module.exit_json(**outcome)
