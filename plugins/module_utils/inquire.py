# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module that only asks: read, analyse, report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import Tables, read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Plan, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.check import Problem
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.plan import check
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.rehearse import Rehearsal, menus_to_read, rehearse
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import render
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.analyse import analyse
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import (
    SEVERITIES,
    Edit,
    Finding,
    Unjudged,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.situation import (
    READ,
    Outside,
    Situation,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.lines import Spot
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability import survey
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.foreign import find_openings
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.places import Place
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.reach import Row
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.services import SERVICES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.sources import NoSuchSource
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.reachability.table import table
from ansible_collections.vpnops.mikrotik.plugins.module_utils.jobs import BadArguments, Inquiry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import ALL
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu, Version
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets


@dataclass(frozen=True)
class Answer:
    """What a router has now, and what it would have: the same unless a change is proposed."""

    version: Version
    now: Tables
    then: Tables
    plan: Plan
    warnings: tuple[str, ...]


def inquire(inquiry: Inquiry, target: Target, secrets: Secrets) -> dict[str, Any]:
    """Return the module's result, which is a failure when there is a finding as bad as the task is to fail on."""
    secrets.learn([*inquiry.secrets, target.password])
    try:
        answer = _asked(inquiry, target, secrets)
        situation = Situation(answer.then, answer.version, inquiry.wan)
        scenes = _scenes(inquiry, answer, situation.outside)
        rows = survey.rows_of(scenes, inquiry.services, inquiry.sources)
    except (Problem, NoSuchSource) as error:
        raise BadArguments(f"{target.host}: {error}") from None
    analysis = analyse(situation)
    findings = [each for each in analysis.findings if each.menu in inquiry.menus]
    result: dict[str, Any] = {
        "changed": False,
        "warnings": [*answer.warnings, *(f"{target.host}: {each}" for each in _openings(inquiry, answer, scenes))],
        "findings": [shown(each, answer.then) for each in findings],
        "not_judged": [not_judged(each) for each in analysis.unjudged if each.menu in inquiry.menus],
        "reach": [reachable(each) for each in rows],
        "reach_table": table(rows, inquiry.full_table),
    }
    if inquiry.proposal:
        result["commands"] = [render(change) for change in answer.plan]
    bad = [each for each in findings if _as_bad(each.severity, inquiry.fail_on)]
    if bad:
        message = f"{target.host}: " + ". ".join(f"{each.menu}: {each.message}" for each in bad)
        result |= {"failed": True, "msg": message}
    return secrets.deep_mask(result)


def _asked(inquiry: Inquiry, target: Target, secrets: Secrets) -> Answer:
    """Read everything at once, and work out what would be after the change that is proposed, if there is one."""
    intent = inquiry.proposal
    if intent:
        check(intent)
    session = open_session(target)
    try:
        version, now = read(session, target.host, _menus(inquiry), with_dynamic=True)
    finally:
        session.close()
    secrets.learn_from(now)
    found = rehearse(now, intent, version) if intent else Rehearsal(Plan(), now)
    warnings = (*session.warnings, *found.plan.warnings)
    return Answer(version, now, dict(found.after), found.plan, warnings)


def _menus(inquiry: Inquiry) -> list[Menu]:
    wanted = {*READ, *survey.READ, *(menus_to_read(inquiry.proposal) if inquiry.proposal else ())}
    return [menu for menu in ALL if menu in wanted]


def _scenes(inquiry: Inquiry, answer: Answer, outside: Outside) -> list[survey.Scene]:
    before = answer.now if inquiry.proposal else None
    return survey.scenes_of(answer.then, outside.lists, outside.members, before)


def _openings(inquiry: Inquiry, answer: Answer, scenes: Sequence[survey.Scene]) -> list[str]:
    """Rules of others that let strangers in, where a change owns some of the rules and so is to close the router."""
    scope = inquiry.proposal.scope if inquiry.proposal else None
    if scope is None or scope.owner is None:
        return []
    found = find_openings(scenes, SERVICES, lambda rule: scope.bears_mark(rule.values.get("comment", "")))
    return [each.sentence(changing=bool(answer.plan.changes)) for each in found]


def reachable(row: Row) -> dict[str, Any]:
    """Whether somebody reaches a service, as data."""
    before = {"before": row.before.verdict.value, "changes": row.changes} if row.before else {}
    return {
        "from": row.source,
        "family": row.family.name,
        "addresses": list(row.addresses),
        "interfaces": list(row.interfaces),
        "service": row.service.name,
        "protocol": row.service.protocol,
        "port": row.service.port,
        **before,
        "verdict": row.outcome.verdict.value,
        "rule": row.outcome.rule,
        "decided_by": [_decider(each) for each in row.outcome.places],
        "why": row.outcome.why,
    }


def _decider(place: Place) -> dict[str, Any]:
    return {name: getattr(place, name) for name in ("table", "chain", "position", "number", "comment", "id")}


def _as_bad(severity: str, fail_on: str) -> bool:
    return fail_on in SEVERITIES and SEVERITIES.index(severity) <= SEVERITIES.index(fail_on)


def shown(finding: Finding, tables: Tables) -> dict[str, Any]:
    """A finding as data."""
    edits = finding.mend.edits if finding.mend else ()
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "menu": finding.menu,
        "chain": finding.chain,
        "rule": _place(finding.rule) if finding.rule else {},
        "others": [_place(each) for each in finding.others],
        "message": finding.message,
        "packets": finding.packets,
        "advice": finding.advice,
        "commands": [render(change_of(edit, tables)) for edit in edits],
    }


def change_of(edit: Edit, tables: Tables) -> Change:
    """An edit that would mend a finding, as a change of the router that was read."""
    if edit.verb == "add":
        return Add(edit.menu, edit.values, edit.before or None)
    entry = next(each for each in tables[edit.menu] if each.id == edit.id)
    if edit.verb == "move":
        return Move(edit.menu, entry, edit.before or None)
    if edit.verb == "remove":
        return Remove(edit.menu, entry)
    values = {name: text for name, text in edit.values.items() if text}
    return Set(edit.menu, entry, values, tuple(name for name, text in edit.values.items() if not text))


def not_judged(unjudged: Unjudged) -> dict[str, Any]:
    """A rule that could not be judged in every respect, as data."""
    return {
        "menu": unjudged.menu,
        "chain": unjudged.chain,
        "rule": _place(unjudged.rule),
        "why": unjudged.why,
    }


def _place(spot: Spot) -> dict[str, Any]:
    return {"id": spot.id, "label": spot.label, "position": spot.position, "number": spot.number}
