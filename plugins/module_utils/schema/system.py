# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The menus of /system that run scripts and write the log."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.elsewhere import LOGGING_ACTION
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.ipsec_terms import COMMENT, DISABLED, NAME
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.kinds import (
    DURATION,
    SWITCH,
    TEXT,
    WORD,
    list_of,
    negatable,
    one_of,
    set_of,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Field, Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.moments import DATE, DAYS, TIME_OF_DAY
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.topics import TOPICS

# Both in the order in which routers print them.
POLICIES = ("ftp", "reboot", "read", "write", "policy", "test", "password", "sniff", "sensitive", "romon")
LOGIN_POLICIES = ("api", "local", "rest-api", "ssh", "telnet", "web", "winbox")
EVERY_POLICY = ",".join(POLICIES)
OF_GUARDS = ("vpnops-guard", "vpnops-guard-boot")
"""Names of what a guarded change arms a router with until it is confirmed."""

# {".id": "*1", "name": "ha-down", "owner": "admin", "policy": "read,write,test",
#  "dont-require-permissions": "false", "source": "/ip/ipsec/policy/disable [find where comment~\"^ha-b\"]",
#  "run-count": "0", "invalid": "false"}
SCRIPT = Menu(
    path="/system/script",
    help="Scripts that people, scheduler entries and netwatch run by name.",
    module="system_script",
    reserved=OF_GUARDS,
    fields=(
        Field("name", WORD, "Name by which it is run.", required=True),
        Field(
            "source",
            TEXT,
            "The script itself, of as many lines as it takes. It is compared letter by letter, line ends included; a "
            "block that YAML begins with C(|) ends in one, and one that begins with C(|-) does not.",
            "",
        ),
        Field(
            "policy",
            set_of(*POLICIES, empty=True),
            "Rights that it needs. Whoever runs it has to have all of them; netwatch has V(read), V(write), V(test) "
            "and V(reboot) alone.",
            EVERY_POLICY,
        ),
        Field(
            "dont-require-permissions",
            SWITCH,
            "Let everybody run it, whatever rights they have; rather give it no more of O(policy) than it needs.",
            "no",
        ),
        Field(
            "owner",
            WORD,
            "User whom it belongs to; whoever adds it, unless another is named. Where it is not given, V(replaced) "
            "leaves it as it is.",
            stays=True,
        ),
        COMMENT,
    ),
)

# {".id": "*1", "name": "nightly", "start-date": "2026-01-02", "start-time": "03:30:00", "interval": "1d",
#  "on-event": "backup", "owner": "admin", "policy": "read,write,test", "run-count": "4",
#  "next-run": "2026-01-06 03:30:00", "disabled": "false"}
SCHEDULER = Menu(
    path="/system/scheduler",
    help="Scripts that run at a time of day, at intervals or at the start.",
    module="system_scheduler",
    reserved=OF_GUARDS,
    fields=(
        NAME,
        Field("on-event", TEXT, "Name of a script, or a script itself; see O(start_time) for when it runs.", ""),
        Field("interval", DURATION, "Time between two runs; V(0s) runs it once.", "0s"),
        # What is not given is the moment at which the entry is made, which no other run of a playbook hits again.
        Field(
            "start-date",
            DATE,
            "Day of the first run, such as V(2026-01-31). Without it the router takes the day on which the entry is "
            "made, and V(replaced) leaves it as it is.",
            stays=True,
        ),
        Field(
            "start-time",
            TIME_OF_DAY,
            "Time of the first run, such as V(03:30:00), or V(startup). Without it the router takes the moment at "
            "which the entry is made, and V(replaced) leaves it as it is. RouterOS 7.24 to 7.24.4 never run entries "
            "that were made without O(start_date) and O(start_time), so give both.",
            stays=True,
        ),
        Field(
            "days",
            DAYS,
            "Days of the week on which it runs, V(sun) to V(sat), or V(always).",
            "always",
            since="7.24",
        ),
        Field(
            "policy",
            set_of(*POLICIES, *LOGIN_POLICIES, empty=True),
            "Rights that O(on_event) has. A script that it names needs no others, or it does not run.",
            EVERY_POLICY,
        ),
        DISABLED,
        COMMENT,
    ),
)

# {".id": "*4", "topics": "ipsec,!debug", "action": "remote", "prefix": "hq", "regex": "", "default": "false",
#  "invalid": "false", "disabled": "false"}
LOGGING = Menu(
    path="/system/logging",
    help="Which log lines go where.",
    module="system_logging",
    key=("topics", "action", "regex"),
    fields=(
        Field(
            "topics",
            list_of(negatable(one_of(*TOPICS))),
            "Topics that a line has to have, all of them; of one with V(!) in front, such as V(!debug), it has none.",
            required=True,
        ),
        Field(
            "action",
            WORD,
            "What becomes of the lines: a name of C(/system/logging/action), such as V(memory), V(disk), V(echo) or "
            "V(remote).",
            "memory",
            refers=LOGGING_ACTION.path,
        ),
        Field("prefix", TEXT, "Text in front of each line.", ""),
        Field("regex", TEXT, "Regular expression that a line has to match.", "", since="7.17"),
        DISABLED,
        Field("comment", TEXT, "Free text.", "", since="7.22"),
    ),
)
