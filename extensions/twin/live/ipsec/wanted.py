# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a router's IPsec menus ask of its daemon: connections, their secrets, and who calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING, Any

from ...certificates import PATH as CERTIFICATE
from ...certificates import Material, material, trusted
from ...model import Row, Values
from ...table import Table
from ...values.addresses import is_name
from ...values.basic import parse_duration
from ..nft import Unmapped
from ..state import enabled
from .algorithms import ah_proposals, esp_proposals, ike_proposals
from .policies import ANY, ANYWHERE, in_force, network, port, protocol
from .standby import Standby, plain

if TYPE_CHECKING:
    from ...router import Router

PEER, IDENTITY, POLICY = "/ip/ipsec/peer", "/ip/ipsec/identity", "/ip/ipsec/policy"
PROFILE, PROPOSAL, GROUP = "/ip/ipsec/profile", "/ip/ipsec/proposal", "/ip/ipsec/policy/group"
Message = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A shared secret and those it is for."""

    data: str
    owners: tuple[str, ...]
    kind: str = "IKE"

    def message(self, name: str) -> Message:
        raw = bytes.fromhex(self.data[2:]) if self.data.lower().startswith("0x") else self.data.encode()
        return {"id": name, "type": self.kind, "data": raw, "owners": list(self.owners)}


@dataclass(frozen=True)
class Wanted:
    """All of it, by names that say which entries they come from."""

    connections: Mapping[str, Message] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    calls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each connection that this end begins, the children to ask for."""
    keys: tuple[str, ...] = ()
    """Private keys of the certificates shown to other ends, as PEM."""
    trusted: tuple[str, ...] = ()
    """Certificates that vouch for those of other ends, as PEM."""

    @property
    def credentials(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.keys, self.trusted


@dataclass(frozen=True)
class Reader:
    """Reads one router's tables. With `kernel` its system encrypts, else a daemon in user space does."""

    router: Router
    kernel: bool
    standby: Standby

    def wanted(self) -> Wanted:
        """Raises Unmapped."""
        connections: dict[str, Message] = {}
        secrets: dict[str, Secret] = {}
        calls: dict[str, tuple[str, ...]] = {}
        keys: list[str] = []
        for peer in enabled(self.router.tables[PEER]):
            for identity in self._identities(peer):
                if not self.address(peer):
                    continue
                name = f"{plain(peer.id)}_{plain(identity.id)}"
                children = dict(self._children(peer, identity))
                connections[name] = self._connection(peer, identity, children)
                secrets |= self._secrets(peer, identity, name)
                keys += [each.key_pem for each in self._shown(identity)]
                if self.standby.calls(peer):
                    calls[name] = tuple(children)
        if self.kernel and (shunts := dict(self._shunts())):
            connections["shunts"] = {"remote_addrs": ["127.0.0.1"], "children": shunts}
        return Wanted(connections, secrets, calls, tuple(dict.fromkeys(keys)), trusted(self.router) if keys else ())

    def _identities(self, peer: Row) -> list[Row]:
        return [each for each in enabled(self.router.tables[IDENTITY]) if each.values["peer"] == peer.id]

    def address(self, peer: Row) -> str:
        """Where the other end is, as charon has it; empty for a name that nobody knows."""
        address = peer.values.get("address", "::/0")
        if is_name(address):
            return next(iter(self.router.addresses_of(address)), "")
        if address in ANYWHERE:
            return "%any"
        return address.removesuffix("/32")

    def _connection(self, peer: Row, identity: Row, children: Mapping[str, Message]) -> Message:
        values = peer.values
        profile = self._need(PROFILE, values["profile"]).values
        second = values["exchange-mode"] == "ike2"
        found: Message = {
            "version": "2" if second else "1",
            "aggressive": "yes" if values["exchange-mode"] == "aggressive" else "no",
            "remote_addrs": [self.address(peer)],
            "proposals": ike_proposals(profile),
            "mobike": "no",
            "encap": "yes" if not self.kernel else "no",
            "keyingtries": "1",
            "unique": "replace" if values["send-initial-contact"] == "true" else "never",
            "rand_time": "0",
            "rekey_time" if second else "reauth_time": f"{_seconds(profile['lifetime'])}s",
            "local": self._local(identity),
            "remote": self._remote(peer, identity),
            "children": dict(children),
            **_dpd(profile, second),
            **_ppk(profile, values),
        }
        if (near := values.get("local-address", "::")) not in ("::", "0.0.0.0"):
            found["local_addrs"] = [near]
        if values.get("port", "500") != "500":
            found["remote_port"] = values["port"]
        return found

    def _local(self, identity: Row) -> Message:
        found: Message = {"auth": _AUTH[identity.values["auth-method"]]}
        shown = self._shown(identity)
        if me := _id(identity.values.get("my-id", "auto")) or (self._alternative(identity) if shown else ""):
            found["id"] = me
        if shown:
            # Whoever is shown it may know only the root.
            found["certs"] = [pem.encode() for each in shown for pem in (each.certificate_pem, *each.chain[:-1])]
        return found

    def _remote(self, peer: Row, identity: Row) -> Message:
        found: Message = {"auth": _AUTH[identity.values["auth-method"]]}
        found["id"] = self._far_id(peer, identity) or "%any"
        pinned = identity.values.get("remote-certificate", "none")
        if found["auth"] == "pubkey" and pinned != "none" and (known := material(self.router, pinned)):
            found["certs"] = [known.certificate_pem.encode()]
        return found

    def _far_id(self, peer: Row, identity: Row) -> str:
        """Who the other end has to be; empty for anybody.

        The daemon finds secrets by identities. So where there are several, an end that may be anybody and is at one
        address is known by that.
        """
        given, address = identity.values.get("remote-id", "auto"), self.address(peer)
        if given != "auto" or identity.values["auth-method"] != "pre-shared-key":
            return _id(given)
        secrets = {each.values.get("secret") for each in enabled(self.router.tables[IDENTITY])}
        return address if len(secrets) > 1 and "/" not in address and address != "%any" else ""

    def _shown(self, identity: Row) -> list[Material]:
        """The certificates that an identity proves itself with."""
        if identity.values["auth-method"] != "digital-signature":
            return []
        ids = [each for each in identity.values.get("certificate", "").split(",") if each]
        found = [material(self.router, each) for each in ids]
        if not ids or not all(each and each.key_pem for each in found):
            raise Unmapped("auth-method=digital-signature without a certificate that has a private key")
        return [each for each in found if each]

    def _alternative(self, identity: Row) -> str:
        """The first alternative name of its certificate, which stands for the identity where none is given."""
        row = self._need(CERTIFICATE, identity.values["certificate"].split(",")[0])
        kind, _colon, name = row.values.get("subject-alt-name", "").split(",")[0].partition(":")
        return {"DNS": f"fqdn:{name}", "IP": name, "email": f"email:{name}"}.get(kind, "")

    def _secrets(self, peer: Row, identity: Row, name: str) -> dict[str, Secret]:
        found = {}
        address, far = self.address(peer), self._far_id(peer, identity)
        owners = tuple(dict.fromkeys(each for each in (far, address) if each and "/" not in each))
        if not far:
            owners = tuple(dict.fromkeys((*owners, "%any")))
        if identity.values["auth-method"] == "pre-shared-key":
            found[name] = Secret(identity.values.get("secret", ""), owners)
        if peer.values.get("ppk-secret"):
            found[f"{name}_ppk"] = Secret(peer.values["ppk-secret"], (PPK_ID,), "ppk")
        return found

    def _children(self, peer: Row, identity: Row) -> Iterator[tuple[str, Message]]:
        first = peer.values["exchange-mode"] != "ike2"
        for number, policy in enumerate(self.router.tables[POLICY]):
            values = policy.values
            if values.get("disabled") == "true" or policy.dynamic or policy.id in self.standby.shadowed():
                continue
            if values.get("template") == "true":
                if self._generates(identity, values):
                    yield f"t{plain(policy.id)}", self._child(values, number, first=first, template=True)
            elif values["action"] == "encrypt" and self.standby.holds(policy, peer.id):
                self._check_own(values)
                yield f"c{plain(policy.id)}", self._child(values, number, first=first)

    def _check_own(self, values: Values) -> None:
        """The daemon in user space makes no route for networks in which the router has no address."""
        near = network(values, "src")
        if self.kernel or not near:
            return
        own = (row.values["address"] for row in enabled(self.router.tables["/ip/address"]))
        if not any(ip_interface(each).ip in ip_network(near) for each in own):
            why = "in which the router has no address, since IPsec runs in user space on this machine"
            raise Unmapped(f"src-address={near}, {why}")

    def _generates(self, identity: Row, template: Values) -> bool:
        """Whether an identity makes policies from a template."""
        groups = self.router.tables[GROUP]
        wanted = identity.values.get("policy-template-group", "default")
        group = groups.by_id(wanted) or groups.by_name(wanted)
        return identity.values["generate-policy"] != "no" and group is not None and template.get("group") == group.id

    def _shunts(self) -> Iterator[tuple[str, Message]]:
        """Policies that let through, or drop, without a peer."""
        for number, policy in in_force(self.router.tables[POLICY]):
            values = policy.values
            if values["action"] != "encrypt":
                shunt = {
                    "mode": "pass" if values["action"] == "none" else "drop",
                    "local_ts": [_selector(values, "src")],
                    "remote_ts": [_selector(values, "dst")],
                    "priority": str(FIRST_PRIORITY + number),
                    "start_action": "trap",
                }
                yield f"s{plain(policy.id)}", shunt

    def _child(self, values: Values, number: int, *, first: bool, template: bool = False) -> Message:
        proposal = self._need(PROPOSAL, values["proposal"]).values
        if first and "chacha20poly1305" in proposal["enc-algorithms"].split(","):
            raise Unmapped("enc-algorithms=chacha20poly1305 with IKEv1")
        life = _seconds(proposal["lifetime"])
        ah = values.get("ipsec-protocols", "esp") == "ah"
        found: Message = {
            "ah_proposals" if ah else "esp_proposals": ah_proposals(proposal) if ah else esp_proposals(proposal),
            "local_ts": [_selector(values, "src")],
            "remote_ts": [_selector(values, "dst")],
            "mode": "tunnel" if values.get("tunnel", "false") == "true" or template else "transport",
            # RouterOS makes new keys after four fifths of their life.
            "rekey_time": f"{life * 4 // 5}s",
            "life_time": f"{life}s",
            "rand_time": "0",
            "dpd_action": "clear",
            "close_action": "none",
            "start_action": "none",
        }
        if self.kernel and not template:
            # First match from the top.
            found["priority"] = str(FIRST_PRIORITY + number)
        return found

    def _need(self, path: str, id_: str) -> Row:
        table = self.router.tables[path]
        row = table.by_id(id_) or table.by_name(id_)
        if row is None:
            raise Unmapped(f"an entry whose {table.menu.noun} is gone")
        return row

    def check(self, table: Table, values: Values) -> None:
        """Raise Unmapped for an entry that cannot be put into effect."""
        if values.get("disabled") != "true" and (check := _CHECKS.get(table.menu.path)):
            check(values, self.kernel)


_AUTH = {"pre-shared-key": "psk", "digital-signature": "pubkey"}
FIRST_PRIORITY = 1000
PPK_ID = "static-ppk-secret"


def _seconds(text: str) -> int:
    return (parse_duration(text) or 0) // 1000


def _dpd(profile: Values, second: bool) -> Message:
    interval = profile.get("dpd-interval", "disable-dpd")
    if interval == "disable-dpd" or not _seconds(interval):
        return {}
    found = {"dpd_delay": f"{_seconds(interval)}s"}
    if not second:
        found["dpd_timeout"] = f"{_seconds(interval) * int(profile['dpd-maximum-failures'])}s"
    return found


def _ppk(profile: Values, peer: Values) -> Message:
    if profile.get("ppk", "no") == "no" or peer["exchange-mode"] != "ike2":
        return {}
    return {"ppk_id": PPK_ID, "ppk_required": "yes"}


def _id(text: str) -> str:
    """An identity in charon's words; empty where it finds one by itself."""
    kind, _colon, name = text.partition(":")
    if kind in ("auto", "dn"):
        return ""
    if kind == "ignore":
        return "%any"
    return {"address": name, "fqdn": f"fqdn:{name}", "user-fqdn": f"email:{name}", "key-id": f"keyid:{name}"}[kind]


def _selector(values: Values, side: str) -> str:
    """Network, protocol and port of one side."""
    where, number, door = network(values, side) or ANY, protocol(values), port(values, side)
    if not number:
        return where
    return f"{where}[{number}/{door}]" if door else f"{where}[{number}]"


def _check_profile(values: Values, _kernel: bool) -> None:
    ike_proposals(values)
    if values.get("lifebytes", "0") != "0":
        raise Unmapped(f"lifebytes={values['lifebytes']}")
    if values.get("nat-traversal") == "false":
        raise Unmapped("nat-traversal=no")
    if values.get("ppk") == "qkd":
        raise Unmapped("ppk=qkd")


def _check_proposal(values: Values, _kernel: bool) -> None:
    esp_proposals(values)


def _check_peer(values: Values, _kernel: bool) -> None:
    if values["exchange-mode"] == "base":
        raise Unmapped("exchange-mode=base")
    for name in ("address", "local-address"):
        text = values.get(name, "::")
        if ":" in text and text not in ("::", "::/0"):
            raise Unmapped(f"{name}={text}, since it has IPv4 only")


def _check_identity(values: Values, _kernel: bool) -> None:
    if values["auth-method"] not in _AUTH:
        raise Unmapped(f"auth-method={values['auth-method']}")
    if values.get("mode-config", "none") != "none":
        raise Unmapped("mode-config")
    if values.get("notrack-chain"):
        raise Unmapped("notrack-chain")
    if values.get("match-by", "remote-id") != "remote-id":
        raise Unmapped(f"match-by={values['match-by']}")


def _check_policy(values: Values, kernel: bool) -> None:
    if values.get("template") == "true":
        return
    for side in ("src", "dst"):
        text = values.get(f"{side}-address", "::/0")
        if ":" in text and text != "::/0":
            raise Unmapped(f"{side}-address={text}, since it has IPv4 only")
    if kernel or values.get("action", "encrypt") != "encrypt":
        return
    if values.get("ipsec-protocols") == "ah":
        raise Unmapped("ipsec-protocols=ah, since IPsec runs in user space on this machine")
    if values.get("tunnel", "false") == "false":
        raise Unmapped("tunnel=no, since IPsec runs in user space on this machine")


_CHECKS = {
    PROFILE: _check_profile,
    PROPOSAL: _check_proposal,
    PEER: _check_peer,
    IDENTITY: _check_identity,
    POLICY: _check_policy,
}
