# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`/system`, `/log`, `/ip/service` and `/console`: what clients look at besides the configuration."""

from __future__ import annotations

from ..model import COMMENT, DISABLED, Field, Menu, Reference, read_only
from ..values.addresses import PREFIX
from ..values.basic import SWITCH, duration, listed, number, one_of, some_of
from ..values.moments import DATE, TIME_OF_DAY

LIST = ("add", "set", "remove", "print", "find", "get", "export", "reset", "edit", "comment")

IDENTITY = Menu(
    "/system/identity",
    (Field("name", default="MikroTik"),),
    ("set", "print", "get", "export", "edit"),
    singleton=True,
    print_flags=("oid",),
)

_RESOURCE = {
    "uptime": "0s",
    "version": "",
    "build-time": "2026-01-01 00:00:00",
    "factory-software": "7.1",
    "free-memory": "200000000",
    "total-memory": "268435456",
    "cpu": "QEMU",
    "cpu-count": "1",
    "cpu-frequency": "2000",
    "cpu-load": "0",
    "free-hdd-space": "80000000",
    "total-hdd-space": "93564928",
    "architecture-name": "x86_64",
    "board-name": "CHR",
    "platform": "MikroTik",
}
RESOURCE = Menu(
    "/system/resource",
    tuple(read_only(name, value) for name, value in _RESOURCE.items()),
    ("print", "get", "export"),
    singleton=True,
    print_flags=("oid",),
)

CLOCK = Menu(
    "/system/clock",
    (
        Field("time"),
        Field("date"),
        Field("time-zone-autodetect", SWITCH, default="true"),
        Field("time-zone-name", default="manual"),
        read_only("gmt-offset", "+00:00"),
        read_only("dst-active", "false"),
    ),
    ("set", "print", "get", "export", "edit"),
    singleton=True,
)

PACKAGE = Menu(
    "/system/package",
    (read_only("name"), read_only("version"), read_only("build-time"), read_only("scheduled", ""), DISABLED),
    ("print",),
    unique="name",
)

SCHEDULER_POLICIES = (
    "api", "ftp", "local", "password", "policy", "read", "reboot", "rest-api", "romon", "sensitive", "sniff", "ssh",
    "telnet", "test", "web", "winbox", "write",
)  # fmt: skip
# The order in which routers print policies of scripts and scheduler entries.
_SCRIPT_ORDER = ("ftp", "reboot", "read", "write", "policy", "test", "password", "sniff", "sensitive", "romon")
_REST = tuple(word for word in SCHEDULER_POLICIES if word not in _SCRIPT_ORDER)

SCHEDULER = Menu(
    "/system/scheduler",
    (
        Field("name", mandatory=True),
        Field("start-date", DATE),
        Field("start-time", TIME_OF_DAY),
        Field("interval", duration(), default="0s"),
        Field("on-event", default=""),
        Field("policy", some_of(*_SCRIPT_ORDER, *_REST, empty=True), default=",".join(_SCRIPT_ORDER)),
        Field("days", default=None, unset=True, since="7.24"),
        COMMENT,
        DISABLED,
        read_only("owner"),
        read_only("run-count", "0"),
        read_only("next-run"),
    ),
    (*LIST, "enable", "disable", "unset"),
    late={"unset": "7.24"},
    noun="scheduler",
    unique="name",
)

SCRIPT = Menu(
    "/system/script",
    (
        Field("name"),
        Field("owner"),
        Field("policy", some_of(*_SCRIPT_ORDER, empty=True), default=",".join(_SCRIPT_ORDER)),
        Field("dont-require-permissions", SWITCH, default="false"),
        Field("source", default=""),
        COMMENT,
        read_only("run-count", "0"),
        read_only("last-started"),
        read_only("invalid", "false"),
    ),
    (*LIST, "unset"),
    extra={"run": ("number", "use-script-permissions")},
    late={"unset": "7.24", "run use-script-permissions": "7.15"},
    noun="script",
    unique="name",
    naming="script",
)

# Over the API a job has no argument that it could be set by; which of these print always is unverified.
JOB = Menu(
    "/system/script/job",
    tuple(read_only(name) for name in ("owner", "parent", "policy", "script", "started", "type")),
    ("print", "find", "get", "remove"),
    noun="job",
)

SYSTEM = Menu("/system", extra={"reboot": ()})

TOOL = Menu(
    "/tool",
    extra={
        "ping": ("address", "arp-ping", "as-value", "count", "do-not-fragment", "dscp", "interface", "interval",
                 "proplist", "size", "src-address", "ttl", "vrf", "without-paging"),
    },
    late={"ping proplist": "7.16"},
)  # fmt: skip

LOG = Menu(
    "/log",
    (read_only("time"), read_only("topics"), read_only("message")),
    ("print", "find", "get"),
    extra=dict.fromkeys(("debug", "error", "info", "warning"), ("message",)),
    print_lacks=("from",),
)

SERVICE_PORTS = {
    "telnet": "23",
    "ftp": "21",
    "www": "80",
    "ssh": "22",
    "www-ssl": "443",
    "api": "8728",
    "winbox": "8291",
    "api-ssl": "8729",
}
SERVICE = Menu(
    "/ip/service",
    (
        read_only("name"),
        Field("port", number(0, 65535)),
        Field("address", listed(PREFIX), default=""),
        Field("available-from", listed(PREFIX), hidden=True, since="7.24"),
        Field("certificate", refers=Reference("/certificate", keywords=("none",)), default="none"),
        Field("tls-version", one_of("any", "only-1.2"), default="any"),
        Field("vrf", default="main"),
        Field("max-sessions", number(1, 1000), default="20", since="7.16"),
        DISABLED,
        read_only("invalid", "false"),
        read_only("dynamic"),
    ),
    ("set", "print", "find", "get", "export", "reset", "edit", "enable", "disable"),
    unique="name",
    rows_at_start=tuple(
        (f"*{number_:X}", {"name": name, "port": port, "disabled": "true" if name == "www-ssl" else "false"})
        for number_, (name, port) in enumerate(SERVICE_PORTS.items())
    ),
)

CONSOLE = Menu(
    "/console",
    extra={"inspect": ("as-value", "input", "path", "proplist", "request", "without-paging")},
    late={"inspect proplist": "7.16"},
)

MENUS = (SYSTEM, TOOL, IDENTITY, RESOURCE, CLOCK, PACKAGE, SCHEDULER, SCRIPT, JOB, LOG, SERVICE, CONSOLE)
