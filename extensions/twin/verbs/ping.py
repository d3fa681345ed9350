# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ping: one row per echo request, as clients of several languages show them; who answers is said by `Router.echo`."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from ..actor import Actor
from ..command import Command, Reply
from ..errors import failure, invalid_value, missing
from ..model import Values
from ..table import Table
from ..values.addresses import is_name
from ..values.basic import number

if TYPE_CHECKING:
    from ..router import Router

# That a router takes no more, and its words for it, are unverified; more rows than this are nobody's test.
_COUNT = number(1, 1000)


def ping(router: Router, _table: Table, command: Command, _actor: Actor) -> list[Reply]:
    """All rows at once, without the second that a router takes for each."""
    wanted = command.get("address")
    if not wanted:
        raise missing("address")
    if not command.get("count"):
        raise failure("the twin does not play ping without count")
    count = int(_COUNT.canon("count", command.get("count") or ""))
    host, source = _host(router, wanted), _source(command.get("src-address"))
    answers = router.echo(host, source)
    size = command.get("size") or "56"
    return [*(Reply("!re", _row(number_, host, size, answers)) for number_ in range(count)), Reply("!done")]


def _host(router: Router, wanted: str) -> str:
    if is_name(wanted):
        found = router.addresses_of(wanted)
        if not found:
            # The wording is unverified.
            raise failure("dns name does not exist")
        return found[0]
    return _address("address", wanted)


def _source(given: str | None) -> str:
    return _address("src-address", given) if given else ""


def _address(name: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise invalid_value(name) from None


def _row(sequence: int, host: str, size: str, answers: bool) -> Values:
    sent = sequence + 1
    row = {"seq": str(sequence), "host": host}
    if not answers:
        return {**row, "status": "timeout", "sent": str(sent), "received": "0", "packet-loss": "100"}
    times = {"min-rtt": "1ms", "avg-rtt": "1ms", "max-rtt": "1ms"}
    counted = {"sent": str(sent), "received": str(sent), "packet-loss": "0"}
    return {**row, "size": size, "ttl": "64", "time": "1ms", **counted, **times}
