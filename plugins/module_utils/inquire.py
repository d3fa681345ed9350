# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module that only asks: read, analyse, report."""

from __future__ import annotations

from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.apply import read
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import Inquiry
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.open import open_session
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.analysis.analyse import READ, analyse
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.analysis.finding import (
    SEVERITIES,
    Finding,
    Spot,
    Unjudged,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets


def inquire(inquiry: Inquiry, target: Target, secrets: Secrets) -> dict[str, Any]:
    """Return the module's result, which is a failure when there is a finding as bad as the task is to fail on."""
    secrets.learn([target.password])
    session = open_session(target)
    try:
        version, tables = read(session, target.host, READ, with_dynamic=True)
    finally:
        session.close()
    analysis = analyse(tables, version, inquiry.wan)
    findings = [each for each in analysis.findings if each.menu in inquiry.menus]
    result: dict[str, Any] = {
        "changed": False,
        "warnings": list(session.warnings),
        "findings": [shown(each) for each in findings],
        "not_judged": [not_judged(each) for each in analysis.unjudged if each.menu in inquiry.menus],
    }
    bad = [each for each in findings if _as_bad(each.severity, inquiry.fail_on)]
    if bad:
        result |= {
            "failed": True,
            "msg": f"{target.host}: " + ". ".join(f"{each.menu}: {each.message}" for each in bad),
        }
    return result


def _as_bad(severity: str, fail_on: str) -> bool:
    return fail_on in SEVERITIES and SEVERITIES.index(severity) <= SEVERITIES.index(fail_on)


def shown(finding: Finding) -> dict[str, Any]:
    """A finding as data."""
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "menu": finding.menu,
        "chain": finding.chain,
        "rule": _place(finding.rule) if finding.rule else {},
        "others": [_place(each) for each in finding.others],
        "message": finding.message,
        "advice": finding.advice,
    }


def not_judged(unjudged: Unjudged) -> dict[str, Any]:
    """A rule that could not be judged in every respect, as data."""
    return {
        "menu": unjudged.menu,
        "chain": unjudged.chain,
        "rule": _place(unjudged.rule),
        "why": unjudged.why,
    }


def _place(spot: Spot) -> dict[str, Any]:
    return {"id": spot.id, "label": spot.label, "position": spot.position}
