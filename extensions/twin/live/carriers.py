# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices of a namespace have carrier, asked without a command of their own (linux/rtnetlink.h)."""

from __future__ import annotations

import struct

from .netlink import DUMP, ROUTING, Netlink, attributes

_GETLINK, _LINK = 18, 16
_UP, _CARRIER = 0x1, 0x10000
_NAME = 3
_HEAD = struct.Struct("=BxHiII")


class Carriers:
    """The devices of a node that are up and at whose far end somebody is."""

    def __init__(self, node: str) -> None:
        self._netlink = Netlink(node, ROUTING)

    def look(self) -> frozenset[str]:
        """Their names; raises Broken."""
        bodies = [body for kind, body in self._netlink.ask(_GETLINK, DUMP, bytes(_HEAD.size)) if kind == _LINK]
        return frozenset(_name(body) for body in bodies if _runs(body))

    def close(self) -> None:
        self._netlink.close()


def _runs(body: bytes) -> bool:
    _family, _type, _index, flags, _change = _HEAD.unpack_from(body)
    return bool(flags & _UP and flags & _CARRIER)


def _name(body: bytes) -> str:
    return attributes(body[_HEAD.size :])[_NAME].rstrip(b"\0").decode()
