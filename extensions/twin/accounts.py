# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may log in, and as what."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .actor import Actor
from .menus.users import POLICIES, POLICY
from .model import Row, Values
from .verbs.writing import create

if TYPE_CHECKING:
    from .router import Router


def set_user(router: Router, name: str, password: str, policies: Iterable[str] = ()) -> None:
    """Create or change an account; without policies it is in group full. Raises ValueError with a sentence."""
    if not name:
        raise ValueError("an account needs a name")
    wanted = tuple(policies)
    group = _group(router, name, wanted) if wanted else "*3"
    users = router.tables["/user"]
    existing = users.by_name(name)
    values: Values = {"name": name, "group": group, "password": password}
    if existing is None:
        create(router, users, values)
    else:
        users.store(existing, {**existing.values, **values})


def _group(router: Router, user: str, policies: tuple[str, ...]) -> str:
    strangers = [policy for policy in policies if policy not in POLICIES]
    if strangers:
        raise ValueError(f"{strangers[0]!r} is no user policy; known are {', '.join(POLICIES)}")
    groups = router.tables["/user/group"]
    values = {"name": f"{user}-group", "policy": POLICY.canon("policy", ",".join(policies))}
    existing = groups.by_name(values["name"])
    if existing is not None:
        groups.store(existing, {**existing.values, **values})
        return existing.id
    return create(router, groups, values).id


def admit(router: Router, name: str, password: str, address: str) -> Actor | None:
    """The user as whom the session acts, or None; policy `api` is needed to get in at all."""
    row = _account(router, name, address)
    if row is None or not hmac.compare_digest(_bytes(row.values["password"]), _bytes(password)):
        return None
    return _actor(router, row, address)


def admit_by_response(router: Router, name: str, response: str, challenge: bytes, address: str) -> Actor | None:
    """As admit, for the login of versions before 6.43: `00` and the MD5 of zero, password and challenge."""
    row = _account(router, name, address)
    if row is None:
        return None
    digest = hashlib.md5(b"\x00" + _bytes(row.values["password"]) + challenge, usedforsecurity=False)
    return _actor(router, row, address) if response == "00" + digest.hexdigest() else None


def _bytes(text: str) -> bytes:
    """As it came over the wire: bytes that are no UTF-8 are a password as well."""
    return text.encode("utf-8", "surrogateescape")


def _account(router: Router, name: str, address: str) -> Row | None:
    row = router.tables["/user"].by_name(name)
    if row is None or row.values["disabled"] == "true":
        return None
    allowed = [prefix for prefix in row.values.get("address", "").split(",") if prefix]
    if allowed and not any(ipaddress.ip_address(address) in ipaddress.ip_network(prefix) for prefix in allowed):
        return None
    return row


def _actor(router: Router, row: Row, address: str) -> Actor | None:
    group = router.tables["/user/group"].by_id(row.values["group"])
    words = group.values["policy"].split(",") if group else []
    policies = frozenset(word for word in words if not word.startswith("!"))
    if "api" not in policies:
        return None
    return Actor(row.values["name"], policies, address)
