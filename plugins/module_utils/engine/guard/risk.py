# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes could cut the session that makes them, so that they are not made without a way back.

Looked at is what they are, not what they match: whatever may take something away where the router itself is reached.
A rule that only permits, or one less that denies, takes nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Change, Move, Remove, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, Row, switched_off
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.actions import Effect, denies, effect_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_PATH
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

Tables = Mapping[Menu, Sequence[Entry]]
# The chains that packets to the router, or its answers, come through, by table; both families have the same.
CHAINS = {
    "raw": ("prerouting", "output"),
    "mangle": ("prerouting", "input", "output", "postrouting"),
    "nat": ("dstnat", "input", "output"),
    "filter": ("input", "output"),
}
ENTRANCES = {f"{root}/firewall/{table}": chains for root in ("/ip", "/ipv6") for table, chains in CHAINS.items()}
LISTS = {"/ip/firewall/address-list": "/ip/firewall/", "/ipv6/firewall/address-list": "/ipv6/firewall/"}
LISTED = ("src-address-list", "dst-address-list")
PATTERNS, PATTERN = "/ip/firewall/layer7-protocol", "layer7-protocol"
SERVICE = "/ip/service"
IPSEC = "/ip/ipsec/"
DIVERTING = ("/ip/address", "/ip/route")
"""Menus in which something new may draw packets away."""
GOES_ON = frozenset({Effect.NOTHING})
"""What such a rule does to a packet does not keep it from being accepted further down."""
PERMIT = GOES_ON | {Effect.ACCEPT}
JUDGING = ("/filter", "/raw")
"""Tables in which an accept takes nothing away, as a rule; in others it does, from the rules below it."""
BROUGHT = (*ENTRANCES, *LISTS)
"""Paths of the menus that have to be known to judge changes in any of them."""


def risky(
    changes: Iterable[Change], before: Tables, *, tunnelled: bool, remote: bool = False, neighbour: str | None = None
) -> list[Change]:
    """The changes that could cut the session.

    `tunnelled` says that a policy is, or would be, for its packets; `remote` that it may come out of a tunnel that
    IPsec carries, as GRE and L2TP do, so that what is there already of IPsec had better stay. `neighbour` is the
    client's address where it is on a network of the router's own.
    """
    every = list(changes)
    near = _near(every, before)
    return [
        change
        for change in every
        if _could_cut(change, near, tunnelled, remote) or _could_lead_astray(change, neighbour)
    ]


class _Near:
    """Chains by which the router is reached, what their rules use address lists for, and the patterns they name."""

    def __init__(self) -> None:
        self.chains: set[tuple[str, str]] = set()
        self.needed: set[str] = set()
        """Tables with rules that packets may need to come to, so that an accept above them takes that away."""
        self.permits: set[tuple[str, str]] = set()
        self.denies: set[tuple[str, str]] = set()
        self.patterns: set[str] = set()

    def note(self, path: str, values: Row) -> None:
        """Note which lists a rule names: one more address in them permits, or denies, or may do either."""
        action = values.get("action", "accept")
        self.patterns.add(values.get(PATTERN, "").removeprefix("!"))
        for name in LISTED:
            text = values.get(name, "")
            if text and (not denies(action) or text.startswith("!")):
                self.permits.add((_root(path), text.removeprefix("!")))
            if text and (effect_of(action) not in self.harmless(path) or text.startswith("!")):
                self.denies.add((_root(path), text.removeprefix("!")))

    def need(self, path: str, values: Row) -> None:
        """Note a rule without which packets might be dropped: who knocks is listed, who is untracked is let in."""
        action = values.get("action", "accept")
        listed = effect_of(action) is Effect.LIST and (_root(path), values.get("address-list", "")) in self.permits
        if listed or action == "notrack":
            self.needed.add(path)

    def harmless(self, path: str) -> frozenset[Effect]:
        """What a rule that comes may do in a table without taking anything away."""
        return PERMIT if path.endswith(JUDGING) and path not in self.needed else GOES_ON


def _root(path: str) -> str:
    return path.rpartition("/")[0] + "/"


def _near(changes: Sequence[Change], before: Tables) -> _Near:
    near = _Near()
    found: list[tuple[str, Row]] = []
    for path, entrances in ENTRANCES.items():
        menu = BY_PATH.get(path)
        rules = [values for values in _rules(menu, changes, before) if not switched_off(values)] if menu else []
        chains = set(entrances)
        fresh = chains
        while fresh:
            jumps = (values for values in rules if values.get("chain") in fresh and values.get("action") == "jump")
            fresh = {values.get("jump-target", "") for values in jumps} - chains
            chains |= fresh
        near.chains |= {(path, chain) for chain in chains}
        found += [(path, values) for values in rules if values.get("chain") in chains]
    # What is needed follows from the lists that permit, and what denies from what is needed.
    for note in (near.note, near.need, near.note):
        for path, values in found:
            note(path, values)
    return near


def _rules(menu: Menu, changes: Iterable[Change], before: Tables) -> Iterator[Row]:
    """The values of all rules that there are, and of those that there will be."""
    yield from (entry.values for entry in before.get(menu, ()))
    for change in changes:
        if change.menu is menu:
            yield from _after(change)


def _after(change: Change) -> Iterator[Row]:
    match change:
        case Add():
            yield change.values
        case Set():
            yield changed_values(change)


def _could_cut(change: Change, near: _Near, tunnelled: bool, remote: bool) -> bool:
    path = change.menu.path
    if path in ENTRANCES:
        return _rule(change, near)
    if path in LISTS:
        return _member(change, near, LISTS[path])
    if path == PATTERNS:
        # A rule that names it matches something else then.
        return isinstance(change, Set) and acts(change) and change.entry.values.get("name") in near.patterns
    carried = tunnelled or (remote and not isinstance(change, Add))
    return path == SERVICE or (carried and path.startswith(IPSEC))


def _could_lead_astray(change: Change, neighbour: str | None) -> bool:
    """Whether a change of interfaces, addresses or routes could take away the way to the client."""
    menu = change.menu
    if not menu.cuts or menu.path == SERVICE or not acts(change):
        return False
    if isinstance(change, Set):
        # Secrets follow when the change is confirmed.
        return not {*change.values, *change.clear} <= {item.name for item in menu.fields if item.secret} | {"comment"}
    if menu.path in DIVERTING:
        drawn = list(_drawn(change.values)) if isinstance(change, Add) else []
        return not drawn or neighbour is None or any(_holds(each, neighbour) for each in drawn)
    # What nothing named yet leads nowhere, and what nothing names any more led nowhere.
    named = isinstance(change, Add) and menu.part_of is not None
    return not named and "disabled" in menu.by_name


def _drawn(values: Row) -> Iterator[str]:
    """The networks to which an address, or a route, is a way; of a route to everywhere none is given."""
    address, length = values.get("address", ""), values.get("address", "").partition("/")[2] or "32"
    network = values.get("network", "")
    yield from filter(None, (values.get("dst-address", ""), address, network and f"{network}/{length}"))


def _holds(prefix: str, address: str) -> bool:
    try:
        return ip_address(address) in ip_network(prefix, strict=False)
    except ValueError:
        return True


def acts(change: Change) -> bool:
    """Whether a change has any effect on traffic: something enabled comes, goes, moves or changes what it does."""
    match change:
        case Add():
            return not switched_off(change.values)
        case Set():
            off = change.entry.disabled and switched_off(changed_values(change))
            loose = {*change.menu.loose, "comment"} - {"disabled"}
            return not off and not {*change.values, *change.clear} <= loose
        case Move() | Remove():
            return not change.entry.disabled


def _rule(change: Change, near: _Near) -> bool:
    if not acts(change):
        return False
    match change:
        case Add():
            action = change.values.get("action", "accept")
            return _is_near(change.menu, change.values, near) and effect_of(action) not in near.harmless(
                change.menu.path
            )
        case Remove():
            return _is_near(change.menu, change.entry.values, near) and not denies(change.entry.values.get("action"))
        case Move():
            # An accept that goes up hurts nobody; where it goes is not looked at, for it may pass a `return`.
            return _is_near(change.menu, change.entry.values, near)
        case Set():
            return any(_is_near(change.menu, each, near) for each in (change.entry.values, changed_values(change)))


def _is_near(menu: Menu, values: Row, near: _Near) -> bool:
    return (menu.path, values.get("chain", "")) in near.chains


def _member(change: Change, near: _Near, root: str) -> bool:
    """One address more in a list that denies, or one less in a list that permits."""
    if not acts(change) or isinstance(change, Move):
        return False
    values = change.values if isinstance(change, Add) else change.entry.values
    where = (root, values.get("list", ""))
    match change:
        case Add():
            return where in near.denies
        case Remove():
            return where in near.permits
        case Set():
            return where in near.denies | near.permits
