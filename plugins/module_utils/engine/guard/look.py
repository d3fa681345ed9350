# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks before the leap: sends the packets that must not be lost through every state that a staged plan passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network

from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.changes import Add, Set
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.entry import Entry, label, switched_off
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.risk import SERVICE
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.guard.staging import (
    Disable,
    Enable,
    Staged,
    Step,
    unmarked,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.script import words
from ansible_collections.vpnops.mikrotik.plugins.module_utils.engine.simulate import changed_values, simulate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.actions import Effect, effect_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.packet import Decision, Packet, Verdict
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.tables import MENUS, Firewall, firewall_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.walk import decide, decide_chain
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.addresses import ADDRESS
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.family import IPV4, IPV6, Family
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.firewall import NAT
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu

Tables = Mapping[Menu, Sequence[Entry]]
Walls = Mapping[Family, Sequence[Firewall]]


@dataclass(frozen=True)
class Flow:
    """Traffic that must not be lost: how people call it, and the packets that it is made of.

    Of each packet there may be several readings, where it is not known which of the router's addresses it is for.
    """

    name: str
    packets: tuple[tuple[Packet, ...], ...]


@dataclass(frozen=True)
class Vantage:
    """The session as the router itself sees it; None says that it did not tell."""

    service: str
    """`api` or `api-ssl`."""
    port: int
    client: str | None = None
    routers: tuple[str, ...] = ()
    """The addresses of its own that it may have been dialled at."""
    interface: str | None = None
    tunnelled: bool = False
    """It comes through an IPsec tunnel."""

    @property
    def flow(self) -> Flow:
        """The session that is, the next one, and the answers to both."""
        there = Packet(
            "input",
            src=self.client,
            protocol="tcp",
            dst_port=self.port,
            in_interface=self.interface,
            ipsec_in=self.tunnelled,
            connection_state="established",
            tcp_flags=frozenset({"ack"}),
        )
        anew = replace(there, connection_state="new", tcp_flags=frozenset({"syn"}))
        back = Packet(
            "output",
            dst=self.client,
            protocol="tcp",
            src_port=self.port,
            out_interface=self.interface,
            ipsec_out=self.tunnelled,
            connection_state="established",
            tcp_flags=frozenset({"ack"}),
        )
        known = self.routers or (None,)
        inward = (tuple(replace(each, dst=router) for router in known) for each in (there, anew))
        outward = tuple(replace(back, src=router) for router in known)
        return Flow(f"the session that makes it ({self})", (*inward, outward))

    def __str__(self) -> str:
        where = f" on {self.interface}" if self.interface else ""
        return f"{self.service}, TCP {self.port}, from {self.client or 'an unknown address'}{where}"


@dataclass(frozen=True)
class State:
    """What a router holds at one moment of a staged plan."""

    moment: str
    tables: Tables


@dataclass(frozen=True)
class Prospect:
    """What was seen: the reasons not to make a change, and what could not be told."""

    refusals: tuple[str, ...] = ()
    doubts: tuple[str, ...] = field(default=())


def states(staged: Staged, tables: Tables) -> Iterator[State]:
    """The states from the first to the last, the untouched one included; what is staged has no marks here."""
    clean = [replace(add, values=unmarked(add.values)) for add in staged.adds]
    names = _names(clean)
    now: Tables = simulate(tables, clean)
    yield State("before it", now)
    for number, step in enumerate(staged.steps):
        now = _stepped(now, step, names, number)
        yield State(_moment(step), now)


def _names(adds: Sequence[Add]) -> list[str]:
    """The ids that `simulate` gives to what is added: it counts menu by menu."""
    order = {menu: place for place, menu in enumerate(dict.fromkeys(add.menu for add in adds))}
    numbers = sorted(range(len(adds)), key=lambda number: order[adds[number].menu])
    known = {number: f"new-{count}" for count, number in enumerate(numbers, start=1)}
    return [known[number] for number in range(len(adds))]


def _stepped(now: Tables, step: Step, names: Sequence[str], number: int) -> Tables:
    match step:
        case Enable():
            return _given(now, step.menu, {names[each]: {"disabled": "no"} for each in step.numbers})
        case Disable():
            return _given(now, step.menu, {each.id: {"disabled": "yes"} for each in step.entries})
        case Set():
            # As it is at this moment: an earlier step may have changed it, too.
            return {**now, step.menu: [_set(each, step) for each in now.get(step.menu, ())]}
        case Add():
            late = Entry(f"late-{number}", unmarked(step.values), dynamic=True)
            return {**now, step.menu: [*now.get(step.menu, ()), late]}


def _set(entry: Entry, step: Set) -> Entry:
    mine = entry.id == step.entry.id
    return replace(entry, values=changed_values(replace(step, entry=entry))) if mine else entry


def _given(now: Tables, menu: Menu, news: Mapping[str, Mapping[str, str]]) -> Tables:
    entries = [
        replace(each, values={**each.values, **news[each.id]}) if each.id in news else each
        for each in now.get(menu, ())
    ]
    return {**now, menu: entries}


def _moment(step: Step) -> str:
    match step:
        case Enable():
            return f"once the new entries of {step.menu.path} are on"
        case Disable():
            return f"once the old entries of {step.menu.path} are off"
    named = step.entry.values if isinstance(step, Set) else unmarked(step.values)
    return f"once {step.menu.path} {label(step.menu, named)} is changed".replace("  ", " ")


def look(
    staged: Staged, tables: Tables, vantage: Vantage, keep_open: Sequence[Flow], local: frozenset[str]
) -> Prospect:
    """Whether a plan would cut a flow at some moment; `local` are the router's own addresses."""
    moments = list(states(staged, tables))
    walls = {family: [firewall_of(each.tables, family, local) for each in moments] for family in MENUS}
    told = [_watched(vantage.flow, each, moments, walls) for each in vantage.flow.packets]
    told += [
        _watched(flow, _readings(each, local), moments, walls, asked=True)
        for flow in keep_open
        for each in flow.packets
    ]
    refusals = [
        *(text for text, cut in told if cut),
        *_unserved(vantage, moments),
        *_diverted(vantage, moments, walls),
        *_severed(vantage, staged),
    ]
    doubts = [text for text, cut in told if text and not cut]
    gone = _unaddressed(vantage, moments)
    (doubts if len(vantage.routers) > 1 else refusals).extend(gone)
    return Prospect(tuple(dict.fromkeys(refusals)), tuple(dict.fromkeys(doubts)))


def _readings(packets: Sequence[Packet], local: frozenset[str]) -> tuple[Packet, ...]:
    """A packet to the router, or from it, is for one of its own addresses, also where nobody said for which."""
    (packet,) = packets
    own = {"input": "dst", "output": "src"}.get(packet.chain)
    other = packet.src or packet.dst
    version = ip_address(other).version if other else 4
    known = [each for each in sorted(local) if ip_address(each).version == version and not ip_address(each).is_loopback]
    if own is None or getattr(packet, own) is not None or not known:
        return (packet,)
    return tuple(replace(packet, dst=each) if own == "dst" else replace(packet, src=each) for each in known)


def _decided(wall: Firewall, readings: Sequence[Packet]) -> Decision:
    """What becomes of a packet, whichever reading is the right one."""
    found = [decide(wall, each) for each in readings]
    surely = found[0].surely.intersection(*(each.surely for each in found))
    if len({each.verdict for each in found}) == 1:
        return replace(found[0], surely=surely)
    worst = next(each for each in found if each.verdict is not Verdict.ACCEPT)
    return replace(worst, verdict=Verdict.CANNOT_TELL, surely=surely)


def _watched(
    flow: Flow, packet: Sequence[Packet], moments: Sequence[State], walls: Walls, *, asked: bool = False
) -> tuple[str, bool]:
    """The thing to say of a packet's fate, if any, and whether it is a refusal: that it is lost outweighs a doubt.

    Of a flow that was `asked` about it is told, too, when nothing can be told of it.
    """
    family = IPV6 if any(":" in (each.src or each.dst or "") for each in packet) else IPV4
    start = _decided(walls[family][0], packet)
    if start.verdict is Verdict.DROP:
        return f"{flow.name} is not open as it is ({_fault(start, family)}), so it could not be watched", False
    old = frozenset(ending.rule.id for ending in start.dropping if ending.rule)
    # Rules that list whoever comes too often may be there already; then it is not the plan that does it.
    doomed = _later(walls[family][0], packet, start) is not None
    doubt = ""
    for state, wall in zip(moments[1:], walls[family][1:], strict=True):
        found = _decided(wall, packet)
        if found.verdict is Verdict.DROP:
            return f"it would cut {flow.name} {state.moment}: {_fault(found, family, old)}", True
        later = None if doomed else _later(wall, packet, found)
        if later:
            told = f"it would cut {flow.name} {state.moment}, as soon as its address has been listed"
            return f"{told}: {_fault(later, family, old)}", True
        if found.verdict not in (start.verdict, Verdict.ACCEPT):
            why = "; ".join(str(each) for each in found.doubts[:3])
            doubt = doubt or f"it cannot be told whether {flow.name} stays open {state.moment}: {why or found}"
    if asked and not doubt and start.verdict is Verdict.CANNOT_TELL:
        why = "; ".join(str(each) for each in start.doubts[:3])
        doubt = f"it cannot be told whether {flow.name} is open at all, so it could not be watched: {why}"
    return doubt, False


def _later(wall: Firewall, packet: Sequence[Packet], found: Decision) -> Decision | None:
    """The decision that drops a later packet of the kind, because rules have certainly listed its sender by then."""
    known: frozenset[tuple[str, str]] = frozenset()
    sender = packet[0].src
    while packet[0].connection_state == "new" and sender and found.surely - known:
        known |= found.surely
        ours = (Entry(f"listed-{name}", {"list": name, "address": sender}) for name, side in known if side == "src")
        found = _decided(replace(wall, address_list=(*wall.address_list, *ours)), packet)
        if found.verdict is Verdict.DROP:
            return found
    return None


def _fault(decision: Decision, family: Family, old: frozenset[str] = frozenset()) -> str:
    """The rule that takes the packet, as people would write it: one that did not before, and does so for certain."""
    doubtful = {doubt.rule.id for doubt in decision.doubts}
    faults = [ending for ending in decision.dropping if ending.rule]
    faults.sort(key=lambda ending: (ending.rule.id in old, ending.rule.id in doubtful) if ending.rule else (True, True))
    for ending in faults:
        if ending.rule:
            menu = MENUS[family][ending.table]
            return f"{menu.path} {words(menu, {**_told(menu, ending.rule.values), 'action': ending.action})}"
    return str(decision)


def _told(menu: Menu, values: Mapping[str, str]) -> dict[str, str]:
    """What of a rule says something."""
    idle = ("disabled", *(item.name for item in menu.fields if not item.matches and item.default))
    shown = {name: text for name, text in unmarked(values).items() if text and name not in idle}
    return {**shown, **({"action": values["action"]} if values.get("action") else {})}


def _unserved(vantage: Vantage, states: Sequence[State]) -> Iterator[str]:
    """Where the service that the session uses would no longer answer it."""
    menu = next((menu for menu in states[0].tables if menu.path == SERVICE), None)
    for state in states[1:] if menu else ():
        for entry in state.tables[menu] if menu else ():
            if entry.values.get("name") == vantage.service and (why := _refuses(entry, vantage)):
                yield f"it would cut {vantage.flow.name} {state.moment}: {why}"
                return


def _diverted(vantage: Vantage, moments: Sequence[State], walls: Walls) -> Iterator[str]:
    """Where a rule of dst-nat would send the next login elsewhere."""
    (anew,) = (each for each in vantage.flow.packets if each[0].connection_state == "new")
    if ":" in (anew[0].src or ""):
        return
    before = _moved(walls[IPV4][0], anew)
    for state, wall in zip(moments[1:], walls[IPV4][1:], strict=True):
        found = _moved(wall, anew)
        if found and not before:
            yield f"it would send {vantage.flow.name} elsewhere {state.moment}: {found}"
            return


def _moved(wall: Firewall, readings: Sequence[Packet]) -> str:
    """The rule that certainly translates a packet, whichever reading is the right one, or nothing."""
    found = [decide_chain(wall, "nat", "dstnat", each).endings for each in readings]
    if all(len(each) == 1 and each[0].rule and effect_of(each[0].action) is Effect.TRANSLATE for each in found):
        rule = found[0][0].rule
        return f"{NAT.path} {words(NAT, _told(NAT, rule.values))}" if rule else ""
    return ""


def _unaddressed(vantage: Vantage, moments: Sequence[State]) -> Iterator[str]:
    """Where the router would no longer have an address that the session may have been dialled at."""
    if not vantage.client or ip_address(vantage.client).is_loopback or ":" in vantage.client:
        return
    known = [{_alone(each) for each in state.tables.get(ADDRESS, ()) if not each.disabled} for state in moments]
    for state, own in zip(moments[1:], known[1:], strict=True):
        for address in sorted({*vantage.routers} & known[0] - own):
            cut = "it would cut" if len(vantage.routers) == 1 else "it cannot be told whether it would cut"
            yield f"{cut} {vantage.flow.name} {state.moment}: the router would not have {address} any more"
            return


def _alone(entry: Entry) -> str:
    return entry.values.get("address", "").partition("/")[0]


def _severed(vantage: Vantage, staged: Staged) -> Iterator[str]:
    """Where the interface that the session comes by would be off."""
    for step in staged.steps:
        if step.menu.part_of and isinstance(step, Disable | Set):
            gone = step.entries if isinstance(step, Disable) else (step.entry,) if _ends(step) else ()
            if vantage.interface in [each.values.get("name") for each in gone]:
                yield f"it would cut {vantage.flow.name} {_moment(step)}: {vantage.interface} would be off"


def _ends(step: Set) -> bool:
    return switched_off(changed_values(step))


def _refuses(entry: Entry, vantage: Vantage) -> str:
    values = entry.values
    if entry.disabled:
        return f"the service {vantage.service} would be off"
    if values.get("port") not in (None, str(vantage.port)):
        return f"the service {vantage.service} would listen on port {values['port']}"
    allowed = [each for each in values.get("address", "").split(",") if each]
    if allowed and vantage.client and not any(_within(vantage.client, each) for each in allowed):
        return f"the service {vantage.service} would serve {', '.join(allowed)} only"
    return ""


def _within(address: str, prefix: str) -> bool:
    network = ip_network(prefix, strict=False)
    found = ip_address(address)
    return found.version == network.version and found in network
