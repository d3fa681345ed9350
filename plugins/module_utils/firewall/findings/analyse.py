# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a router's firewall and IPsec policies and tells what in them does not do what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ..tables import FILTERS
from . import chains, tunnels
from .exposure import exposures
from .finding import SEVERITIES, Finding, Unjudged
from .mending import try_mends
from .offers import access_without_ip
from .own_traffic import masquerade_takes_ike
from .single_rules import report_rules
from .situation import JUDGED, Situation


@dataclass(frozen=True)
class Analysis:
    """What was found, the worst first, and the rules that could not be judged in every respect."""

    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...] = field(default=())


def analyse(situation: Situation) -> Analysis:
    """Judge a router's entries."""
    findings = find(situation)
    unjudged = [each for report in situation.reports.values() for each in report if isinstance(each, Unjudged)]
    return Analysis(tuple(try_mends(situation, findings, find)), tuple(unjudged))


def find(situation: Situation) -> list[Finding]:
    """All findings with the changes that may mend them, none of them tried yet; the worst first."""
    findings = [*_overall(situation)]
    for menu, table in situation.tables.items():
        if menu not in situation.reports:
            situation.reports[menu] = tuple(report_rules(situation, table))
        findings += [each for each in situation.reports[menu] if isinstance(each, Finding)]
        findings += chains.chain_names(situation, table)
    order = [menu.path for menu in JUDGED]
    return sorted(findings, key=lambda each: (SEVERITIES.index(each.severity), order.index(each.menu)))


def _overall(situation: Situation) -> Iterator[Finding]:
    """What concerns the filters, the tunnels and access to the router as a whole."""
    policies = tunnels.policies_of(situation)
    for family, menu in FILTERS.items():
        yield from chains.chain_ends(situation, menu)
        yield from exposures(situation, family)
        yield from tunnels.fasttrack(situation, family, policies)
    yield from chains.unlisted_interfaces(situation)
    yield from access_without_ip(situation)
    yield from tunnels.source_nat(situation, policies)
    yield from masquerade_takes_ike(situation)
    yield from tunnels.policies_in_the_way(policies)
