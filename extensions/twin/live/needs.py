# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine needs to run live twins, and a sentence for each thing it lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

CHARON = Path("/usr/lib/ipsec/charon")
PLUGINS = CHARON.parent / "plugins"
TUN = Path("/dev/net/tun")
COMMANDS = {
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "nft": "nftables",
    "ping": "iputils-ping",
}
FILES = {
    CHARON: "strongswan-charon",
    PLUGINS / "libstrongswan-vici.so": "strongswan-swanctl",
    PLUGINS / "libstrongswan-openssl.so": "libstrongswan-standard-plugins",
    PLUGINS / "libstrongswan-kernel-libipsec.so": "libcharon-extra-plugins",
}
_ALONE = ("--net", "--mount", "--pid", "--fork", "--kill-child")
_AS_ROOT_INSIDE = ("--user", "--map-root-user")
# What the firewall and the links of a lab need of the kernel, tried in a namespace that is gone at once.
_TRIAL = """
mount -t tmpfs none /run
ip link add one type veth peer name two
nft -f - <<'RULES'
table ip trial {
    set known { type ipv4_addr; flags dynamic,timeout; }
    chain way { type nat hook postrouting priority 100; ct state new fib daddr type local masquerade; }
}
RULES
"""
_ESP = (
    "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 mode tunnel"
    " auth 'hmac(sha256)' 0x11 enc 'cbc(aes)' 0x00112233445566778899aabbccddeeff"
)


def entering() -> list[str]:
    """The command in front of what shall run in namespaces of its own, and end with whoever started it."""
    return ["unshare", *(() if os.geteuid() == 0 else _AS_ROOT_INSIDE), *_ALONE]


def missing() -> list[str]:
    """A sentence for each thing this machine lacks; none if live twins can run."""
    return [*_missing_commands(), *_missing_ipsec()] or _refusals()


def _missing_commands() -> list[str]:
    lacking = {package for command, package in COMMANDS.items() if not shutil.which(command)}
    return [f"the package {package} is not installed" for package in sorted(lacking)]


def _missing_ipsec() -> list[str]:
    found = [f"the package {package} is not installed" for file, package in FILES.items() if not file.exists()]
    if not find_spec("vici"):
        found.append("the Python package vici is not installed: pip install vici")
    if kernel_esp():
        return found
    if not TUN.exists():
        found.append(f"there is no {TUN}, which IPsec in user space needs")
    elif not os.access(TUN, os.R_OK | os.W_OK):
        mode = TUN.stat().st_mode & 0o777
        found.append(f"{TUN} has mode {mode:04o}, and IPsec in user space needs 0666 or root: chmod 0666 {TUN}")
    return found


@cache
def _tried(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in namespaces of its own."""
    command = [*entering(), "sh", "-ec", script]
    try:
        return subprocess.run(command, check=False, text=True, capture_output=True, timeout=30)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", "it took more than 30 s")


def _refusals() -> list[str]:
    """Why namespaces cannot be made here or lack what a lab needs."""
    for script, what in (
        ("true", "network namespaces cannot be made here"),
        (_TRIAL, "links or nftables do not work in a namespace here"),
    ):
        done = _tried(script)
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["no reason was given"]
            return [f"{what}: {said[0]}"]
    return []


def makes(kind: str) -> bool:
    """Whether the kernel has tunnel interfaces of a kind, `gre` or `ipip`."""
    return _tried(f"ip link add one type {kind} local 192.0.2.1 remote 192.0.2.2").returncode == 0


def second_macs() -> bool:
    """Whether the kernel can give a port a MAC besides its own, as virtual routers need it."""
    return _tried("ip link add one type veth peer name two; ip link add link one name v type macvlan").returncode == 0


def kernel_esp() -> bool:
    """Whether the kernel itself can encrypt."""
    return all(map(shutil.which, COMMANDS)) and _tried(_ESP).returncode == 0
