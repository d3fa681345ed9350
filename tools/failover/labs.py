# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labs in which something is lost: a branch, a headquarters with two ways to the internet, and what the roles make.

`two-uplinks`: one router at the headquarters, with two modems and providers. `own-uplinks`: the same, and it is this
router that calls and decides, so that it sees its own ports go down. `two-routers`: two there, each with a
provider of its own. `vrrp`: two there that share their addresses. The branch has one provider and two addresses, one
for each way, so that either end can tell the ways apart by a route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.filter import ha_backup_peer, route_based, site_to_site
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import request_from, spec_of, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import Target
from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import perform
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets
from twin.live import Gateway, Host, Internet, Lab, Plan, Router

Options = Mapping[str, Any]
SECRET = "a-secret-that-two-sites-share"
BRANCH, HQ = "192.168.20", "192.168.10"
NETWORK = {"branch": f"{BRANCH}.0/24", "hq": f"{HQ}.0/24"}
CALLER = {"a": "198.51.100.2", "b": "198.51.100.3"}
"""The branch's addresses, by way."""
WAN = {"a": "203.0.113.2", "b": "192.0.2.2"}
"""The headquarters' addresses, by way."""
NEAR = {"a": "203.0.113", "b": "192.0.2"}
SHARED = {"wan": "203.0.113.4", "lan": f"{HQ}.1"}
FAIL_BACK_AFTER = 5
DETECT: Mapping[str, Options] = {
    "policy_switch by dpd": {"by": "dpd"},
    "policy_switch quickly": {"interval": 1, "packets": 1},
    "routed quickly": {"interval": 1, "failures": 1},
}
"""Options of how a loss is noticed, by method; those that are not here have the role's."""


@dataclass(frozen=True)
class Setting:
    """A lab, and what the roles are given for each of its routers."""

    plan: Plan
    backup: Mapping[str, Options]
    """Options of ha_backup_peer, by router."""
    plain: Mapping[str, Options]
    """Options of site_to_site, or with the method `routed` of route_based, by router."""
    ways: tuple[tuple[str, str], tuple[str, str]]
    """A node and its device that only packets of the first way cross, and one of the second."""
    round_trip: bool = True
    """Whether answers find back whichever way is used."""
    routed: bool = False


def addresses(**given: str) -> dict[str, list[dict[str, str]]]:
    """Rows of addresses by interface, several with a comma between."""
    rows = [{"address": each, "interface": name} for name, text in given.items() for each in text.split(",")]
    return {"/ip/address": rows}


def default(gateway: str) -> dict[str, list[dict[str, str]]]:
    return {"/ip/route": [{"dst-address": "0.0.0.0/0", "gateway": gateway}]}


def branch() -> Router:
    own = ",".join(f"{address}/24" for address in CALLER.values())
    seed = {**addresses(ether1=own, ether2=f"{BRANCH}.1/24"), **default("198.51.100.1")}
    return Router({"ether1": "internet", "ether2": "branch-pc"}, seed=seed)


def gateways(outer: Mapping[str, str], *, modems: bool) -> dict[str, Gateway]:
    """A provider for each way, and a modem before it; `outer` says what is plugged in at the headquarters."""
    found = {}
    for way, number in (("a", 1), ("b", 2)):
        near, isp, modem = NEAR[way], f"isp{number}", f"modem{number}"
        up = {"internet": f"{near}.10/30"}
        if modems:
            found[modem] = Gateway({outer[way]: f"{near}.1/30", isp: f"{near}.6/30"}, {"default": f"{near}.5"})
            found[isp] = Gateway({modem: f"{near}.5/30", **up}, {"default": f"{near}.9", f"{near}.0/30": f"{near}.6"})
        else:
            found[isp] = Gateway({outer[way]: f"{near}.1/30", **up}, {"default": f"{near}.9"})
    return found


def internet() -> Internet:
    here = {"branch": "198.51.100.1/24", **{f"isp{n}": f"{NEAR[way]}.9/30" for n, way in ((1, "a"), (2, "b"))}}
    return Internet(here, {f"{near}.0/29": f"{near}.10" for near in NEAR.values()})


def tunnel(near: str, far: str, **more: Any) -> dict[str, Any]:
    """A connection by policy or, with `method=routed`, by interfaces, which needs no networks of its own side."""
    networks = {"remote_subnets": [NETWORK[far]]}
    if more.get("method") != "routed":
        networks["local_subnets"] = [NETWORK[near]]
    return {"name": far, "psk": SECRET, **networks, **more}


def ends(near: str, way: str, method: str) -> dict[str, str]:
    """The addresses of one way, seen from the branch or from the headquarters."""
    local, remote = (CALLER, WAN) if near == "branch" else (WAN, CALLER)
    inner = {"tunnel_address": f"10.255.0.{4 * 'ab'.index(way) + (1 if near == 'branch' else 2)}/30"}
    return {
        "remote_address": remote[way],
        "local_address": local[way],
        **(inner if method == "routed" else {}),
    }


def calling(method: str, near: str = "branch", far: str = "hq") -> dict[str, Any]:
    """What the end is given that decides: two ways to the other one."""
    detect, method = DETECT.get(method, {}), of_role(method)
    uplinks = [{"uplink": f"wan-{way}"} if near == "hq" else {} for way in WAN]
    peers = [{"name": way, **ends(near, way, method), **more} for way, more in zip(WAN, uplinks, strict=True)]
    return {
        "tunnels": [tunnel(near, far, method=method, peers=peers)],
        "fail_back_after": FAIL_BACK_AFTER,
        "detect": detect,
    }


def answering(method: str, near: str, far: str) -> dict[str, Any]:
    """What the other end is given: the same two ways, by which it waits for calls."""
    found = calling(method if routed(method) else "multi_peer", near, far)
    found["tunnels"][0]["passive"] = True
    return found


def of_role(method: str) -> str:
    """What the role calls a method, however a loss is noticed."""
    return method.partition(" ")[0]


def routed(method: str) -> bool:
    """Whether the ways are interfaces."""
    return of_role(method) == "routed"


def own_uplinks(method: str) -> Setting:
    """One router at the headquarters, which calls by either uplink."""
    return two_uplinks(method, decides="hq")


def two_uplinks(method: str, decides: str = "branch") -> Setting:
    """One router at the headquarters, which waits for calls by either uplink, or decides itself."""
    hq = Router(
        {"ether1": "modem1", "ether2": "modem2", "ether3": "hq-pc"},
        seed=addresses(ether1=f"{WAN['a']}/30", ether2=f"{WAN['b']}/30", ether3=f"{HQ}.1/24"),
    )
    plan = Plan(
        {"branch": branch(), "hq": hq},
        {"branch-pc": Host(f"{BRANCH}.10/24", f"{BRANCH}.1"), "hq-pc": Host(f"{HQ}.10/24", f"{HQ}.1")},
        internet(),
        gateways=gateways({"a": "hq", "b": "hq"}, modems=True),
    )
    uplinks = [
        {"name": f"wan-{way}", "gateway": f"{near}.1", "check": f"{near}.9", "local_address": WAN[way]}
        for way, near in NEAR.items()
    ]
    here, there = (calling, answering) if decides == "branch" else (answering, calling)
    options = {"branch": here(method, "branch", "hq"), "hq": there(method, "hq", "branch")}
    options["hq"]["uplinks"] = uplinks
    return Setting(plan, options, {}, (("isp1", "to-internet"), ("isp2", "to-internet")), routed=routed(method))


def two_routers(method: str) -> Setting:
    """Two routers at the headquarters, each with one tunnel; hosts there answer by the first, whichever is in use."""
    routers = {
        f"hq{number}": Router(
            {"ether1": f"isp{number}", "ether2": "lan"},
            seed={**addresses(ether1=f"{WAN[way]}/30", ether2=f"{HQ}.{number + 1}/24"), **default(f"{NEAR[way]}.1")},
        )
        for number, way in ((1, "a"), (2, "b"))
    }
    plan = Plan(
        {"branch": branch(), **routers},
        {"branch-pc": Host(f"{BRANCH}.10/24", f"{BRANCH}.1"), "hq-pc": Host(f"{HQ}.10/24", f"{HQ}.2", "lan")},
        internet(),
        switches=("lan",),
        gateways=gateways({"a": "hq1", "b": "hq2"}, modems=False),
    )
    plain = {name: _waiting(way, method) for name, way in (("hq1", "a"), ("hq2", "b"))}
    ways = (("isp1", "to-internet"), ("isp2", "to-internet"))
    return Setting(plan, {"branch": calling(method)}, plain, ways, round_trip=False, routed=routed(method))


def _waiting(way: str, method: str) -> Options:
    """One router's tunnel to the branch by one way."""
    method = of_role(method)
    given = tunnel("hq", "branch", method=method, **ends("hq", way, method), passive=True)
    return {"tunnels": [{name: value for name, value in given.items() if name != "method"}]}


def vrrp(_method: str) -> Setting:
    """Two routers at the headquarters that share an address outside and one inside; the branch knows one peer."""
    names = {"hq1": "2", "hq2": "3"}
    routers = {
        name: Router(
            {"ether1": "wan", "ether2": "lan"},
            seed={
                **addresses(ether1=f"203.0.113.{own}/29", ether2=f"{HQ}.{own}/24"),
                **default("203.0.113.1"),
            },
        )
        for name, own in names.items()
    }
    plan = Plan(
        {"branch": branch(), **routers},
        {"branch-pc": Host(f"{BRANCH}.10/24", f"{BRANCH}.1"), "hq-pc": Host(f"{HQ}.10/24", SHARED["lan"], "lan")},
        Internet({"branch": "198.51.100.1/24", "wan": "203.0.113.1/29"}),
        switches=("wan", "lan"),
    )
    peer = {"name": "branch", "remote_address": CALLER["a"]}
    shared = {"tunnels": [tunnel("hq", "branch", method="vrrp", peers=[peer])], "vrrp": _cluster(names)}
    plain = {"tunnels": [tunnel("branch", "hq", remote_address=SHARED["wan"], local_address=CALLER["a"])]}
    ways = (("hq1", "ether1"), ("hq2", "ether1"))
    return Setting(plan, {name: {**shared, "host": name} for name in names}, {"branch": plain}, ways)


def _cluster(names: Mapping[str, str]) -> Options:
    """Routers by name with the last part of their own address; the first is preferred."""
    members = {
        name: {"priority": 200 - 100 * at, "address": f"{HQ}.{own}"} for at, (name, own) in enumerate(names.items())
    }
    addresses = [
        {"name": name, "interface": f"ether{at}", "vrid": at, "address": SHARED[name]}
        for at, name in ((1, "wan"), (2, "lan"))
    ]
    return {"members": members, "addresses": addresses}


def configure(lab: Lab, setting: Setting) -> None:
    """Make every router as the roles would."""
    plain = route_based if setting.routed else site_to_site
    for compiled, options in ((plain.compiled, setting.plain), (ha_backup_peer.compiled, setting.backup)):
        for name, given in options.items():
            apply(lab, name, compiled(**given))


def apply(lab: Lab, router: str, found: Mapping[str, Any]) -> None:
    """Do with what was compiled what the roles do."""
    assert found["problems"] == []
    words = {
        "state": "overridden",
        "config": found["config"],
        "scope": {"owner": found["owners"]},
        "keep": found.get("keep", {}),
        "guard": {"when": "never"},
    }
    target = Target("127.0.0.1", port=lab.routers[router].port, transport="api", timeout=30)
    perform(request_from("config", validate(spec_of("config"), words)), target, Secrets())


LABS = {"two-uplinks": two_uplinks, "own-uplinks": own_uplinks, "two-routers": two_routers, "vrrp": vrrp}
