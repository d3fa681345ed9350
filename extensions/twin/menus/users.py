# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/user`: accounts, groups with their policies, and who is logged in."""

from __future__ import annotations

from ..errors import no_match
from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import PREFIX
from ..values.basic import Kind, duration, listed, one_of

POLICIES = (
    "local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password", "web", "sniff",
    "sensitive", "api", "romon", "rest-api",
)  # fmt: skip


def _policy(name: str, value: str) -> str:
    """Granted policies, then the others with `!`, as groups print them."""
    given = [part.strip() for part in value.split(",") if part.strip()]
    if any(part.removeprefix("!") not in POLICIES for part in given):
        raise no_match(name)
    granted = [policy for policy in POLICIES if policy in given]
    return ",".join(granted + [f"!{policy}" for policy in POLICIES if policy not in granted])


POLICY = Kind(_policy, words=POLICIES, several=True)

_READ = "local,telnet,ssh,reboot,read,test,winbox,password,web,sniff,sensitive,api,romon,rest-api"
_WRITE = "local,telnet,ssh,reboot,read,write,test,winbox,password,web,sniff,sensitive,api,romon,rest-api"

LIST = ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit", "comment")

GROUP = Menu(
    "/user/group",
    (
        Field("name"),
        Field("policy", POLICY, default=_policy("policy", "")),
        Field("skin", default="default"),
        COMMENT,
    ),
    LIST,
    noun="group",
    unique="name",
    keep_used=True,
    policy="policy",
    rows_at_start=(
        ("*1", {"name": "read", "policy": _policy("policy", _READ)}),
        ("*2", {"name": "write", "policy": _policy("policy", _WRITE)}),
        ("*3", {"name": "full", "policy": _policy("policy", ",".join(POLICIES))}),
    ),
)

USER = Menu(
    "/user",
    (
        Field("name", mandatory=True),
        Field("group", refers=Reference("/user/group"), mandatory=True),
        Field("password", mandatory=True, hidden=True, secret=True),
        Field("address", listed(PREFIX), default=""),
        Field("inactivity-policy", one_of("lockscreen", "logout", "none"), default="none", since="7.16"),
        Field("inactivity-timeout", duration(60_000, 86_400_000), default="10m", since="7.16"),
        COMMENT,
        DISABLED,
        read_only("expired", "false"),
        read_only("last-logged-in"),
    ),
    (*LIST, "enable", "disable"),
    noun="user",
    unique="name",
    policy="policy",
    sensitive_print=True,
)

ACTIVE = Menu(
    "/user/active",
    tuple(read_only(name) for name in ("when", "name", "address", "via", "group", "radius", "by-romon")),
    ("print", "find", "get"),
    edits_dynamic=True,
)

MENUS = (GROUP, USER, ACTIVE)
