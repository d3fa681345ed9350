# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of what was measured: the middle and the worst of all trials of one kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from tools.failover.failures import reason
from tools.failover.labs import DETECT, of_role
from tools.failover.trials import RESTS, Trial

# Seconds until a silent peer is noticed with the settings of the trials: docs/failover.md says how they come about.
DETECTION = {
    "policy_switch": 3.4,
    "policy_switch by dpd": 16.1,
    "policy_switch quickly": 2.0,
    "multi_peer": 10.1,
    "vrrp": 3.6,
    "routed": 8.0,
    "routed quickly": 2.0,
}
HEADING = (
    "Method",
    "Lab",
    "What was lost",
    "Runs",
    "Detection, s",
    "Failover, s",
    "Packets lost",
    "Back after, s",
    "Interrupted, s",
    "Packets lost",
)


def table(trials: Sequence[Trial], kinds: Iterable[tuple[str, str, str]]) -> str:
    """In Markdown; a row for every kind that was asked for."""
    lines = [HEADING, ("---",) * len(HEADING)]
    for kind in kinds:
        found = [each for each in trials if (each.method, each.lab, each.failure) == kind]
        lines.append((_method(kind[0]), *kind[1:], *_figures(kind, found)))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _method(method: str) -> str:
    """With what it was told of how to notice a loss."""
    told = ", ".join(f"{option}: {value}" for option, value in DETECT.get(method, {}).items())
    return f"{of_role(method)}, `{told}`" if told else method


def _figures(kind: tuple[str, str, str], found: Sequence[Trial]) -> Sequence[str]:
    if said := reason(*kind):
        return ("", "", f"not covered: {said}", "", "", "", "")
    lost = [each.lost for each in found if each.lost]
    back = [each.returned for each in found if each.returned and each.lost]
    after = [each.returned_after for each in found if each.returned_after is not None]
    never = "never" if kind[0] in RESTS else f"not in {len(back) - len(after)}"
    return (
        f"{len(lost)} of {len(found)}",
        f"{DETECTION[kind[0]]:g}",
        spread([each.seconds for each in lost], ".1f"),
        spread([each.lost for each in lost], ".0f"),
        spread(after, ".1f") if len(after) == len(back) else never,
        spread([each.seconds for each in back], ".2f"),
        spread([each.lost for each in back], ".0f"),
    )


def spread(values: Sequence[float], form: str) -> str:
    """The middle one and the worst one."""
    return f"{median(values):{form}} / {max(values):{form}}" if values else "-"
