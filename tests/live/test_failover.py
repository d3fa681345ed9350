# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections with backup peers on live twins: they survive what is lost, go back, and stand still when all flaps.

How long it takes is measured by `make failover`; here it only has to come about.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twin.live import Lab

from tests.integration.playing import play_on
from tests.live.conftest import able
from tests.live.sites import until
from tools.failover.failures import DAEMON, FAILURES, LINK, PROVIDER, ROUTER, SILENCE, reason
from tools.failover.flow import Flow, damage
from tools.failover.labs import LABS, Setting, configure
from tools.failover.table import DETECTION, table
from tools.failover.trials import RESTS, Trial, trials

SLACK = 15.0
HQ_PC = "192.168.10.10"


def survived(found: Trial) -> bool:
    """Whether the other way was taken in about the time that noticing takes, and the first one again."""
    assert found.lost, found
    assert found.returned, found
    assert found.lost.lost > 0
    back = found.method in RESTS or found.returned_after is not None
    return back and found.lost.seconds < DETECTION[found.method] + SLACK


@pytest.mark.parametrize(
    "kind",
    [
        ("policy_switch", "two-uplinks", SILENCE),
        ("policy_switch", "two-routers", ROUTER),
        ("multi_peer", "two-uplinks", PROVIDER),
        ("vrrp", "vrrp", ROUTER),
    ],
    ids="/".join,
)
def test_a_connection_survives(kind: tuple[str, str, str]) -> None:
    able()
    [found] = trials(*kind)
    assert survived(found)


@contextmanager
def flowing(setting: Setting) -> Iterator[tuple[Lab, Flow]]:
    """A lab whose routers are configured, and packets that cross it."""
    able()
    with Lab(setting.plan) as lab:
        configure(lab, setting)
        with Flow(lab, "branch-pc", "hq-pc", HQ_PC, round_trip=setting.round_trip) as flow:
            assert until(flow.steady, 30)
            yield lab, flow


def enabled(lab: Lab) -> list[str]:
    """The peers whose policies are enabled at the branch."""
    rows = lab.rows("branch", "/ip/ipsec/policy")
    return [row["peer"] for row in rows if row.get("peer") and row["disabled"] == "false"]


def switches(lab: Lab) -> int:
    """How often the branch has switched."""
    return sum("now by" in row["message"] for row in lab.rows("branch", "/log"))


def test_links_that_flap_leave_one_way_in_use_and_rest() -> None:
    chance = random.Random(7)
    cables = {"modem1": False, "modem2": False}
    with flowing(LABS["two-uplinks"]("policy_switch")) as (lab, flow):
        for _transition in range(120):
            modem = chance.choice(list(cables))
            cables[modem] = not cables[modem]
            lab.fail("cut" if cables[modem] else "mend", "hq", modem)
            assert len(enabled(lab)) <= 1
            time.sleep(chance.choice((0.0, 0.05, 0.2, 0.8)))
        for modem in cables:
            lab.mend("hq", modem)
        assert until(lambda: enabled(lab) == ["ha-hq/a"], 60)
        # What it cost to go back is not what is asked here.
        back = time.monotonic()
        assert until(lambda: flow.steady(back), 20)
        before, rested = switches(lab), time.monotonic()
        time.sleep(10)
        assert (switches(lab), enabled(lab)) == (before, ["ha-hq/a"])
        assert flow.damage(rested, time.monotonic() - 0.5).lost == 0


def host(lab: Lab, name: str, role: str, options: Any) -> dict[str, Any]:
    """A router as an inventory has it, with the options of its role."""
    return {
        "ansible_connection": "vpnops.mikrotik.routeros",
        "ansible_host": "127.0.0.1",
        "ansible_port": lab.routers[name].port,
        "ansible_user": "admin",
        "ansible_password": "",
        "routeros_transport": "api",
        f"{role}_verify": False,
        **{f"{role}_{option}": value for option, value in options.items()},
    }


def test_the_role_switches_nothing_back_while_the_backup_is_in_use(tmp_path: Path) -> None:
    able()
    setting = LABS["two-routers"]("policy_switch")
    with Lab(setting.plan) as lab:
        configure(lab, Setting(setting.plan, {}, setting.plain, setting.ways))
        hosts = {"branch": host(lab, "branch", "ha_backup_peer", setting.backup["branch"])}
        roles = [{"role": "vpnops.mikrotik.ha_backup_peer"}]
        first = play_on(tmp_path, hosts, roles=roles)
        assert first.status == 0, first.output
        with Flow(lab, "branch-pc", "hq-pc", HQ_PC, round_trip=False) as flow:
            assert until(flow.steady, 30)
            lab.power_off("hq1")
            assert until(lambda: enabled(lab) == ["ha-hq/b"], 20)
            assert until(flow.steady, 20)
            again = play_on(tmp_path, hosts, roles=roles)
            assert again.status == 0, again.output
            assert "changed=0" in again.output
            assert enabled(lab) == ["ha-hq/b"]
            assert flow.steady()


def test_damage_counts_what_was_never_seen_and_the_longest_silence() -> None:
    seen = {1: 1.02, 2: 1.04, 5: 3.0, 6: 3.02}
    found = damage([1, 2, 3, 4, 5, 6], seen, 1.0, 3.0)
    assert (found.lost, round(found.seconds, 2)) == (2, 1.96)
    assert damage([1, 2], {}, 1.0, 3.0).seconds == 2.0


def test_the_table_has_a_row_for_what_is_not_covered_and_why() -> None:
    assert reason("policy_switch", "two-uplinks", ROUTER)
    assert not reason("multi_peer", "two-routers", DAEMON)
    assert all(not reason("vrrp", "vrrp", failure) for failure in FAILURES["vrrp"])
    lines = table([], [("vrrp", "vrrp", DAEMON), ("vrrp", "vrrp", LINK)]).splitlines()
    assert "not covered: VRRP asks" in lines[2]
    assert "0 of 0" in lines[3]
