# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts by which a router switches its ways itself, in RouterOS's language.

Each looks, decides and puts right whatever it finds, whoever runs it. So it does not matter which event was missed, or
that the router restarted in the middle: after one run exactly one way is in use. What is no longer to be used is
disabled before what is to be used is enabled, since of two enabled policies for the same traffic RouterOS calls the
later one invalid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.failover.intent import (
    Connection,
    Intent,
    Uplink,
    Way,
)

POLICY, SESSION, TRACKED = "/ip ipsec policy", "/ip ipsec active-peers", "/ip firewall connection"
RAREST = 32
"""How many times longer than at first it may take at most until a better peer is tried again."""
PEER, ROUTE, WATCH, VRRP = "/ip ipsec peer", "/ip route", "/tool netwatch", "/interface vrrp"


def variable(mark: str) -> str:
    """A name for what a script remembers from one run to the next: marks have letters that such names cannot have."""
    return re.sub("[^A-WYZa-z0-9]", lambda found: f"X{ord(found[0]):02x}", mark)


def run(mark: str) -> str:
    """What runs a script."""
    return f'/system script run "{mark}"'


def begin_anew(mark: str) -> str:
    """What netwatch runs: its scripts have variables of their own, which must not count as time that has passed."""
    return f":global {variable(mark)} 0; {run(mark)}"


def policy_switch(mark: str, connection: Connection, intent: Intent) -> str:
    """Keeps the policies of one way enabled: those of the first whose peer is up."""
    names = [f"{mark}/{way.name}" for way in connection.ways]
    lines = [
        f"# Keeps {mark} on the first of its peers that is up: {', '.join(names)}",
        _remembered(variable(mark), "0"),
        ":local now 0; :local best 0; :local nowUp false",
        *(line for number, way in enumerate(connection.ways, 1) for line in _look(number, names[number - 1], way)),
        *(_lost(mark, connection.ways, intent) if intent.detection.by == "dpd" else ()),
        *(f":if ($best = 0 && $up{number}) do={{ :set best {number} }}" for number in _numbers(names)),
        *(f":if ($now = {number}) do={{ :set nowUp $up{number} }}" for number in _numbers(names)),
        *_decide(mark, intent),
        *(line for number, way in enumerate(connection.ways, 1) for line in _leave(number, names[number - 1], way)),
        *(line for number, name in enumerate(names, 1) for line in _take(mark, number, name, intent)),
    ]
    return "\n".join(lines)


def _remembered(name: str, start: str) -> str:
    """Declares what lasts from one run to the next, until the router restarts."""
    return f':global {name}; :if ([:typeof ${name}] = "nothing") do={{ :set {name} {start} }}'


def _numbers(names: Sequence[str]) -> range:
    return range(1, len(names) + 1)


def _look(number: int, name: str, way: Way) -> Iterator[str]:
    """Whether a peer is up, and whether its policies are enabled."""
    yield f":local up{number} false"
    status = f'[{WATCH} get [{WATCH} find where name="{name}"] status]'
    yield f':do {{ :set up{number} ({status} = "up") }} on-error={{}}'
    if way.uplink:
        # Known before anybody has asked in vain: a port that is down takes its routes along.
        pinned = f'[{ROUTE} find where comment="{pin_mark(name, way.uplink)}" and active=yes]'
        yield f":if ([:len {pinned}] = 0) do={{ :set up{number} false }}"
    yield f":local on{number} [:len {_policies(name, 'no')}]"
    yield f":if ($now = 0 && $on{number} > 0) do={{ :set now {number} }}"


def _policies(name: str, disabled: str) -> str:
    return f'[{POLICY} find where comment~"^{_literally(name)}: " and disabled={disabled}]'


def _literally(text: str) -> str:
    """As a regular expression that matches the text alone."""
    return text.replace(".", "[.]")


def _lost(mark: str, ways: Sequence[Way], intent: Intent) -> Iterator[str]:
    """The peer in use is up while it has a session, and for as long as one takes to come about.

    What is counted are looks without a session, and below zero looks with one.
    """
    missed, wait = _missed(mark), _wait(mark)
    yield _remembered(missed, "0")
    yield _remembered(wait, str(_looks(intent)))
    for number, way in enumerate(ways, 1):
        session = f"[:len [{SESSION} find where {_session(way)} and state=established]]"
        yield (
            f":if ($now = {number}) do={{ :if ({session} > 0) do={{ :if (${missed} > 0) do={{ :set {missed} 0 }}; "
            f":set {missed} (${missed} - 1) }} else={{ :if (${missed} < 0) do={{ :set {missed} 0 }}; "
            f":set {missed} (${missed} + 1) }}; :set up{number} (${missed} < {intent.detection.failures}) }}"
        )
    # A peer that lasts has earned that the next return to it is quick.
    yield f":if ($now = 1 && ${missed} <= -{_looks(intent)}) do={{ :set {wait} {_looks(intent)} }}"


def _missed(mark: str) -> str:
    return f"{variable(mark)}missed"


def _wait(mark: str) -> str:
    return f"{variable(mark)}wait"


def _looks(intent: Intent) -> int:
    """How many looks in a row a better peer has to answer before the traffic goes back to it."""
    return max(1, -(-intent.fail_back_after // intent.detection.interval))


def _session(way: Way) -> str:
    """What tells the session with a peer: its address, and the own one where that is chosen."""
    remote = f'remote-address="{way.tunnel.remote_address}"'
    return f'{remote} and local-address="{way.tunnel.local_address}"' if way.tunnel.local_address else remote


def _decide(mark: str, intent: Intent) -> Iterator[str]:
    """Which way is to be used; a better one has to be up for a while before the traffic goes back to it."""
    count = variable(mark)
    yield ":local next $now"
    yield ":if ($now = 0) do={ :set next 1; :if ($best > 0) do={ :set next $best } }"
    yield ":if ($now > 0 && !$nowUp && $best > 0) do={ :set next $best }"
    if not intent.fail_back:
        return
    enough, after = str(_looks(intent)), ""
    if intent.detection.by == "dpd":
        # Whether it has a session shows only when it is tried, so each try that fails makes the next one rarer.
        wait, most = _wait(mark), _looks(intent) * RAREST
        enough = f"${wait}"
        after = f"; :set {wait} (${wait} * 2); :if (${wait} > {most}) do={{ :set {wait} {most} }}"
    yield (
        f":if ($nowUp && $best > 0 && $best < $now) do={{ :set {count} (${count} + 1); "
        f":if (${count} >= {enough}) do={{ :set next $best{after} }} }} else={{ :set {count} 0 }}"
    )


def _leave(number: int, name: str, way: Way) -> Iterator[str]:
    """Disable what is not to be used; of a peer that is lost, the session and what is tracked of it go as well."""
    forget = f"[{TRACKED} find where {_at('dst-address', way.tunnel.remote_address)}]"
    yield (
        f":if ($next != {number} && $on{number} > 0) do={{ {POLICY} disable {_policies(name, 'no')}; "
        f":if (!$up{number}) do={{ "
        f":do {{ {SESSION} remove [{SESSION} find where {_session(way)}] }} on-error={{}}; "
        f":do {{ {TRACKED} remove {forget} }} on-error={{}} }} }}"
    )


def _at(name: str, address: str) -> str:
    """A condition for an address with a port, or without one."""
    return f'({name}="{address}" or {name}~"^{_literally(address)}:")'


def _take(mark: str, number: int, name: str, intent: Intent) -> Iterator[str]:
    told = f'/log warning message="{mark}: now by {name}"'
    if intent.detection.by == "dpd":
        told += f"; :set {_missed(mark)} 0"
    yield (
        f":if ($next = {number} && [:len {_policies(name, 'yes')}] > 0) do={{ "
        f"{POLICY} enable {_policies(name, 'yes')}; {told} }}"
    )


def cluster(mark: str, leader: str) -> str:
    """Keeps the peers enabled on the router that has the shared address, and disabled on the others."""
    peers = f'{PEER} find where comment~"^{_literally(mark)}/"'
    off, on = f"[{peers} and disabled=yes]", f"[{peers} and disabled=no]"
    told = f'/log warning message="{mark}:'
    return "\n".join(
        (
            f"# Keeps the peers of {mark} enabled while this router is master of {leader}, else disabled",
            # Asked for and not got, for whether a backup prints the flag as false or not at all is unverified.
            f':local master ([:len [{VRRP} find where name="{leader}" and master=yes]] > 0)',
            f':if ($master && [:len {off}] > 0) do={{ {PEER} enable {off}; {told} taken over" }}',
            f':if (!$master && [:len {on}] > 0) do={{ {PEER} disable {on}; {told} handed over" }}',
        )
    )


def uplinks(mark: str, ways: Sequence[Uplink]) -> str:
    """Forgets the connections that are translated to another uplink's address when the default route moves."""
    count = variable(mark)
    lines = [
        "# Forgets the connections of the other uplinks when the default route moves to one",
        f":global {count}",
        ":local now 0",
    ]
    for number, uplink in enumerate(ways, 1):
        route = f'[{ROUTE} find where comment="{uplink_mark(mark, uplink)}" and active=yes]'
        lines.append(f":if ($now = 0 && [:len {route}] > 0) do={{ :set now {number} }}")
    lines.append(f':if ([:typeof ${count}] = "nothing") do={{ :set {count} $now }}')
    for number, uplink in enumerate(ways, 1):
        if uplink.local_address:
            stale = f"[{TRACKED} find where {_at('reply-dst-address', uplink.local_address)}]"
            gone = f":do {{ {TRACKED} remove {stale} }} on-error={{}}"
            lines.append(f":if ($now > 0 && $now != ${count} && $now != {number}) do={{ {gone} }}")
    lines.append(f":if ($now > 0) do={{ :set {count} $now }}")
    return "\n".join(lines)


def uplink_mark(mark: str, uplink: Uplink) -> str:
    """The comment of an uplink's default route."""
    return f"{mark}: default by {uplink.name}"


def pin_mark(name: str, uplink: str) -> str:
    """The comment of the route that leads to a peer by its uplink."""
    return f"{name}: by {uplink}"
